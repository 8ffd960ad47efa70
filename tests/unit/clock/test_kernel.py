"""What the kernel says about its clock."""

from rw2fa_daemon.clock.kernel import ask_kernel


def test_promise_12_the_kernel_is_asked_and_nothing_is_set() -> None:
    kernel = ask_kernel()
    assert kernel.synchronised in (True, False)
    # NTP_PHASE_LIMIT of the kernel, 16 s, is where it stops to count.
    assert 0 <= kernel.max_error <= 20
