"""The line of text: stable, and impossible to forge from the inside."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rw2fa_daemon.audit.message import REASON_CHARACTERS_MAX, VALUE_CHARACTERS_MAX, message
from rw2fa_daemon.core.audit import Event, Record

HOSTILE = st.text(alphabet='ab =":\\\n\r\0\x1b\u202e\u2028é-' + chr(0xDCFF) + "rhost=1.2.3.4", max_size=40)
ANY = HOSTILE | st.text(max_size=40) | st.just('x" rhost=192.0.2.99 user="y')

VALUE = r'(?:"(?:[^"\\]|\\.)*"|[^\s"]+)'
LINE = re.compile(
    rf"decision=(?P<decision>{VALUE}) rule=(?P<rule>{VALUE}) rhost=(?P<address>{VALUE}) service=(?P<service>{VALUE})"
    rf" phase=(?P<phase>{VALUE}) user=(?P<user>{VALUE}): (?P<reason>.*)"
)
# What somebody who reads such lines (fail2ban) would write.
BAN = re.compile(r"^decision=deny rule=code-wrong rhost=(?P<host>[0-9a-fA-F:.]+) ")


def record(**fields: str) -> Record:
    return Record(Event.CODE_WRONG, 1.0, **{"decision": "deny", "rule": "code-wrong", **fields})


def test_the_form_is_stable() -> None:
    assert (
        message(record(user="alice", service="sshd", address="2001:db8::1", phase="auth", reason="the code was wrong"))
        == "decision=deny rule=code-wrong rhost=2001:db8::1 service=sshd phase=auth user=alice: the code was wrong"
    )


def test_a_field_without_a_value_is_a_dash() -> None:
    assert message(record()) == "decision=deny rule=code-wrong rhost=- service=- phase=- user=-: "


@pytest.mark.parametrize(
    ("user", "shown"),
    [
        ("alice@corp", "alice@corp"),
        ("CORP\\alice", r'"CORP\\alice"'),
        ("zoë", '"zoë"'),
        ("a b", '"a b"'),
        ("-", '"-"'),
        ('say "hi"', r'"say \"hi\""'),
        ("a\nb\x1b[2J\r", r'"a\x0ab\x1b[2J\x0d"'),
        ("\u202eecila", r'"\u{202e}ecila"'),
        ("a" + chr(0xDCFF), r'"a\xff"'),
        ("x" * 257, f'"{"x" * VALUE_CHARACTERS_MAX}…"'),
        ("x" * 256, "x" * 256),
    ],
)
def test_a_value_is_shown_so_that_it_cannot_mislead(user: str, shown: str) -> None:
    assert message(record(user=user)).endswith(f" user={shown}: ")


@given(user=ANY, service=ANY, address=ANY, phase=ANY, reason=ANY)
def test_no_value_makes_another_line_or_another_field(
    user: str, service: str, address: str, phase: str, reason: str
) -> None:
    line = message(record(user=user, service=service, address=address, phase=phase, reason=reason))
    assert line.isprintable()
    assert line.splitlines() == [line]
    matched = LINE.fullmatch(line)
    assert matched is not None
    assert (matched["decision"], matched["rule"]) == ("deny", "code-wrong")


@given(user=ANY, service=ANY, reason=ANY)
def test_only_the_address_is_read_as_the_address(user: str, service: str, reason: str) -> None:
    banned = BAN.match(message(record(user=user, service=service, address="192.0.2.1", reason=reason)))
    assert banned is not None
    assert banned["host"] == "192.0.2.1"
    assert BAN.match(message(record(user=user, service=service, reason=reason))) is None


@given(ANY, ANY)
def test_two_users_never_look_the_same(one: str, other: str) -> None:
    assert (message(record(user=one)) == message(record(user=other))) == (one == other)


def test_promise_11_a_line_has_a_bound() -> None:
    endless = "\U000e0001" * 100_000
    line = message(record(user=endless, service=endless, address=endless, phase=endless, reason=endless))
    assert len(line) < 10 * (4 * VALUE_CHARACTERS_MAX + REASON_CHARACTERS_MAX) + 100
