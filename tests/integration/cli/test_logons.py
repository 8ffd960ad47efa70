"""`rw2fa logons`, and what other commands do to logons and passes."""

import sqlite3
import time
from contextlib import closing

import pytest

from rw2fa_daemon.core.account import Account
from rw2fa_daemon.core.logon import Logon, Logons, LogonSettings, digest_of, with_pass
from rw2fa_daemon.store.sqlite.place import FILE_NAME
from tests.integration.cli.command import Host

SETTINGS = LogonSettings(3600, 28_800, 120, without_address=False)
ADDRESS = "192.0.2.9"


@pytest.fixture
def logged_on(host: Host, alice: str, bob: str) -> Host:
    """A host that is switched on, alice in the scope and with a pass, bob outside of it; both logged on."""
    host.configure(f'enabled = true\n[scope]\nusers = ["{alice}"]')
    host.enrol(alice)
    log_on(host, alice, asked=True)
    log_on(host, bob, asked=False)
    return host


def log_on(host: Host, name: str, *, asked: bool) -> None:
    now = int(time.time())

    def work(account: Account | None, _known: Logons) -> tuple[Account | None, Logons, None]:
        uid, generation = (account.uid, account.generation) if account else (2, 0)
        logon = Logon(digest_of(name), name, uid, generation, ADDRESS, "host-7", now, now if asked else None)
        return account, Logons((with_pass(logon, ADDRESS, SETTINGS, now) if asked else logon,)), None

    store = host.store()
    store.with_logons(name, work, SETTINGS, now)
    store.close()


def listed(host: Host) -> list[str]:
    return [logon["user"] for logon in host.json("logons", "list")]


def test_it_shows_who_is_logged_on_and_what_became_of_the_pass(logged_on: Host, alice: str, bob: str) -> None:
    shown = {logon["user"]: logon for logon in logged_on.json("logons", "list")}
    assert sorted(shown) == sorted((alice, bob))
    assert {key: shown[alice][key] for key in ("asked", "address", "host", "sessions", "code_due", "pass")} == {
        "asked": True,
        "address": ADDRESS,
        "host": "host-7",
        "sessions": 0,
        "code_due": False,
        "pass": "armed",
    }
    assert (shown[bob]["asked"], shown[bob]["pass"], shown[bob]["sessions_until"]) == (False, "none", None)
    lines = logged_on.does("logons", "list").splitlines()
    assert lines[0].split()[:2] == ["USER", "FROM"]
    assert [f"armed for {ADDRESS}" in line for line in lines if line.startswith(alice)] == [True]


def test_nobody_is_a_sentence_and_an_empty_list(host: Host) -> None:
    assert host.does("logons", "list") == "Nobody is logged on at the web portal.\n"
    assert listed(host) == []


def test_it_ends_the_logons_of_those_who_are_named_after_it_has_asked(logged_on: Host, alice: str, bob: str) -> None:
    refused = logged_on.rw2fa("logons", "revoke", alice)
    assert refused.status == 1
    assert "--yes" in refused.err
    assert sorted(listed(logged_on)) == sorted((alice, bob))
    revoked = logged_on.json("logons", "revoke", alice, "sys", "--yes")
    assert revoked == [{"user": alice, "ended": True}, {"user": "sys", "ended": False}]
    assert listed(logged_on) == [bob]
    assert "rw2fa logons revoke" in logged_on.does("audit", "--user", alice)


def test_promise_7_logons_that_were_altered_are_told_of_and_can_be_revoked(logged_on: Host, alice: str) -> None:
    with closing(sqlite3.connect(logged_on.state / FILE_NAME, isolation_level=None)) as raw:
        raw.execute("UPDATE logons SET revision = revision + 1 WHERE name = ? AND part = 1", (alice,))
    told = logged_on.rw2fa("logons", "list", "--json")
    assert f"rw2fa logons revoke {alice}" in told.err
    assert alice not in told.out
    logged_on.does("logons", "revoke", alice, "--yes")
    assert alice not in logged_on.rw2fa("logons", "list", "--json").err


@pytest.mark.parametrize("command", [("users", "reset"), ("users", "remove")])
def test_promise_4_reset_and_removal_end_logons(logged_on: Host, alice: str, command: tuple[str, ...]) -> None:
    logged_on.does(*command, alice, "--yes")
    store = logged_on.store()
    assert not store.logons_of(alice).logons
    store.close()


def test_explain_knows_the_pass(logged_on: Host, alice: str) -> None:
    explain = ("explain", alice, "--service", "xrdp-sesman")
    here = logged_on.json(*explain, "--from", f"::ffff:{ADDRESS}")
    assert (here["decision"], here["rule"]) == ("allow", "pass")
    assert any(f"a pass is armed for {ADDRESS} until" in remark for remark in here["remarks"])
    elsewhere = logged_on.json(*explain, "--from", "192.0.2.10")
    assert (elsewhere["decision"], elsewhere["rule"]) == ("deny", "rdp-refused")
    assert "There is a pass, for another address." in elsewhere["remarks"]
    assert logged_on.json(*explain)["rule"] == "rdp-refused"
    assert "armed" in {logon["pass"] for logon in logged_on.json("logons", "list")}, "it changes nothing"
