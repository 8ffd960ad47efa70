"""The datagram for journald."""

from hypothesis import given
from hypothesis import strategies as st

from rw2fa_daemon.audit.journal_entry import VALUE_BYTES_MAX, entry
from rw2fa_daemon.audit.message import message
from rw2fa_daemon.core.audit import Event, Record
from tests.support.journal import parse

TEXT = st.text(max_size=40) | st.sampled_from(
    ["a\nMESSAGE_ID=0", "\n", "\n\n_UID=0\n", "a=b\nRW2FA_RULE=code-right", "\0"]
)
BYTES = st.binary(max_size=40).map(lambda raw: raw.decode("utf-8", "surrogateescape"))


def test_the_fields_of_an_entry() -> None:
    record = Record(
        Event.CODE_WRONG, 1.0, "al\nice", "sshd", "192.0.2.1", "auth", "deny", "code-wrong", "the code was wrong"
    )
    assert dict(parse(entry(record))) == {
        "MESSAGE_ID": Event.CODE_WRONG.message_id.encode(),
        "PRIORITY": b"5",
        "SYSLOG_IDENTIFIER": b"rw2fad",
        "SYSLOG_FACILITY": b"10",
        "MESSAGE": message(record).encode(),
        "RW2FA_EVENT": b"code-wrong",
        "RW2FA_USER": b"al\nice",
        "RW2FA_SERVICE": b"sshd",
        "RW2FA_ADDRESS": b"192.0.2.1",
        "RW2FA_PHASE": b"auth",
        "RW2FA_DECISION": b"deny",
        "RW2FA_RULE": b"code-wrong",
        "RW2FA_REASON": b"the code was wrong",
    }


def test_a_field_without_a_value_is_left_out() -> None:
    names = {name for name, _ in parse(entry(Record(Event.ADMINISTRATION, 1.0, decision="done")))}
    assert {name for name in names if name.startswith("RW2FA_")} == {"RW2FA_EVENT", "RW2FA_DECISION"}


@given(st.sampled_from(Event), TEXT | BYTES, TEXT | BYTES, TEXT | BYTES, TEXT | BYTES)
def test_no_value_makes_a_second_field(event: Event, user: str, service: str, address: str, reason: str) -> None:
    record = Record(event, 1.0, user, service, address, "auth", "deny", "code-wrong", reason)
    fields = parse(entry(record))
    names = [name for name, _ in fields]
    assert len(set(names)) == len(names)
    assert set(names) <= {
        *("MESSAGE_ID", "PRIORITY", "SYSLOG_IDENTIFIER", "SYSLOG_FACILITY", "MESSAGE", "RW2FA_EVENT", "RW2FA_USER"),
        *("RW2FA_SERVICE", "RW2FA_ADDRESS", "RW2FA_PHASE", "RW2FA_DECISION", "RW2FA_RULE", "RW2FA_REASON"),
    }
    values = dict(fields)
    assert values["MESSAGE_ID"] == event.message_id.encode()
    assert values["RW2FA_RULE"] == b"code-wrong"
    for name, text in (("RW2FA_USER", user), ("RW2FA_SERVICE", service), ("RW2FA_REASON", reason)):
        assert values.get(name, b"") == text.encode("utf-8", "surrogateescape")


def test_text_that_no_bytes_stand_for_is_written_somehow() -> None:
    assert dict(parse(entry(Record(Event.REFUSED, 1.0, user="a" + chr(0xD800)))))["RW2FA_USER"] == b"a\\ud800"


def test_promise_11_an_entry_has_a_bound() -> None:
    endless = "\n" * 1_000_000
    fields = parse(entry(Record(Event.REFUSED, 1.0, *[endless] * 7)))
    assert all(len(value) <= VALUE_BYTES_MAX for _, value in fields)
    assert len(entry(Record(Event.REFUSED, 1.0, *[endless] * 7))) < 32_768
