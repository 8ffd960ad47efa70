"""What is said to the relay and back, about text messages."""

import contextlib
import string
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.core.twilio import FINAL_STATUSES, STATUSES
from rw2fa_daemon.wire.message import FIELDS_MAX, Message, ProtocolError, compose, parse
from rw2fa_daemon.wire.sms import (
    BODY_MAX,
    PROBLEM_MAX,
    SMS_SECONDS_MAX,
    AccountOutcome,
    Credentials,
    SmsOutcome,
    SmsRequest,
    SmsStatus,
    compose_account,
    compose_outcome,
    compose_sms,
    compose_sms_status,
    compose_status,
    read_account,
    read_account_request,
    read_sms,
    read_sms_request,
    read_sms_status,
    read_status_request,
)

HEX = st.builds(
    lambda raw, cased: cased(raw.hex()), st.binary(min_size=16, max_size=16), st.sampled_from([str, str.upper])
)
ACCOUNTS = HEX.map("AC{}".format)
SIDS = st.builds("{}{}".format, st.sampled_from(["SM", "MM"]), HEX)
TOKENS = st.text(string.ascii_letters + string.digits + string.punctuation, min_size=1, max_size=128).map(
    lambda text: Secret(text.encode())
)
NUMBERS = st.integers(10**6, 10**15 - 1).map("+{}".format)
SENDERS = st.one_of(NUMBERS, HEX.map("MG{}".format), st.sampled_from(["Example", "A", "Work & Co", "x-_+& 12345"]))
BODIES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=BODY_MAX).map(
    lambda text: Secret(text.encode())
)
URLS = st.sampled_from(["", "https://proxy.example:8443/twilio", "http://127.0.0.1:8080"])
SECONDS = st.sampled_from([0.1, 1.0, 15.0, SMS_SECONDS_MAX])
REQUESTS = st.builds(
    SmsRequest, ACCOUNTS, TOKENS, SENDERS, NUMBERS.map(lambda n: Secret(n.encode())), BODIES, URLS, SECONDS
)
CODES = st.one_of(st.none(), st.integers(10_000, 99_999))
HTTP = st.one_of(st.none(), st.integers(100, 599))
# What str.isprintable() is true of, drawn rather than filtered.
PRINTABLE = st.characters(exclude_categories=("C", "Z"), include_characters=" ")
PROBLEMS = st.text(PRINTABLE, max_size=PROBLEM_MAX)

REQUEST = SmsRequest(
    "AC" + "0" * 32, Secret(b"token"), "+15005550006", Secret(b"+33612345678"), Secret(b"Code 123456"), "", 15.0
)
FIELDS = dict(parse(compose_sms(REQUEST)).fields)


@given(REQUESTS)
def test_a_request_arrives_as_it_was_made(request: SmsRequest) -> None:
    assert read_sms_request(parse(compose_sms(request))) == request


@given(ACCOUNTS, TOKENS, URLS, SIDS, SECONDS)
def test_a_question_for_a_status_arrives_as_it_was_made(
    account: str, token: Secret, url: str, sid: str, seconds: float
) -> None:
    credentials = Credentials(account, token, url)
    assert read_status_request(parse(compose_status(credentials, sid, seconds))) == (credentials, sid, seconds)


@given(
    st.one_of(
        st.builds(SmsOutcome, st.just(True), SIDS, st.sampled_from(sorted(STATUSES))),
        st.builds(
            SmsOutcome,
            st.just(False),
            code=CODES,
            http_status=HTTP,
            unknown=st.booleans(),
            problem=PROBLEMS,
        ),
    )
)
def test_an_outcome_arrives_as_it_was_made(outcome: SmsOutcome) -> None:
    assert read_sms(parse(compose_outcome(outcome))) == outcome


@given(st.sampled_from(["", *sorted(STATUSES)]), CODES, HTTP, PROBLEMS)
def test_a_status_arrives_as_it_was_made(status: str, code: int | None, http_status: int | None, problem: str) -> None:
    made = SmsStatus(status, code, status in FINAL_STATUSES, http_status, problem)
    assert read_sms_status(parse(compose_sms_status(made))) == made


@given(st.booleans(), st.sampled_from(["", "active"]), st.sampled_from(["", "Trial"]), CODES, HTTP, PROBLEMS)
def test_what_is_said_about_an_account_arrives_as_it_was_made(
    ok: bool, status: str, kind: str, code: int | None, http_status: int | None, problem: str
) -> None:
    made = AccountOutcome(ok, status, kind, code, http_status, problem)
    assert read_account(parse(compose_account(made))) == made


SID = "SM" + "0" * 32


@pytest.mark.parametrize(
    ("outcome", "fields"),
    [
        (SmsOutcome(True, SID, "queued"), {"outcome": "sent", "sid": SID, "status": "queued"}),
        (SmsOutcome(True, SID, "failed", 30003), {"outcome": "sent", "sid": SID, "status": "failed", "code": "30003"}),
        (SmsOutcome(False, unknown=True, problem="lost"), {"outcome": "unknown", "problem": "lost"}),
        (SmsOutcome(False, code=21211, http_status=400), {"outcome": "failed", "code": "21211", "http_status": "400"}),
        (SmsOutcome(False, problem="p" * PROBLEM_MAX), {"outcome": "failed", "problem": "p" * PROBLEM_MAX}),
    ],
)
def test_an_outcome_has_the_fields_of_its_kind(outcome: SmsOutcome, fields: dict[str, str]) -> None:
    assert parse(compose_outcome(outcome)) == Message("text", fields)
    assert read_sms(Message("text", fields)) == outcome


@pytest.mark.parametrize(
    ("status", "fields"),
    [
        (SmsStatus("delivered", None, True), {"status": "delivered"}),
        (SmsStatus("sent", None, False), {"status": "sent"}),
        (SmsStatus("undelivered", 30005, True), {"status": "undelivered", "code": "30005"}),
        (SmsStatus("", 20003, False, 401), {"code": "20003", "http_status": "401"}),
        (SmsStatus("", None, False, problem="lost"), {"problem": "lost"}),
    ],
)
def test_a_status_has_the_fields_of_its_kind(status: SmsStatus, fields: dict[str, str]) -> None:
    assert parse(compose_sms_status(status)) == Message("text_status", fields)
    assert read_sms_status(Message("text_status", fields)) == status


@pytest.mark.parametrize(
    ("outcome", "fields"),
    [
        (AccountOutcome(True, "active", "Full"), {"ok": "yes", "status": "active", "kind": "Full"}),
        (AccountOutcome(False, code=20003, http_status=401), {"ok": "no", "code": "20003", "http_status": "401"}),
        (AccountOutcome(False, problem="lost"), {"ok": "no", "problem": "lost"}),
    ],
)
def test_an_account_has_the_fields_of_its_kind(outcome: AccountOutcome, fields: dict[str, str]) -> None:
    assert parse(compose_account(outcome)) == Message("account", fields)
    assert read_account(Message("account", fields)) == outcome


def test_what_is_said_goes_on_the_wire_without_what_cannot_be_printed_and_no_longer_than_it_may_be() -> None:
    said = parse(compose_outcome(SmsOutcome(False, problem="a\x1b[2J\n" + "b" * PROBLEM_MAX))).fields["problem"]
    assert said == "a?[2J?" + "b" * (PROBLEM_MAX - 6)


@pytest.mark.parametrize("read", [read_sms, read_sms_status, read_account])
@pytest.mark.parametrize("verb", ["done", "sms"])
def test_a_message_of_another_verb_is_no_answer(read: Any, verb: str) -> None:
    fields = {"outcome": "sent", "sid": SID, "status": "delivered", "ok": "yes"}
    with pytest.raises(ProtocolError, match="unknown verb"):
        read(Message(verb, fields))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *(("account_sid", value) for value in ("", "AC", "AC" + "g" * 32, "../" + "0" * 31, "AC" + "0" * 32 + "\n")),
        *(("token", value) for value in ("", "a b", "a\nb", "é", "x" * 129)),
        *(("sender", value) for value in ("", "0612345678", "twelve chars", "Büro", "MG" + "0" * 33, "a\r\nb")),
        *(("to", value) for value in ("", "0612345678", "+0612345678", "+33 6 12", "+" + "1" * 16, "sms:+33612345678")),
        *(("to", value) for value in ("+33612345678\n", "+٣٣٦١٢٣٤٥٦٧٨")),
        *(("body", value) for value in ("", "x" * (BODY_MAX + 1), "\udcff")),
        *(("api_url", value) for value in ("http://api.twilio.com", "ftp://127.0.0.1", "https://u:p@host", "x")),
        *(("timeout", value) for value in ("", "0", "-1", "nan", "inf", "31", "soon")),
    ],
)
def test_a_request_with_a_field_out_of_bounds_is_none(key: str, value: str) -> None:
    with pytest.raises(ProtocolError) as raised:
        read_sms_request(Message("sms", {**FIELDS, key: value}))
    assert not value or value not in str(raised.value), "the reason shows what was sent"


@pytest.mark.parametrize("key", sorted(FIELDS.keys() - {"v"}))
def test_a_request_that_lacks_a_field_is_none(key: str) -> None:
    with pytest.raises(ProtocolError, match=f"sms without {key}"):
        read_sms_request(Message("sms", {name: value for name, value in FIELDS.items() if name != key}))


def test_what_the_relay_refuses_was_not_sent() -> None:
    refused = Message("refused", {"reason": "busy"})
    assert read_sms(refused) == SmsOutcome(sent=False, problem="the relay refused: busy")
    told = "the relay refused: busy"
    assert read_sms_status(refused) == SmsStatus("", None, final=False, problem=told)
    assert read_account(refused) == AccountOutcome(ok=False, problem=told)
    assert read_sms(Message("refused", {})).problem == "the relay refused: no reason"


@pytest.mark.parametrize(
    "message",
    [
        Message("done", {}),
        Message("text", {}),
        Message("text", {"outcome": "perhaps"}),
        Message("text", {"outcome": "sent"}),
        Message("text", {"outcome": "sent", "sid": "SM12", "status": "queued"}),
        Message("text", {"outcome": "sent", "sid": "SM" + "0" * 32, "status": "teleported"}),
        Message("text", {"outcome": "failed", "code": "x"}),
        Message("text", {"outcome": "failed", "code": "-1"}),
        Message("text", {"outcome": "failed", "code": "123456"}),
        Message("text", {"outcome": "failed", "http_status": "999"}),
        Message("text", {"outcome": "failed", "problem": "\x1b[2J"}),
        Message("text", {"outcome": "failed", "problem": "x" * (PROBLEM_MAX + 1)}),
    ],
)
def test_an_answer_that_is_none_is_not_taken_for_one(message: Message) -> None:
    with pytest.raises(ProtocolError):
        read_sms(message)


READERS: list[Any] = [
    *(read_sms_request, read_status_request, read_account_request),
    *(read_sms, read_sms_status, read_account),
]
NOISE = st.text(st.characters(exclude_characters="\0"), max_size=40)
KEYS = st.sampled_from(
    [*sorted(FIELDS), "sid", "status", "code", "http_status", "outcome", "problem", "ok", "kind", "reason"]
)
WORDS = st.one_of(NOISE, st.sampled_from(["sent", "failed", "unknown", "queued", "yes", *FIELDS.values()]))


@given(
    st.sampled_from(["sms", "text", "text_status", "account", "refused", "sms_status"]),
    st.dictionaries(KEYS, WORDS, max_size=FIELDS_MAX),
)
def test_whatever_the_fields_are_they_are_read_or_refused(verb: str, fields: dict[str, str]) -> None:
    for read in READERS:
        try:
            read(Message(verb, fields))
        except ProtocolError as error:
            shown = str(error)
            assert not any(len(value) > 12 and value in shown for value in fields.values())


@given(st.binary(max_size=300))
def test_whatever_the_packet_is_it_is_read_or_refused(packet: bytes) -> None:
    for read in READERS:
        with contextlib.suppress(ProtocolError):
            read(parse(packet))


@given(st.integers(0, 400), st.integers(0, 255))
def test_a_packet_with_a_byte_changed_is_read_or_refused(at: int, byte: int) -> None:
    packet = bytearray(compose_sms(REQUEST))
    packet[at % len(packet)] = byte
    with contextlib.suppress(ProtocolError):
        read_sms_request(parse(bytes(packet)))


def test_promise_3_nothing_that_is_printed_shows_a_secret() -> None:
    request = replace(REQUEST, token=Secret(b"tok-en-tok"), body=Secret(b"Code 987654"))
    message = parse(compose_sms(request))
    shown = f"{request!r} {request} {message!r} {message} {request.credentials!r} {read_sms_request(message)!r}"
    assert not [secret for secret in ("tok-en-tok", "987654", "612345678") if secret in shown]


def test_a_value_that_cannot_be_a_message_is_refused_without_showing_it() -> None:
    with pytest.raises(ProtocolError, match="NUL"):
        compose("sms", {"body": "a\0b"})
