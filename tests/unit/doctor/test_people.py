"""Names that mean nobody, and people who can no longer enrol."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rw2fa_daemon.config.config import RESOLVED_MAX
from rw2fa_daemon.config.load import load
from rw2fa_daemon.core.user import Missing, User, UserList
from rw2fa_daemon.directory.members import group_members
from rw2fa_daemon.doctor.host.leftovers import check_leftovers
from rw2fa_daemon.doctor.subject import Subject
from rw2fa_daemon.doctor.users.aliases import check_aliases
from rw2fa_daemon.doctor.users.enrolment import check_enrolment
from rw2fa_daemon.doctor.users.scope import check_scope
from rw2fa_daemon.store.store import Store
from tests.support.daemon import Site
from tests.unit.doctor.conftest import NOW, Host, wrong

DAYS = 24 * 60 * 60


def subject(site: Site, *, now: float = NOW, **settings: Any) -> Subject:
    return Subject(replace(load(site.config), **settings), Path("/"), now)


def came_in(site: Site, *entries: str) -> None:
    store = site.store()
    store.sync_scope(entries, int(NOW))
    store.close()


def test_names_that_the_directory_knows_are_right(host: Host) -> None:
    host.set(scope=UserList.of(["root", "@daemon"]), whitelist=UserList.of(["@bin"]))
    assert list(check_scope(host.subject())) == []


def test_a_name_that_means_nobody_is_found_with_the_list_that_it_is_on(host: Host) -> None:
    host.set(scope=UserList.of(["root", "nosuch-user"]), whitelist=UserList.of(["@nosuch-group"]))
    unknown, unresolved = wrong(check_scope(host.subject()))
    assert "nosuch-user is in the scope" in unknown.detail
    assert "nosuch-group is on the whitelist" in unresolved.detail
    assert "rw2fa whitelist remove @nosuch-group" in unresolved.fix


def test_promise_13_a_directory_that_does_not_answer_is_said_once(host: Host) -> None:
    host.set(scope=UserList.of(["root", "daemon"]))
    (finding,) = wrong(check_scope(host.subject(lookup=lambda _name, _groups: Missing.UNAVAILABLE)))
    assert "does not answer" in finding.detail


def test_a_primary_group_has_its_users_too() -> None:
    assert "daemon" in (group_members("daemon") or [])
    assert group_members("nosuch-group") is None


def test_within_the_window_nobody_is_shut_out(site: Site) -> None:
    came_in(site, "daemon", "bin")
    assert list(check_enrolment(subject(site, now=NOW + DAYS))) == []


def test_who_did_not_enrol_in_time_is_named(site: Site) -> None:
    came_in(site, "daemon", "bin")
    site.enrol("bin")
    (finding,) = wrong(check_enrolment(subject(site, now=NOW + 8 * DAYS)))
    assert "1 enabled users have no device" in finding.detail
    assert finding.fix == "run `rw2fa users reset daemon`"


def test_a_member_of_a_group_is_named_as_well(site: Site) -> None:
    came_in(site, "@sys")
    groups = UserList.of(["@sys"])
    (finding,) = wrong(check_enrolment(subject(site, now=NOW + 8 * DAYS, scope=groups)))
    assert "sys" in finding.detail


def test_who_lacks_the_word_that_enrolment_takes_is_named(site: Site) -> None:
    came_in(site, "daemon", "bin")
    (finding,) = wrong(check_enrolment(subject(site, proof="token")))
    assert finding.fix == "run `rw2fa users reset bin daemon`"


def test_while_the_whole_is_off_nobody_is_shut_out(site: Site) -> None:
    came_in(site, "daemon", "bin")
    assert list(check_enrolment(subject(site, now=NOW + 8 * DAYS, enabled=False))) == []


def test_promise_13_records_of_people_who_are_gone_are_found(site: Site) -> None:
    site.enrol("daemon", "bin")
    store = site.store()
    record = store.read("daemon")
    assert record is not None
    store.transact("gone", lambda _: (replace(record, name="gone"), None))
    store.transact("bin", lambda account: (replace(account, uid=54_321) if account else None, None))
    store.close()
    (finding,) = wrong(check_leftovers(subject(site)))
    assert "2 records belong to no user: bin (the uid was 54321 and is " in finding.detail
    assert "gone (no such user; uid " in finding.detail
    assert "rw2fa users purge" in finding.fix


def test_promise_13_a_directory_that_does_not_answer_makes_nobody_a_leftover(site: Site) -> None:
    site.enrol("daemon")
    silent = replace(subject(site), lookup=lambda _name, _groups: Missing.UNAVAILABLE)
    assert list(check_leftovers(silent)) == []


@pytest.mark.parametrize(("scope", "said"), [((), "none of them is asked"), (("toor",), "asked for the codes of toor")])
def test_names_that_share_a_uid_are_named(tmp_path: Path, site: Site, scope: tuple[str, ...], said: str) -> None:
    (tmp_path / "root" / "etc").mkdir(parents=True)
    lines = "root:x:0:0::/root:/bin/sh\ntoor:x:0:0::/root:/bin/sh\nftp:x:9:9::/:/x\nweb:x:9:9::/:/x\nbin:x:2:2::/:/x\n"
    (tmp_path / "root" / "etc" / "passwd").write_text(lines)
    site.write_config(scope=scope)
    toor = User("toor", 0, frozenset({0}))
    people = {"root": User("root", 0, frozenset({0}), {}, (toor,)), "ftp": User("ftp", 9, frozenset({9}))}
    subject = Subject(load(site.config), tmp_path / "root", NOW, lookup=lambda name, _groups: people[name])
    (finding,) = check_aliases(subject)
    assert finding.ok
    assert finding.detail.startswith("root, toor ")
    assert said in finding.detail


def test_promise_13_a_name_among_too_many_to_look_up_that_means_another_is_found(host: Host) -> None:
    names = [f"user{number}" for number in range(RESOLVED_MAX + 1)]
    host.set(scope=UserList.of(names))

    def lookup(name: str, _groups: tuple[str, ...]) -> User:
        return User("alice" if name == "user7" else name, 5001, frozenset())

    (finding,) = wrong(check_scope(host.subject(lookup=lookup)))
    assert finding.detail.startswith("user7 is in the scope, but the directory calls that user alice: ")
    assert finding.fix == "write alice instead"
    host.set(scope=UserList.of(names[:RESOLVED_MAX]))
    assert list(check_scope(host.subject(lookup=lookup))) == []


def test_promise_11_records_that_are_in_order_are_not_opened(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.enrol("daemon", "bin")
    monkeypatch.setattr(Store, "read", None)
    assert list(check_leftovers(subject(site))) == []


def test_promise_11_nobody_costs_a_look_at_the_whole_scope(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dictionary that cannot be walked stands for a hundred thousand entries."""

    class Known(dict[str, int]):
        def items(self) -> Any:
            raise AssertionError("walked through")

    monkeypatch.setattr(Store, "scope", lambda _store: Known({"daemon": int(NOW), "bin": int(NOW) - 30 * DAYS}))
    (finding,) = wrong(check_enrolment(subject(site)))
    assert finding.fix == "run `rw2fa users reset bin`"
