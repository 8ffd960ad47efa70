"""The wire: what is written is read back, and nothing else is read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rw2fa_daemon.core.login import Evidence, Login, Phase, Slot
from rw2fa_daemon.core.policy import Rc
from rw2fa_daemon.core.rule import Rule
from rw2fa_daemon.core.transitions import Ask, End, NoReply
from rw2fa_daemon.wire.login import has_form, read_open, read_reply, write_ask, write_end
from rw2fa_daemon.wire.message import FIELDS_MAX, ITEM_MAX, MESSAGE_MAX, Message, ProtocolError, compose, parse

ASK = Ask(1, "Code: ", "digits:6-6")
OPEN = {"v": "1", "phase": "auth", "slot": "main", "service": "sshd", "user": "alice"}
KEYS = st.text("abcdefghijklmnopqrstuvwxyz_", min_size=1, max_size=12)
VALUES = st.binary(max_size=60).map(lambda raw: raw.replace(b"\0", b"").decode("utf-8", "surrogateescape"))


@given(verb=KEYS, fields=st.dictionaries(KEYS, VALUES, max_size=10))
def test_a_message_survives_the_wire(verb: str, fields: dict[str, str]) -> None:
    assert parse(compose(verb, fields)) == Message(verb, fields)


@given(st.binary(max_size=300))
def test_any_packet_is_read_or_refused(packet: bytes) -> None:
    try:
        message = parse(packet)
    except ProtocolError:
        return
    assert compose(message.verb, message.fields) == packet


@pytest.mark.parametrize(
    ("packet", "reason"),
    [
        (b"", "empty packet"),
        (b"open\0" + b"a" * MESSAGE_MAX, "message too long"),
        (b"open" + b"".join(b"\0k%d=" % number for number in range(FIELDS_MAX + 1)), "too many fields"),
        (b"open\0user", "field without key and value"),
        (b"open\0=user", "field without key and value"),
        (b"open\0", "field without key and value"),
        (b"open\0user=a\0user=b", "field twice"),
    ],
)
def test_promise_11_what_is_refused(packet: bytes, reason: str) -> None:
    with pytest.raises(ProtocolError, match=reason):
        parse(packet)


def test_promise_11_the_longest_message_with_the_most_fields_is_written_and_read() -> None:
    fields = {f"k{number}": "" for number in range(FIELDS_MAX - 1)}
    rest = MESSAGE_MAX - len(compose("open", {**fields, "text": ""}))
    packet = compose("open", {**fields, "text": "a" * rest})
    assert len(packet) == MESSAGE_MAX
    assert parse(packet).fields["text"] == "a" * rest
    with pytest.raises(ProtocolError, match="message too long"):
        compose("open", {**fields, "text": "a" * (rest + 1)})


def test_a_value_with_nul_is_not_written() -> None:
    with pytest.raises(ProtocolError):
        compose("ask", {"text": "a\0rc=SUCCESS"})


def test_an_open_is_read() -> None:
    message = Message(
        "open", OPEN | {"rhost": "::1", "first": "publickey,password", "evidence": "code-right", "evidence_uid": "7"}
    )
    assert read_open(message) == Login(
        Phase.AUTH,
        Slot.MAIN,
        "sshd",
        "alice",
        rhost="::1",
        first=("publickey", "password"),
        evidence=Evidence("code-right", 7),
    )


@pytest.mark.parametrize(
    "changed",
    [
        {"v": "2"},
        {"phase": "session"},
        {"slot": "last"},
        {"evidence": "code-right"},
        {"evidence": "code-right", "evidence_uid": "root"},
        {"user": "a" * (ITEM_MAX + 1)},
    ],
)
def test_an_open_that_is_none_is_refused(changed: dict[str, str]) -> None:
    with pytest.raises(ProtocolError):
        read_open(Message("open", OPEN | changed))


@pytest.mark.parametrize("missing", sorted(OPEN))
def test_an_open_without_a_field_is_refused(missing: str) -> None:
    with pytest.raises(ProtocolError):
        read_open(Message("open", {key: value for key, value in OPEN.items() if key != missing}))


def test_a_reply_is_read() -> None:
    assert read_reply(Message("reply", {"n": "1", "value": "123456"}), ASK) == "123456"
    assert read_reply(Message("reply", {"n": "1", "none": "blind"}), ASK) is NoReply.BLIND


@pytest.mark.parametrize(
    "fields",
    [
        {"n": "2", "value": "123456"},
        {"value": "123456"},
        {"n": "1"},
        {"n": "1", "value": "123456", "none": "eof"},
        {"n": "1", "none": "bored"},
        {"n": "1", "value": "12345"},
        {"n": "1", "value": "1234567"},
        {"n": "1", "value": "12345a"},
        {"n": "1", "value": "12345²"},
        {"n": "1", "value": "１２３４５６"},
        {"n": "1", "value": "pass-word"},
    ],
)
def test_promise_2_a_reply_without_the_form_is_refused(fields: dict[str, str]) -> None:
    with pytest.raises(ProtocolError):
        read_reply(Message("reply", fields), ASK)


@pytest.mark.parametrize(
    ("value", "form", "fits"),
    [
        ("123456", "digits:6-6", True),
        ("ab-12", "digits:6-6,word:5-8", True),
        ("ab_12", "word:5-8", False),
        ("----", "word:4-4", True),
        ("", "digits:6-6", False),
    ],
)
def test_forms(value: str, form: str, fits: bool) -> None:
    assert has_form(value, form) is fits


def test_questions_and_ends_are_written() -> None:
    assert parse(write_ask(ASK)).fields == {"n": "1", "style": "echo", "text": "Code: ", "form": "digits:6-6"}
    assert parse(write_end(End(Rc.SUCCESS, Rule.CODE_RIGHT, "", 1000))).fields == {
        "rc": "SUCCESS",
        "rule": "code-right",
        "mint": "1000",
    }
    assert parse(write_end(End(Rc.AUTH_ERR, Rule.LOCKED, "later"))).fields == {
        "rc": "AUTH_ERR",
        "rule": "locked",
        "text": "later",
    }
