"""What a login tells the daemon when it begins its session, and that nothing depends on it."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.support.libpam import Code, Conversation
from tests.support.scripted_daemon import Close, Expect, Send, Step, Wait, ask, end
from tests.unit.pam_hook.hook import ERR, WARNING, Hook

TOLD: Sequence[Step] = (Expect("session"), Send(end("IGNORE", rule="session")))
NO_SESSION = "4294967295"
NAMESPACES = "-".join(str(Path(f"/proc/self/ns/{kind}").stat().st_ino) for kind in ("user", "pid"))
BOOT = Path("/proc/sys/kernel/random/boot_id").read_text().strip()


@dataclass
class Begun:
    """One session phase: the number of its session, and what came of it."""

    session: str = ""
    received: list[dict[str, str]] = field(default_factory=list)
    code: Code = Code.SYSTEM_ERR
    seconds: float = 0.0
    log: list[tuple[int, str]] = field(default_factory=list)


def begin(hook: Hook, script: Sequence[Step] = TOLD, arguments: str = "", *, in_session: bool = True) -> Begun:
    """The session phase in a process of its own, since an audit session cannot be left again."""
    context = multiprocessing.get_context("fork")
    answers: multiprocessing.Queue[Begun] = context.Queue()

    def child() -> None:
        Path("/proc/self/loginuid").write_text("0" if in_session else NO_SESSION)
        begun = Begun(Path("/proc/self/sessionid").read_text())
        with hook.daemon(script) as daemon, hook.start(hook.stack(arguments), Conversation()) as handle:
            started = time.monotonic()
            begun.code = handle.open_session()
            begun.seconds = time.monotonic() - started
        begun.received = [message.fields for message in daemon.received]
        begun.log = hook.spy.take()
        answers.put(begun)

    process = context.Process(target=child)
    process.start()
    begun = answers.get(timeout=30)
    process.join()
    return begun


def test_the_daemon_is_told_whose_session_began_and_its_number(hook: Hook) -> None:
    begun = begin(hook)
    assert begun.received == [
        {"v": "1", "user": "alice", "session": begun.session, "boot": BOOT, "namespaces": NAMESPACES}
    ]
    assert begun.session != NO_SESSION
    assert begun.log == []


def test_without_a_session_there_is_nothing_to_tell(hook: Hook) -> None:
    assert begin(hook, in_session=False).received == []


@pytest.mark.parametrize(
    "script",
    [
        (Close(),),
        (Expect("session"), Close()),
        (Expect("session"), Send(b"")),
        (Expect("session"), Send(b"nonsense")),
        (Expect("session"), Send(ask()), Close()),
        (Expect("session"), Send(end("AUTH_ERR"))),
        (Expect("session"), Send(end("SUCCESS", mint="1000"))),
    ],
    ids=["closes", "closes later", "empty", "garbage", "asks", "refuses", "accepts"],
)
def test_promise_5_whatever_the_daemon_says_the_session_begins(hook: Hook, script: Sequence[Step]) -> None:
    # PAM_IGNORE of the only line of a stack is what libpam makes of it, as without a daemon.
    assert begin(hook, script).code == begin(hook, in_session=False).code


def test_promise_5_a_daemon_that_is_silent_holds_up_nobody_for_long(hook: Hook) -> None:
    begun = begin(hook, (Expect("session"), Wait(5.0), Close()), "timeout=1")
    assert 0.9 < begun.seconds < 4.5
    assert begun.log == [(WARNING, begun.log[0][1])]
    assert "sudo will ask alice for a code in this session" in begun.log[0][1]
    assert not [text for level, text in begun.log if level == ERR]
