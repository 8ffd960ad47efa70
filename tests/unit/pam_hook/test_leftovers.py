"""What stays in the memory of a login program."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.support.libpam import Code
from tests.support.scripted_daemon import Close, Expect, Send, Step, ask, end
from tests.unit.pam_hook.hook import Hook


def text(first: str) -> str:
    """The text that pam_hook/tests/leftovers.c reveals and looks for."""
    return "".join(chr((ord(first) - ord("A") + i * i) % 26 + ord("A")) for i in range(64))


TYPED, QUESTION = text("C"), text("Q")

SCRIPTS: dict[str, tuple[list[Step], Code]] = {
    "success": ([Expect("reply"), Send(end("SUCCESS"))], Code.SUCCESS),
    "refusal": ([Expect("reply"), Send(end("AUTH_ERR"))], Code.AUTH_ERR),
    "nonsense": ([Expect("reply"), Send(b"nonsense")], Code.AUTHINFO_UNAVAIL),
    "hung up": ([Close()], Code.AUTHINFO_UNAVAIL),
}


def leftovers(build: Path, *arguments: str | Path) -> str:
    """Output of a program of its own, which a signal that the hook should have avoided would end."""
    command = [build / "tests" / "leftovers", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


@pytest.mark.parametrize("case", SCRIPTS)
@pytest.mark.parametrize("form", ["word:64-64", "digits:6-6"])
def test_promise_3_neither_answer_nor_question_stays_in_memory(hook: Hook, build: Path, case: str, form: str) -> None:
    rest, code = SCRIPTS[case]
    with hook.daemon([Expect("open"), Send(ask(text=QUESTION, form=form)), *rest]) as daemon:
        found = leftovers(build, "find", hook.module, f"socket={hook.socket}")
    assert found == f"{code:d} typed=0 text=0\n"
    if case != "hung up":
        assert daemon.values() == [TYPED if form.startswith("word") else "<badform>"]


LAST = {
    "verdict": end("SUCCESS", text=QUESTION),
    "unknown verb": b"x" + end("SUCCESS", text=QUESTION),
    "too long": QUESTION.encode() * 300,
}


# By name: the parameter itself would stand in PYTEST_CURRENT_TEST, in the memory of the program that is looked through.
@pytest.mark.parametrize("last", LAST)
def test_promise_3_a_secret_in_the_last_message_or_in_a_broken_one_does_not_stay(
    hook: Hook, build: Path, last: str
) -> None:
    with hook.daemon([Expect("open"), Send(LAST[last])]):
        found = leftovers(build, "find", hook.module, f"socket={hook.socket}")
    assert found.endswith("text=0\n")


def test_no_memory_is_left_behind(hook: Hook, build: Path) -> None:
    """xrdp-sesman of Debian 12 runs all the logins of a host in one process."""
    ending = end("SUCCESS", text="Welcome.", mint=1000)
    with hook.daemon([Expect("open"), Send(ask(form="word:64-64")), Expect("reply"), Send(ending)]):
        grown = leftovers(build, "grow", hook.stack(), "test")
    code, _, size = grown.strip().partition(" grown=")
    assert int(code) == Code.SUCCESS
    # libpam and the loader move a few bytes about; one block kept by each of the 100 transactions would be 2,400.
    assert int(size) < 1000
