"""`rw2fa users reset`, `unlock` and `show`."""

import pwd
import sqlite3
import time
from collections.abc import Callable
from dataclasses import replace

import pexpect
import pytest

from rw2fa_daemon.core.account import Account
from tests.integration.cli.command import Host
from tests.support.world.phone import Phone


def stored(host: Host, name: str) -> Account:
    account = host.account(name)
    assert account is not None
    return account


def enrolled(host: Host, name: str) -> Phone:
    host.does("users", "add", name)
    phone = Phone(host.json("users", "enrol", name)["uri"])
    host.does("users", "confirm", name, phone.fresh())
    return phone


def rewrite(host: Host, name: str, change: Callable[[Account], Account]) -> None:
    account = change(stored(host, name))
    store = host.store()
    store.transact(name, lambda _: (account, None))
    store.close()


def lock(host: Host, name: str, failures: int) -> None:
    def locked(account: Account) -> Account:
        counters = replace(account.counters, failures=failures, locked_until=int(time.time()) + 600)
        return replace(account, counters=counters)

    rewrite(host, name, locked)


def test_show_has_the_keys_that_programs_read(host: Host, alice: str) -> None:
    enrolled(host, alice)
    told = host.json("users", "show", alice)
    assert told["user"] == alice
    assert told["uid"] == pwd.getpwnam(alice).pw_uid
    assert told["enabled"] is True
    assert told["enabled_by"] == [alice]
    assert told["activated"] is True
    assert told["method"] == "app"
    assert told["phone"] is None
    assert told["locked"] is False
    assert told["recovery_codes_left"] == 10
    assert (told["drift_seconds"], told["drift"]) == (0, "the phone is on time")
    assert told["guesses"]["wide_spent"] == 0
    assert (told["bypass"], told["token_pending"]) == (None, False)


def test_show_of_nobody_says_so(host: Host) -> None:
    assert "there is no user no-such-user" in host.refuses("users", "show", "no-such-user")


def test_item_4_a_reset_ends_the_secret_and_opens_the_window(bare: Host, alice: str) -> None:
    bare.configure("enrolment.window = 1")
    bare.does("init")
    phone = enrolled(bare, alice)
    before = stored(bare, alice)
    bare.does("users", "reset", alice, "--yes")
    after = stored(bare, alice)
    assert after.generation != before.generation
    assert after.credential is None
    told = bare.json("users", "show", alice)
    assert (told["activated"], told["pending"]) == (False, False)
    assert told["enrolment_until"] is not None
    assert Phone(bare.json("users", "enrol", alice)["uri"]).secret != phone.secret


def test_a_reset_of_several_is_of_all_or_none(host: Host, alice: str, bob: str) -> None:
    enrolled(host, alice)
    assert f"{bob} does not have two-factor authentication" in host.refuses("users", "reset", alice, bob, "--yes")
    assert host.json("users", "show", alice)["activated"] is True
    host.does("users", "add", bob)
    told = host.does("users", "reset", alice, bob, "--yes")
    assert told.count("is shown a new QR code at the next login, until") == 2


def test_a_reset_takes_the_new_uid(host: Host, alice: str) -> None:
    """Promise 13: a name whose uid changed is refused until an administrator says so."""
    enrolled(host, alice)
    rewrite(host, alice, lambda account: replace(account, uid=12345))
    assert "the uid was 12345" in host.json("users", "show", alice)["trouble"]
    assert "another uid" in host.refuses("users", "enrol", alice)
    host.does("users", "reset", alice, "--yes")
    assert host.json("users", "show", alice)["trouble"] is None


def test_a_group_is_reset_person_by_person(host: Host, staff: str) -> None:
    host.does("users", "add", staff)
    assert host.refuses("users", "reset", staff, "--yes") == f"{staff} is a group; name its members one by one"


def test_a_reset_asks(host: Host, alice: str) -> None:
    enrolled(host, alice)
    assert "confirm with --yes" in host.refuses("users", "reset", alice)
    assert host.json("users", "show", alice)["activated"] is True


@pytest.mark.parametrize("failures", [10, 25])
def test_unlock_ends_a_lock_and_keeps_the_device(host: Host, alice: str, failures: int) -> None:
    enrolled(host, alice)
    lock(host, alice, failures)
    assert host.json("users", "show", alice)["locked"] is True
    assert "locked until" in host.does("users", "list")
    assert host.does("users", "unlock", alice) == f"{alice} can try again.\n"
    told = host.json("users", "show", alice)
    assert (told["locked"], told["failures"], told["activated"]) == (False, 0, True)


def test_unlock_of_who_is_not_locked_says_so(host: Host, alice: str) -> None:
    host.does("users", "add", alice)
    assert host.does("users", "unlock", alice) == f"{alice} was not locked.\n"


def test_an_altered_record_is_shown_and_can_be_started_over(host: Host, alice: str) -> None:
    enrolled(host, alice)
    with sqlite3.connect(host.state / "state.db") as database:
        database.execute("UPDATE accounts SET enrol_opened_at = enrol_opened_at + 1")
    database.close()
    assert "not the one that was stored last" in host.json("users", "show", alice)["trouble"]
    assert "not the one that was stored last" in host.does("users", "list")
    host.does("users", "reset", alice, "--yes")
    assert host.json("users", "show", alice)["trouble"] is None


@pytest.mark.parametrize(("answer", "activated"), [("n", True), ("", True), ("y", False)])
def test_on_a_terminal_it_asks_and_only_yes_is_yes(host: Host, alice: str, answer: str, activated: bool) -> None:
    enrolled(host, alice)
    command, *arguments = host.argv("users", "reset", alice)
    terminal = pexpect.spawn(command, arguments, encoding="utf-8")
    terminal.expect("no longer gives valid codes.*N]")
    terminal.sendline(answer)
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == int(activated)
    assert host.json("users", "show", alice)["activated"] is activated
