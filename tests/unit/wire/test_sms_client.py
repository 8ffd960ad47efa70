"""The command's questions about SMS: each waits long enough, and none takes silence for a failure."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.wire import sms_client
from rw2fa_daemon.wire.message import Message
from rw2fa_daemon.wire.relay import START_SECONDS, Lost
from rw2fa_daemon.wire.sms import AccountOutcome, SmsOutcome, SmsRequest, SmsStatus
from rw2fa_daemon.wire.sms_client import ask_account, ask_sms, ask_sms_status

PATH = Path("/run/rw2fa/relay.sock")
SID = "SM" + "0" * 32
ACCOUNT = "AC" + "0" * 32
TOKEN = Secret(b"token")
REQUEST = SmsRequest(ACCOUNT, TOKEN, "+15005550006", Secret(b"+33612345678"), Secret(b"Code 1"), "", 15.0)
OF_ACCOUNT = {"v": "1", "account_sid": ACCOUNT, "token": "token", "api_url": "", "timeout": "15"}

Asked = Callable[[list[Message] | Problem], list[tuple[str, Mapping[str, str], float]]]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """Have the relay answer this; what it is asked: verb, fields, seconds."""

    def answering(answer: list[Message] | Problem) -> list[tuple[str, Mapping[str, str], float]]:
        questions: list[tuple[str, Mapping[str, str], float]] = []

        def ask(path: Path, verb: str, fields: Mapping[str, str], seconds: float) -> list[Message]:
            assert path == PATH
            questions.append((verb, fields, seconds))
            if isinstance(answer, Problem):
                raise answer
            return answer

        monkeypatch.setattr(sms_client, "ask_relay", ask)
        return questions

    return answering


def test_a_message_is_sent_and_waited_for(asked: Asked) -> None:
    questions = asked([Message("text", {"outcome": "sent", "sid": SID, "status": "queued"})])
    assert ask_sms(PATH, REQUEST) == SmsOutcome(sent=True, sid=SID, status="queued")
    fields = OF_ACCOUNT | {"sender": "+15005550006", "to": "+33612345678", "body": "Code 1"}
    assert questions == [("sms", fields, 15.0 + START_SECONDS)]


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (Lost("it is gone", "start it"), "it is gone; start it"),
        ([], "more or less than one answer"),
        ([Message("text", {"outcome": "failed"})] * 2, "more or less than one answer"),
        ([Message("text", {"outcome": "maybe"})], "unknown outcome"),
    ],
)
def test_a_message_of_which_nothing_is_known_may_have_gone_out(
    asked: Asked, answer: list[Message] | Problem, problem: str
) -> None:
    asked(answer)
    told = ask_sms(PATH, REQUEST)
    assert (told.sent, told.unknown) == (False, True)
    assert told.problem == (str(answer) if isinstance(answer, Problem) else problem)


def test_without_a_relay_no_message_went_out(asked: Asked) -> None:
    asked(Problem("nobody listens", "start it"))
    with pytest.raises(Problem, match="nobody listens"):
        ask_sms(PATH, REQUEST)


def status() -> SmsStatus:
    return ask_sms_status(PATH, ACCOUNT, TOKEN, SID, "", 15.0)


def account() -> AccountOutcome:
    return ask_account(PATH, ACCOUNT, TOKEN, "", 15.0)


def test_a_status_is_asked_for(asked: Asked) -> None:
    questions = asked([Message("text_status", {"status": "delivered"})])
    assert status() == SmsStatus("delivered", None, final=True)
    assert questions == [("sms_status", OF_ACCOUNT | {"sid": SID}, 15.0 + START_SECONDS)]


def test_an_account_is_asked_for(asked: Asked) -> None:
    questions = asked([Message("account", {"ok": "yes", "status": "active", "kind": "Full"})])
    assert account() == AccountOutcome(ok=True, status="active", kind="Full")
    assert questions == [("sms_account", OF_ACCOUNT, 15.0 + START_SECONDS)]


@pytest.mark.parametrize("ask", [status, account])
@pytest.mark.parametrize("answer", [[], [Message("done", {})]])
def test_an_answer_that_is_none_is_a_problem(asked: Asked, ask: Callable[[], Any], answer: list[Message]) -> None:
    asked(answer)
    with pytest.raises(Problem, match="nobody understands"):
        ask()
