"""rw2fa-session with real PAM and the real daemon: what it relays, for whom, and what a rogue portal cannot have."""

import re
import time
from pathlib import Path

import pytest

from rw2fa_daemon.core.page_text import read_page_text
from rw2fa_daemon.wire.message import Message
from rw2fa_portal.protocol import FAILURE_SECONDS
from tests.support.world.accounts import User, add_user, expire_password
from tests.support.world.logons import LogonServer
from tests.support.world.phone import Phone
from tests.support.world.secrecy import assert_absent, process_lists
from tests.support.world.site import Member, Site
from tests.support.world.waiting import wait_until

pytestmark = pytest.mark.namespaces


def _session_processes(site: Site) -> dict[int, tuple[str, ...]]:
    return {
        pid: words
        for pid, words in site.world.processes().items()
        if any("rw2fa-session" in word for word in words) and "nsenter" not in words[0]
    }


def _asked(message: Message) -> str:
    return read_page_text(message.fields["text"]).asked


# What it relays


def test_a_password_alone_lets_in_who_is_not_in_the_scope(site: Site, logons: LogonServer, outsider: User) -> None:
    with logons.connect() as portal:
        assert portal.converse(outsider.name, outsider.password) == "in"
        assert [(one.fields["style"], one.fields["phase"]) for one in portal.asked] == [("hidden", "auth")]


def test_password_and_code_let_a_member_in(site: Site, logons: LogonServer, member: Member) -> None:
    with logons.connect() as portal:
        assert portal.converse(member.user.name, member.user.password, member.phone.fresh()) == "in"
        assert [one.fields["style"] for one in portal.asked] == ["hidden", "echo"]
        assert _asked(portal.asked[1]) == "code"


def test_a_wrong_password_is_refused_without_a_question_for_a_code(
    site: Site, logons: LogonServer, member: Member
) -> None:
    began = time.monotonic()
    with logons.connect() as portal:
        assert portal.converse(member.user.name, "not the password", "123456") == "refused"
        assert len(portal.asked) == 1
    assert time.monotonic() - began >= FAILURE_SECONDS


def test_nobody_of_that_name_is_refused_like_a_wrong_password(site: Site, logons: LogonServer) -> None:
    with logons.connect() as portal:
        assert portal.converse("nobody-of-that-name", "a password") == "refused"
        assert [one.fields["text"] for one in portal.asked] == ["Password: "]


def test_wrong_codes_are_refused(site: Site, logons: LogonServer, member: Member) -> None:
    wrong = member.phone.wrong()
    with logons.connect() as portal:
        assert portal.converse(member.user.name, member.user.password, wrong, wrong, wrong) == "refused"
        assert [_asked(one) for one in portal.asked[1:]] == ["code"] * 3


def test_promise_1_a_code_counts_once(site: Site, logons: LogonServer, member: Member) -> None:
    code = member.phone.fresh()
    with logons.connect() as portal:
        assert portal.converse(member.user.name, member.user.password, code) == "in"
    with logons.connect() as portal:
        assert portal.converse(member.user.name, member.user.password, code) == "asks"
        assert "used already" in portal.asked[-1].fields["text"]


def test_the_first_logon_activates_with_what_a_page_needs(site: Site, logons: LogonServer, newcomer: User) -> None:
    with logons.connect() as portal:
        assert portal.converse(newcomer.name, newcomer.password) == "asks"
        enrolling = read_page_text(portal.asked[-1].fields["text"])
        assert enrolling.asked == "enrol"
        phone = Phone(enrolling.lines[0])
        assert enrolling.lines[1].replace(" ", "") == phone.secret
        done = portal.reply(phone.fresh())
        assert done is not None
        noted = read_page_text(done.fields["text"])
        assert noted.asked == "noted"
        assert all(re.fullmatch(r"[a-z0-9-]{8,}", line) for line in noted.lines)
        assert len(noted.lines) >= 8
        end = portal.reply("")
        assert end is not None
        assert end.fields["outcome"] == "in"
    assert site.show(newcomer)["activated"] is True
    with logons.connect() as portal:
        assert portal.converse(newcomer.name, newcomer.password, noted.lines[0]) == "in"


def test_an_expired_password_is_changed_as_pam_asks(site: Site, logons: LogonServer, outsider: User) -> None:
    expire_password(site.world, outsider)
    new = "Another-horse-7-battery"
    with logons.connect() as portal:
        assert portal.converse(outsider.name, outsider.password, outsider.password, new, new) == "in"
        assert {one.fields["phase"] for one in portal.asked[1:]} == {"password"}
    with logons.connect() as portal:
        assert portal.converse(outsider.name, new) == "in"


def test_an_account_that_ends_is_out_at_the_next_look(site: Site, logons: LogonServer, outsider: User) -> None:
    with logons.connect() as portal:
        assert portal.converse(outsider.name, outsider.password) == "in"
        portal.send("look")
        assert (report := portal.receive()) is not None
        assert report.fields == {"outcome": "in"}
        site.world.run("usermod", "--expiredate", "1970-01-02", outsider.name)
        portal.send("look")
        assert (report := portal.next()) is not None
        assert report.fields == {"outcome": "refused"}


def test_a_daemon_that_is_down_shuts_the_portal(site: Site, logons: LogonServer, member: Member) -> None:
    site.rw2fa.stop()
    with logons.connect() as portal:
        assert portal.converse(member.user.name, member.user.password, "123456") == "unavailable"


def test_the_address_of_the_browser_reaches_pam_and_the_audit(site: Site, logons: LogonServer, member: Member) -> None:
    with logons.connect() as portal:
        assert portal.converse(member.user.name, "not the password") == "refused"
        site.log.wait_for(rf"pam_unix\(rw2fa-portal:auth\).*tty=rw2fa-portal.*rhost=192\.0\.2\.7.*{member.user.name}")
    with logons.connect() as portal:
        assert portal.converse(member.user.name, member.user.password, member.phone.fresh()) == "in"
    audit = site.rw2fa.command("audit", "--user", member.user.name).stdout
    assert "rw2fa-portal" in audit
    assert "192.0.2.7" in audit


def test_promise_4_no_address_that_the_portal_names_is_exempt(site: Site, logons: LogonServer, member: Member) -> None:
    """Promise 4: a portal that was taken over may name any address."""
    site.rw2fa.command("settings", "set", "exempt.networks", "192.0.2.0/24")
    try:
        with logons.connect() as portal:
            assert portal.converse(member.user.name, member.user.password) == "asks"
    finally:
        site.rw2fa.command("settings", "unset", "exempt.networks")


# How it ends


def test_the_process_ends_with_the_portals_end(site: Site, logons: LogonServer, outsider: User) -> None:
    before = set(_session_processes(site))
    with logons.connect() as portal:
        assert portal.converse(outsider.name, outsider.password) == "in"
        (one,) = set(_session_processes(site)) - before
    wait_until("the end of the process", lambda: one not in _running(site))


def _running(site: Site) -> set[int]:
    """A process that ended waits for the listener to look; it runs no more."""
    return {pid for pid in _session_processes(site) if _state(pid) != "Z"}


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "Z"


def test_promise_3_a_password_is_wiped_and_told_to_nobody(site: Site, logons: LogonServer) -> None:
    password = "Unforgettable-horse-4711-battery"
    user = add_user(site.world, password=password)
    before = set(_session_processes(site))
    with logons.connect() as portal:
        portal.begin(user.name)
        assert portal.next() is not None
        (process,) = set(_session_processes(site)) - before
        assert (end := portal.reply(password)) is not None
        assert end.fields["outcome"] == "in"
        assert password.encode() not in _memory(process), "the password is still in the process"
    assert_absent({password}, {**process_lists(site.world), "auth log": site.log.text, "its own log": logons.log})


def _memory(pid: int) -> bytes:
    """All that a process may write to."""
    found = bytearray()
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            span, rights, *_ = line.split()
            if rights.startswith("rw"):
                start, stop = (int(end, 16) for end in span.split("-"))
                memory.seek(start)
                found += memory.read(stop - start)
    return bytes(found)


# What a portal gone rogue cannot have


@pytest.mark.parametrize("uid", [0, 65534])
def test_promise_10_only_the_portals_user_is_served(site: Site, logons: LogonServer, outsider: User, uid: int) -> None:
    if uid == 0:
        with logons.connect(uid) as portal:
            portal.begin(outsider.name)
            assert portal.is_gone()
    else:
        with pytest.raises(PermissionError):
            logons.connect(uid)


@pytest.mark.parametrize(
    "user", ["", "a\nb", "a\x1b[31m", "x" * 257], ids=["none", "two lines", "an escape", "too long"]
)
def test_a_name_that_cannot_be_one_ends_it(site: Site, logons: LogonServer, user: str) -> None:
    with logons.connect() as portal:
        portal.begin(user)
        assert portal.is_gone()


def test_what_is_no_address_ends_it(site: Site, logons: LogonServer, outsider: User) -> None:
    with logons.connect() as portal:
        portal.begin(outsider.name, address="192.0.2.7 user=root")
        assert portal.is_gone()


@pytest.mark.parametrize("verb", ["look", "open", "reply"])
def test_nothing_is_done_before_a_logon_stands(site: Site, logons: LogonServer, outsider: User, verb: str) -> None:
    with logons.connect() as portal:
        portal.send(verb, v="1", user=outsider.name, n="1", value="x")
        assert portal.is_gone()
    with logons.connect() as portal:
        portal.begin(outsider.name).next()
        portal.send(verb, v="1", user=outsider.name, n="7", value=outsider.password)
        assert portal.is_gone()


def test_promise_4_a_logon_that_stands_becomes_no_other(
    site: Site, logons: LogonServer, outsider: User, member: Member
) -> None:
    with logons.connect() as portal:
        assert portal.converse(outsider.name, outsider.password) == "in"
        portal.begin(member.user.name)
        assert portal.is_gone()


def test_a_conversation_is_not_replayed(site: Site, logons: LogonServer, member: Member) -> None:
    code = member.phone.fresh()
    with logons.connect() as portal:
        assert portal.converse(member.user.name, member.user.password, code) == "in"
    with logons.connect() as portal:
        # The same packets once more, all at once.
        portal.begin(member.user.name)
        portal.send("reply", n="1", value=member.user.password)
        portal.send("reply", n="2", value=code)
        outcome = portal.next()
        while outcome is not None and outcome.verb == "ask" and outcome.fields["n"] in {"1", "2"}:
            outcome = portal.next()
        assert outcome is None or outcome.verb == "ask"
    with logons.connect() as portal:
        # An answer to a question that was answered already.
        portal.begin(member.user.name).next()
        portal.reply(member.user.password)
        portal.send("reply", n="1", value=member.user.password)
        assert portal.is_gone()


def test_it_is_asked_for_codes_no_longer_than_hangs_together(site: Site, logons: LogonServer, member: Member) -> None:
    """A portal that closes in the middle has nobody in, and the daemon knows."""
    with logons.connect() as portal:
        assert portal.converse(member.user.name, member.user.password) == "asks"
    wait_until(
        "the daemon's note",
        lambda: "no code: eof" in site.rw2fa.command("audit", "--user", member.user.name).stdout,
    )
