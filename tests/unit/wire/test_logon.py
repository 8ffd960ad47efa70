"""What rw2fa-session may ask, and how it is answered."""

import pytest

from rw2fa_daemon.core.rule import Rule
from rw2fa_daemon.wire.logon import IDENTIFIER_LENGTH, LogonReport, read_about_logon, read_logon, write_logon_report
from rw2fa_daemon.wire.message import ITEM_MAX, Message, ProtocolError, parse

ABOUT = {"v": "1", "user": "alice", "logon": "a" * IDENTIFIER_LENGTH}
LOGON = {"v": "1", "user": "alice", "service": "rw2fa-portal"}


def test_a_request_has_what_its_verb_takes() -> None:
    about = read_about_logon(Message("pass", {**ABOUT, "address": "192.0.2.1"}))
    assert (about.user, about.identifier, about.address, about.service) == ("alice", ABOUT["logon"], "192.0.2.1", "")
    logon = read_logon(Message("logon", LOGON))
    assert (logon.identifier, logon.service, logon.address, logon.boot) == ("", "rw2fa-portal", "", "")


@pytest.mark.parametrize(
    "changed",
    [
        {"v": "2"},
        {"logon": "a" * (IDENTIFIER_LENGTH - 1)},
        {"logon": "A" * IDENTIFIER_LENGTH},
        {"user": "a" * (ITEM_MAX + 1)},
        {"address": "1" * (ITEM_MAX + 1)},
        {"boot": "not a boot"},
    ],
    ids=str,
)
def test_a_request_that_is_none_is_refused(changed: dict[str, str]) -> None:
    with pytest.raises(ProtocolError):
        read_about_logon(Message("pass", ABOUT | changed))


@pytest.mark.parametrize("left_out", ABOUT)
def test_what_a_request_must_have(left_out: str) -> None:
    with pytest.raises(ProtocolError):
        read_about_logon(Message("pass", {key: value for key, value in ABOUT.items() if key != left_out}))
    with pytest.raises(ProtocolError):
        read_logon(Message("logon", {"v": "1", "user": "alice"}))


def test_a_report_leaves_out_what_does_not_apply() -> None:
    assert parse(write_logon_report(LogonReport("over", Rule.LOGON_OVER))).fields == {
        "result": "over",
        "rule": "logon-over",
    }
    report = LogonReport("ok", user="alice", uid=0, asked=False, until=7, sessions=0, pass_status="none")
    assert parse(write_logon_report(report)).fields == {
        "result": "ok",
        "user": "alice",
        "uid": "0",
        "asked": "no",
        "until": "7",
        "sessions": "0",
        "pass": "none",
    }
