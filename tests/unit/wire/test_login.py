"""What the hook says about sessions, boots and processes, and what is no such number."""

import pytest

from rw2fa_daemon.core.login import Begun, Slot
from rw2fa_daemon.core.transitions import Ask, NoReply
from rw2fa_daemon.wire.login import (
    BOOT_LENGTH,
    NAMESPACES_MAX,
    NUMBER_MAX,
    PLACE_KEPT,
    has_form,
    read_open,
    read_reply,
    read_session,
)
from rw2fa_daemon.wire.message import ITEM_MAX, VALUE_MAX, Message, ProtocolError

BOOT = "00112233-4455-4677-8899-aabbccddeeff"
OTHER_BOOT = BOOT.replace("f", "e")
NAMESPACES = "4026531837-4026531836"
OPEN = {"v": "1", "phase": "auth", "slot": "main", "service": "sshd", "user": "alice"}
WHERE = {"boot": BOOT, "namespaces": NAMESPACES}
SESSION = {"v": "1", "user": "alice", "session": "7", **WHERE}
NUMBER = "9" * NUMBER_MAX
FIELDS = ("service", "user", "tty", "rhost", "ruser", "first")


def opened(**fields: str) -> Message:
    return Message("open", OPEN | fields)


def test_the_lengths_are_those_of_the_kernels_numbers() -> None:
    assert len(BOOT) == BOOT_LENGTH
    assert len(str(2**32 - 1)) == NUMBER_MAX
    assert len(f"{2**32 - 1}-{2**32 - 1}") == NAMESPACES_MAX
    assert PLACE_KEPT * 4 == 64, "bits"


def test_another_verb_opens_nothing() -> None:
    with pytest.raises(ProtocolError, match="unknown verb"):
        read_open(Message("reply", OPEN))


def test_what_is_left_out_is_empty() -> None:
    login = read_open(opened())
    assert (login.tty, login.rhost, login.ruser, login.first, login.evidence) == ("", "", "", (), None)
    assert (login.session, login.boot, login.parent, login.known) == ("", "", 0, None)


def test_every_field_has_its_place() -> None:
    login = read_open(opened(slot="key", tty="pts/1", rhost="::1", ruser="bob", parent=NUMBER))
    assert (login.slot, login.tty, login.rhost, login.ruser, login.parent) == (
        Slot.KEY,
        "pts/1",
        "::1",
        "bob",
        int(NUMBER),
    )


@pytest.mark.parametrize(("known", "read"), [("yes", True), ("no", False), ("perhaps", None), ("", None)])
def test_whether_a_name_is_known_is_yes_no_or_not_told(known: str, read: bool | None) -> None:
    assert read_open(opened(known=known)).known is read


@pytest.mark.parametrize("field", FIELDS)
def test_promise_11_each_field_of_pams_has_a_bound_of_its_own(field: str) -> None:
    read_open(opened(**{field: "a" * ITEM_MAX}))
    with pytest.raises(ProtocolError, match="item too long"):
        read_open(opened(**{field: "a" * (ITEM_MAX + 1)}))


def test_a_long_field_of_another_kind_is_nobodys_business() -> None:
    assert read_open(opened(remark="a" * (ITEM_MAX + 1), rhost="a" * ITEM_MAX)).user == "alice"


def test_a_session_is_told_from_that_of_any_other_boot_or_container() -> None:
    login = read_open(opened(session="7", **WHERE))
    assert login.session == f"{login.boot}:7"
    assert len(login.boot) == PLACE_KEPT
    others = [{"boot": OTHER_BOOT}, {"namespaces": "4026531837-4026531835"}]
    assert login.boot not in {read_open(opened(session="7", **(WHERE | other))).boot for other in others}


@pytest.mark.parametrize("missing", ["boot", "namespaces"])
def test_a_session_whose_place_is_not_known_is_none(missing: str) -> None:
    where = {key: value for key, value in WHERE.items() if key != missing}
    login = read_open(opened(session="7", **where))
    assert (login.session, login.boot) == ("", "")


def test_a_boot_without_a_session_is_known_all_the_same() -> None:
    login = read_open(opened(**WHERE))
    assert login.session == ""
    assert login.boot != ""


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"session": "x"}, "no number of a session"),
        ({"session": "1" + NUMBER}, "no number of a session"),
        ({"session": "٣"}, "no number of a session"),
        ({"boot": BOOT[1:]}, "no id of a boot"),
        ({"boot": BOOT + "0"}, "no id of a boot"),
        ({"boot": BOOT.replace("a", "g")}, "no id of a boot"),
        ({"namespaces": "1-x"}, "no numbers of namespaces"),
        ({"namespaces": f"{NUMBER}-{NUMBER}0"}, "no numbers of namespaces"),
        ({"parent": ""}, "no number of a process"),
        ({"parent": "-1"}, "no number of a process"),
        ({"parent": "1" + NUMBER}, "no number of a process"),
    ],
)
def test_promise_11_what_is_no_number_is_refused(fields: dict[str, str], reason: str) -> None:
    with pytest.raises(ProtocolError, match=reason):
        read_open(opened(**(WHERE | fields)))


def test_the_longest_numbers_are_read() -> None:
    login = read_open(opened(session=NUMBER, boot=BOOT, namespaces=f"{NUMBER}-{NUMBER}", parent=NUMBER))
    assert login.session.endswith(f":{NUMBER}")


def test_a_session_that_begins_is_read_as_at_the_login() -> None:
    login = read_open(opened(session="7", **WHERE))
    assert read_session(Message("session", SESSION)) == Begun("alice", login.session)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"v": "2"}, "unknown version"),
        ({"user": "a" * (ITEM_MAX + 1)}, "item too long"),
        ({"session": "x"}, "no number of a session"),
        ({"boot": "x"}, "no id of a boot"),
    ],
)
def test_a_session_that_is_none_is_refused(changed: dict[str, str], reason: str) -> None:
    with pytest.raises(ProtocolError, match=reason):
        read_session(Message("session", SESSION | changed))


@pytest.mark.parametrize("missing", ["v", "user", "session"])
def test_a_session_without_a_field_is_refused(missing: str) -> None:
    fields = {key: value for key, value in SESSION.items() if key != missing}
    with pytest.raises(ProtocolError, match=f"session without {missing}"):
        read_session(Message("session", fields))


def test_the_longest_name_may_begin_a_session() -> None:
    assert read_session(Message("session", SESSION | {"user": "a" * ITEM_MAX})).user == "a" * ITEM_MAX


def test_another_verb_answers_nothing() -> None:
    with pytest.raises(ProtocolError, match="unknown verb"):
        read_reply(Message("open", {"n": "1", "value": "123456"}), Ask(1, "", "digits:6-6"))


def test_promise_11_what_was_typed_has_a_bound_whatever_the_form_says() -> None:
    asked = Ask(2, "", "word:1-1000")
    assert read_reply(Message("reply", {"n": "2", "value": "a" * VALUE_MAX}), asked) == "a" * VALUE_MAX
    with pytest.raises(ProtocolError, match="without the form"):
        read_reply(Message("reply", {"n": "2", "value": "a" * (VALUE_MAX + 1)}), asked)


@pytest.mark.parametrize("none", list(NoReply))
def test_each_reason_for_no_value_is_read(none: NoReply) -> None:
    assert read_reply(Message("reply", {"n": "1", "none": none.value}), Ask(1, "", "digits:6-6")) is none


def test_an_unknown_reason_for_no_value_is_refused_as_one() -> None:
    with pytest.raises(ProtocolError, match="unknown reason"):
        read_reply(Message("reply", {"n": "1", "none": "bored"}), Ask(1, "", "digits:6-6"))


@pytest.mark.parametrize(("length", "fits"), [(3, False), (4, True), (8, True), (9, False)])
def test_both_ends_of_a_form_belong_to_it(length: int, fits: bool) -> None:
    assert has_form("1" * length, "digits:4-8") is fits
