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


@pytest.mark.parametrize("case", SCRIPTS)
@pytest.mark.parametrize("form", ["word:64-64", "digits:6-6"])
def test_promise_3_neither_answer_nor_question_stays_in_memory(hook: Hook, build: Path, case: str, form: str) -> None:
    rest, code = SCRIPTS[case]
    stack = hook.stack()
    with hook.daemon([Expect("open"), Send(ask(text=QUESTION, form=form)), *rest]) as daemon:
        done = subprocess.run(
            [build / "tests" / "leftovers", stack, "test"], capture_output=True, text=True, check=True, timeout=60
        )
    assert done.stdout == f"{code:d} typed=0 text=0\n"
    if case != "hung up":
        assert daemon.values() == [TYPED if form.startswith("word") else "<badform>"]


def test_promise_3_a_secret_in_the_last_message_or_in_a_broken_one_does_not_stay(hook: Hook, build: Path) -> None:
    for packet in (end("SUCCESS", text=QUESTION), b"x" + end("SUCCESS", text=QUESTION), QUESTION.encode() * 300):
        with hook.daemon([Expect("open"), Send(packet)]):
            done = subprocess.run(
                [build / "tests" / "leftovers", hook.stack(), "test"],
                capture_output=True,
                text=True,
                check=True,
                timeout=60,
            )
        assert done.stdout.endswith("text=0\n")
