"""Promise 7: what counted once does not count again after a state that is older than it says."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from rw2fa_daemon.core.account import Account, Bypass, Counters, Credential, SmsCode
from rw2fa_daemon.core.budget import Guessing
from rw2fa_daemon.core.code_cache import CodeCache
from rw2fa_daemon.core.judge import Verdict, judge
from rw2fa_daemon.core.otp import code_at
from rw2fa_daemon.core.rollback import after_rollback, forgot, with_floor
from rw2fa_daemon.core.secret import Secret

NOW = 1_764_000_015
STEP = NOW // 30
DISCREPANCY = 480
GUESSING = Guessing(DISCREPANCY, 0.003)
CODES = CodeCache()
# Ten digits, so that no two steps of a window share a code.
ALICE = Account("alice", 1001, 7, credential=Credential(Secret(b"s" * 20), active=True, digits=10))
ACCOUNTS = st.builds(
    lambda drift, floor, used: replace(
        ALICE, counters=Counters(used=tuple(sorted(used)), last=max(used, default=0), floor=floor, drift=drift)
    ),
    st.integers(-DISCREPANCY, DISCREPANCY),
    st.sampled_from([0, STEP - 1_000, STEP - 1]),
    st.sets(st.integers(STEP - 900, STEP - 1), max_size=64),
)


def verdict(account: Account, step: int, now: float) -> Verdict:
    assert account.credential is not None
    code = code_at(account.credential.secret, step, account.credential.digits)
    judgement, _ = judge(account.credential, account.counters, code, now=now, guessing=GUESSING, code_cache=CODES)
    return judgement.verdict


@given(ACCOUNTS, st.integers(-DISCREPANCY, 1), st.integers(0, 2 * DISCREPANCY))
def test_promise_7_no_code_that_the_device_showed_before_the_loss_counts_after_it(
    account: Account, shown_before: int, steps_later: int
) -> None:
    step = STEP + max(0, account.counters.drift) + shown_before
    assert verdict(after_rollback(account, NOW), step, NOW + 30 * steps_later) is not Verdict.RIGHT


@given(ACCOUNTS, st.integers(2, 10_000))
def test_the_device_is_good_again_a_minute_later(account: Account, steps_later: int) -> None:
    drift = max(0, account.counters.drift)
    later = STEP + steps_later
    assert (
        verdict(
            after_rollback(replace(account, counters=replace(account.counters, drift=drift)), NOW),
            later + drift,
            later * 30.0,
        )
        is Verdict.RIGHT
    )


@given(st.integers(2, DISCREPANCY), st.integers(0, DISCREPANCY))
def test_promise_7_a_code_ahead_of_its_time_counts_only_when_that_has_come(ahead: int, steps_later: int) -> None:
    """One that a fast phone may have shown before, of which the state has forgotten that it was fast."""
    account, step = after_rollback(ALICE, NOW), STEP + ahead
    expected = step - (STEP + steps_later) <= 1
    assert (verdict(account, step, NOW + 30 * steps_later) is Verdict.RIGHT) is expected


def test_a_phone_whose_clock_ran_off_since_is_believed_again_when_all_that_time_has_passed() -> None:
    account = after_rollback(ALICE, NOW)
    later = STEP + DISCREPANCY
    assert verdict(account, STEP + 200, NOW) is Verdict.OUTSIDE
    assert verdict(account, later + 200, later * 30.0) is Verdict.RIGHT


@given(ACCOUNTS, st.integers(0, 10**6))
def test_it_is_done_once(account: Account, before: int) -> None:
    assert forgot(account, NOW)
    for treated in (after_rollback(account, NOW), with_floor(account, NOW)):
        assert not forgot(treated, NOW)
        assert with_floor(treated, NOW - before) == treated
    assert forgot(with_floor(account, NOW), NOW + 30)


def test_who_is_activated_stays_so() -> None:
    assert after_rollback(ALICE, NOW).activated
    confirmed = replace(ALICE, phone=Secret(b"+33123456789"), phone_confirmed=True)
    assert after_rollback(confirmed, NOW).phone_confirmed


FULL = replace(
    ALICE,
    enrol_opened_at=NOW,
    counters=Counters(sessions="boot:5@1", drift=-3),
    recovery=(b"digest",),
    token=b"digest",
    bypass=Bypass(NOW + 3_600),
    sms_code=SmsCode(b"digest", b"login", NOW, NOW + 600),
)


def test_promise_7_what_has_no_step_ends_with_the_loss() -> None:
    treated = after_rollback(FULL, NOW)
    assert treated == replace(ALICE, counters=Counters(drift=-3, floor=STEP + 1)), "one step on, for what drift hides"


def test_promise_7_who_was_about_to_enrol_has_to_be_reset() -> None:
    pending = replace(FULL, credential=replace(ALICE.credential, active=False) if ALICE.credential else None)
    assert after_rollback(pending, NOW).credential is None
    assert after_rollback(replace(FULL, credential=None), NOW).credential is None


def test_promise_7_the_floor_lies_as_far_ahead_as_the_phone_was_and_never_goes_down() -> None:
    fast = replace(FULL, counters=Counters(drift=5))
    assert after_rollback(fast, NOW).counters.floor == STEP + 6
    assert after_rollback(replace(fast, counters=Counters(floor=STEP + 9)), NOW).counters.floor == STEP + 9


def test_steps_are_as_long_as_the_credential_says_and_half_a_minute_where_there_is_none() -> None:
    slow = replace(ALICE, credential=replace(ALICE.credential, period=60) if ALICE.credential else None)
    for account, seconds in ((slow, 60), (ALICE, 30), (replace(ALICE, credential=None), 30)):
        assert with_floor(account, NOW).counters.floor == NOW // seconds
        assert forgot(account, NOW)
        assert not forgot(replace(account, counters=Counters(floor=NOW // seconds)), NOW)
        assert forgot(replace(account, counters=Counters(floor=NOW // seconds - 1)), NOW)
