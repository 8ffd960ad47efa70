"""What happens when there is no verdict: refusal, unless the line says otherwise."""

from __future__ import annotations

import pytest

from tests.support.libpam import Code, Conversation, Style
from tests.support.scripted_daemon import Close, Expect, Send, Step, ask, end
from tests.unit.pam_hook.hook import ALERT, ERR, Hook
from tests.unit.pam_hook.pure import Escape, Failure, Pure

SENTENCE = "The second factor cannot be checked now. Try again later or ask your administrator."
ALLOW = ["unreachable=allow"]
CONSOLE = ["console=root,admin"]
FAILURES = [failure for failure in Failure if failure != Failure.NONE]

consoles = pytest.mark.parametrize(
    "tty", ["tty1", "/dev/tty1", "tty63", "ttyS0", "/dev/ttyAMA0", "ttyUSB1", "hvc0", "xvc0", "console", "/dev/console"]
)
others = pytest.mark.parametrize(
    "tty",
    ["", "tty", "ttyS", "pts/1", "/dev/pts/1", "tty1x", "ttyp0", "ssh", "cron", ":0", ":10.0", "consoles", "/dev/", "1",
     "/dev//tty1", "/tmp/tty1", "dev/tty1", "TTY1", "tty-1", "tty1 ", "hvcs0", "console1"],
)  # fmt: skip


@consoles
def test_promise_5_virtual_and_serial_consoles_are_consoles(pure: Pure, tty: str) -> None:
    assert pure.is_console(tty)


@others
def test_promise_5_nothing_else_is_a_console(pure: Pure, tty: str) -> None:
    assert not pure.is_console(tty)


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("asked", [False, True])
def test_promise_5_a_plain_line_refuses_after_every_failure(pure: Pure, failure: Failure, asked: bool) -> None:
    assert pure.escape([], failure, asked=asked) == Escape.NONE


@pytest.mark.parametrize("failure", FAILURES)
def test_promise_5_allow_holds_for_an_absent_daemon_alone(pure: Pure, failure: Failure) -> None:
    expected = Escape.ALLOW if failure == Failure.ABSENT else Escape.NONE
    assert pure.escape(ALLOW, failure, tty="pts/1", rhost="192.0.2.1") == expected
    assert pure.escape(["unreachable=deny"], failure) == Escape.NONE


@pytest.mark.parametrize("failure", FAILURES)
def test_promise_5_the_console_is_open_whatever_is_wrong_before_the_first_question(
    pure: Pure, failure: Failure
) -> None:
    assert pure.escape(CONSOLE, failure) == Escape.CONSOLE


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("line", [CONSOLE, ALLOW, CONSOLE + ALLOW], ids=["console", "allow", "both"])
def test_promise_5_after_a_question_nothing_is_open_whatever_fails(
    pure: Pure, failure: Failure, line: list[str]
) -> None:
    assert pure.escape(line, failure, asked=True) == Escape.NONE


@pytest.mark.parametrize(
    ("user", "opened"),
    [
        ("root", True),
        ("admin", True),
        ("Root", False),
        ("roo", False),
        ("roots", False),
        ("root,admin", False),
        ("", False),
    ],
)
def test_promise_5_the_console_is_open_for_the_names_on_the_line(pure: Pure, user: str, opened: bool) -> None:
    assert (pure.escape(CONSOLE, Failure.ABSENT, user=user) == Escape.CONSOLE) == opened


@pytest.mark.parametrize("line", ["console=root", "console=,root", "console=a,,root,", "console=roo,root"])
def test_names_may_be_listed_untidily(pure: Pure, line: str) -> None:
    assert pure.escape([line], Failure.ABSENT) == Escape.CONSOLE
    assert pure.escape([line], Failure.ABSENT, user="") == Escape.NONE


def test_promise_5_a_console_is_local(pure: Pure) -> None:
    assert pure.escape(CONSOLE, Failure.ABSENT, rhost="") == Escape.CONSOLE
    assert pure.escape(CONSOLE, Failure.ABSENT, rhost="192.0.2.1") == Escape.NONE
    assert pure.escape(CONSOLE, Failure.ABSENT, tty=None) == Escape.NONE
    assert pure.escape(CONSOLE, Failure.ABSENT, tty="pts/1") == Escape.NONE


def with_permit(hook: Hook, arguments: str) -> str:
    """A stack whose verdict is PERM_DENIED without, and SUCCESS with, an IGNORE of ours."""
    return f"auth [success=ignore ignore=ignore default=die] {hook.line(arguments)}\nauth required pam_permit.so\n"


def test_promise_5_a_refusal_says_one_neutral_sentence_and_logs_the_reason(hook: Hook) -> None:
    hook.run_folder.mkdir()
    state = Conversation()
    with hook.start(hook.stack(), state) as handle:
        outcome = hook.authenticate(handle)
    assert outcome.code == Code.AUTHINFO_UNAVAIL
    assert [(message.style, message.text) for message in state.messages] == [(Style.ERROR, SENTENCE)]
    assert outcome.log == [
        (ERR, "refused: nothing listens on the socket; start rw2fad.socket (No such file or directory)")
    ]


@pytest.mark.parametrize("refused", [False, True])
def test_promise_5_allow_lets_in_loudly_each_time_while_the_daemon_is_absent(hook: Hook, refused: bool) -> None:
    hook.run_folder.mkdir()
    if refused:
        with hook.daemon(accept=False) as daemon:
            daemon.listener.close()
            daemon.socket.rename(hook.run_folder / "kept")
        (hook.run_folder / "kept").rename(hook.socket)
    stack = hook.stack(
        auth=with_permit(hook, "unreachable=allow"),
        account=f"account required {hook.line('unreachable=allow')}\naccount required pam_permit.so\n",
    )
    for _ in range(2):
        state = Conversation()
        with hook.start(stack, state) as handle:
            for outcome in (hook.authenticate(handle), hook.account(handle)):
                assert outcome.code == Code.SUCCESS
                [line] = outcome.logged(ALERT)
                assert line.startswith("LET IN WITHOUT A SECOND FACTOR: alice, because of unreachable=allow: ")
        assert state.messages == []


FAULTS: dict[str, list[Step]] = {
    "silent": [Expect("open")],
    "early end": [Expect("open"), Close()],
    "at once": [Close()],
    "garbage": [Expect("open"), Send(b"\xff\xfe\0\0\0")],
    "cannot judge": [Expect("open"), Send(end("AUTHINFO_UNAVAIL", rule="state-unusable"))],
}


@pytest.mark.parametrize("fault", FAULTS)
def test_promise_5_allow_does_not_hold_for_a_daemon_that_is_there(hook: Hook, fault: str) -> None:
    outcome, _ = hook.login(FAULTS[fault], "timeout=1 unreachable=allow")
    assert outcome.code == Code.AUTHINFO_UNAVAIL
    assert outcome.logged(ALERT) == []


@pytest.mark.parametrize("fault", [*FAULTS, "absent"])
def test_promise_5_root_gets_in_at_the_console_loudly_whatever_is_wrong(hook: Hook, fault: str) -> None:
    hook.run_folder.mkdir()
    stack = hook.stack(auth=with_permit(hook, "timeout=1 console=root"))
    state = Conversation()
    with hook.daemon(FAULTS.get(fault, ())) as daemon, hook.start(stack, state, user="root", tty="/dev/tty1") as handle:
        if fault == "absent":
            daemon.socket.unlink()
        outcome = hook.authenticate(handle)
    assert outcome.code == Code.SUCCESS
    [line] = outcome.logged(ALERT)
    assert line.startswith("LET IN WITHOUT A SECOND FACTOR: root on /dev/tty1, because of console=: ")
    assert state.messages == []


@pytest.mark.parametrize(("user", "tty"), [("root", "pts/3"), ("root", None), ("alice", "tty1")])
def test_promise_5_the_console_is_open_for_nobody_else(hook: Hook, user: str, tty: str | None) -> None:
    hook.run_folder.mkdir()
    with hook.start(hook.stack("console=root"), Conversation(), user=user, tty=tty) as handle:
        outcome = hook.authenticate(handle)
    assert outcome.code == Code.AUTHINFO_UNAVAIL
    assert outcome.logged(ALERT) == []


def test_promise_5_the_console_asks_for_a_code_while_the_daemon_judges(hook: Hook) -> None:
    script: list[Step] = [Expect("open"), Send(ask()), Expect("reply"), Send(end("AUTH_ERR", rule="code-wrong"))]
    outcome, _ = hook.login(script, "console=root", Conversation(codes=["000000"]), user="root", tty="tty1")
    assert outcome.code == Code.AUTH_ERR


def test_promise_5_a_daemon_that_hangs_up_at_a_question_leaves_the_console_shut(hook: Hook) -> None:
    def wait_long(_prompt: str) -> str:
        assert daemon_gone.wait(5)
        return "123456"

    stack = hook.stack("console=root")
    with hook.daemon([Expect("open"), Send(ask()), Close()]) as daemon:
        daemon_gone = daemon.closed
        state = Conversation(codes=[wait_long])
        with hook.start(stack, state, user="root", tty="tty1") as handle:
            outcome = hook.authenticate(handle)
    assert outcome.code == Code.AUTHINFO_UNAVAIL
    assert outcome.logged(ALERT) == []


def test_the_daemons_sentence_is_shown_when_it_says_that_it_cannot_judge(hook: Hook) -> None:
    state = Conversation()
    script: list[Step] = [
        Expect("open"),
        Send(end("AUTHINFO_UNAVAIL", rule="scope-unsure", text="The directory is down.")),
    ]
    outcome, _ = hook.login(script, conversation=state)
    assert outcome.code == Code.AUTHINFO_UNAVAIL
    assert state.texts(Style.ERROR) == ["The directory is down."]
    assert outcome.logged(ERR) == ["refused: the daemon cannot judge; run `rw2fa status` (no system error)"]


def test_a_name_cannot_forge_a_line_of_the_log(hook: Hook) -> None:
    hook.run_folder.mkdir()
    with hook.start(hook.stack("unreachable=allow"), Conversation(), user="x\nsshd: Accepted") as handle:
        outcome = hook.authenticate(handle)
    [line] = outcome.logged(ALERT)
    assert "a name with control characters" in line
