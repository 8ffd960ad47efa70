"""Our lines in other people's files: in the right place, and out again without a trace."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rw2fa_daemon.pamstack.lines import MARK, OurLine, our_lines, put_in, without
from rw2fa_daemon.pamstack.search import Slot
from rw2fa_daemon.pamstack.stack import Facility

KEY = OurLine(Facility.AUTH, "requisite", ("slot=key",))
ACCOUNT = OurLine(Facility.ACCOUNT, "required", ())
SESSION = OurLine(Facility.SESSION, "optional", ("timeout=1",), "pam_loginuid.so")
SSHD = "# sshd\n@include common-auth\naccount required pam_nologin.so\n@include common-account\n"


def brings(target: str) -> list[Facility]:
    return [facility for facility in Facility if target == f"common-{facility.value}"]


def test_each_line_goes_before_the_first_of_its_facility() -> None:
    assert put_in(SSHD, [KEY, ACCOUNT], brings).splitlines() == [
        "# sshd",
        KEY.text,
        "@include common-auth",
        ACCOUNT.text,
        "account required pam_nologin.so",
        "@include common-account",
    ]


def test_a_line_that_follows_a_module_goes_behind_its_last_line_or_to_the_end() -> None:
    text = "session required x.so\nsession required pam_loginuid.so \\\n require_auditd\nsession required y.so\n"
    placed = put_in(text, [SESSION], brings)
    assert placed == text.replace("auditd\n", f"auditd\n{SESSION.text}\n")
    assert put_in(placed, [SESSION], brings) == placed
    for without_it in ("session required x.so\n", "account required pam_loginuid.so\n@include common-session\n"):
        assert put_in(without_it, [SESSION], brings) == f"{without_it}{SESSION.text}\n"


def test_a_continued_line_is_not_torn_apart() -> None:
    text = "auth \\\n required x.so\naccount required y.so\n"
    assert put_in(text, [KEY], brings) == f"{KEY.text}\n{text}"


def test_a_second_time_changes_nothing() -> None:
    once = put_in(SSHD, [KEY, ACCOUNT], brings)
    assert put_in(once, [KEY, ACCOUNT], brings) == once


def test_arguments_that_an_administrator_added_are_kept() -> None:
    edited = put_in(SSHD, [ACCOUNT], brings).replace("pam_rw2fa.so", "pam_rw2fa.so unreachable=allow")
    assert put_in(edited, [KEY, ACCOUNT], brings).count("pam_rw2fa.so unreachable=allow") == 1


def test_a_line_in_the_wrong_place_moves() -> None:
    moved = f"@include common-auth\naccount required pam_nologin.so\n{ACCOUNT.text}\n"
    assert put_in(moved, [ACCOUNT], brings).splitlines()[1] == ACCOUNT.text


def test_a_line_written_by_hand_stays_and_counts() -> None:
    by_hand = "account required pam_rw2fa.so debug\n" + SSHD
    assert put_in(by_hand, [ACCOUNT], brings) == by_hand
    assert without(by_hand) == by_hand


def test_a_file_without_a_last_line_feed_stays_one() -> None:
    assert put_in("auth required x.so", [ACCOUNT], brings) == f"auth required x.so\n{ACCOUNT.text}"
    assert put_in("auth required x.so", [KEY], brings) == f"{KEY.text}\nauth required x.so"


def test_what_only_python_takes_for_the_end_of_a_line_tears_no_comment_apart() -> None:
    text = "# was:\x0cauth sufficient pam_permit.so\u2028account sufficient pam_permit.so\nauth required x.so\n"
    assert put_in(text, [KEY], brings) == text.replace("\nauth", f"\n{KEY.text}\nauth")


files = st.tuples(
    st.lists(
        st.tuples(
            st.sampled_from(
                [
                    "# a",
                    "",
                    "# b\x0cauth",
                    "auth required x.so",
                    "account required y.so",
                    "@include common-auth",
                    "auth a \\\n b",
                ]
            ),
            st.sampled_from(["\n", "\r\n"]),
        ).map("".join)
    ),
    st.sampled_from(["", "session optional z.so\n", "session optional z.so", "account required z.so\r", "# c"]),
).map(lambda parts: "".join([*parts[0], parts[1]]))


@given(files)
def test_taking_out_gives_back_the_file_byte_for_byte(text: str) -> None:
    once = put_in(text, [KEY, ACCOUNT, SESSION], brings)
    assert without(once) == text
    assert put_in(once, [KEY, ACCOUNT, SESSION], brings) == once


def test_every_shipped_line_is_marked_and_names_a_known_slot() -> None:
    lines = [line for service in our_lines().values() for line in service]
    assert lines
    assert all(line.text.endswith(MARK) for line in lines)
    assert {line.slot for line in lines} == set(Slot)


@pytest.mark.parametrize("service", sorted(our_lines()))
def test_promise_4_every_service_with_lines_of_its_own_for_auth_has_an_account_line(service: str) -> None:
    facilities = {line.facility for line in our_lines()[service]}
    assert Facility.ACCOUNT in facilities or Facility.AUTH not in facilities
