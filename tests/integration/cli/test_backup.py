"""`rw2fa backup` and `restore` beside a real daemon."""

import sqlite3
import stat
import subprocess
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from rw2fa_daemon.core.account import Account, Bypass, Credential
from rw2fa_daemon.core.otp import code_at
from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.store.rollback_detector import marker_file, read_outside
from rw2fa_daemon.store.secrets import TWILIO_TOKEN
from tests.integration.cli.command import Done, Host
from tests.support.daemon import HOST_USERS
from tests.support.world.terminal import Terminal

ALICE, BOB, CAROL = HOST_USERS[:3]
STEPS_OF_A_SECOND = 3.0
PASSPHRASE = "correct horse battery"


def run(host: Host, *arguments: str, passphrase: str = PASSPHRASE) -> Done:
    return host.process(*arguments, stdin=f"{passphrase}\n")


def does(host: Host, *arguments: str) -> str:
    done = run(host, *arguments)
    assert done.status == 0, done.err
    return done.out


def refuses(host: Host, *arguments: str, passphrase: str = PASSPHRASE) -> str:
    done = run(host, *arguments, passphrase=passphrase)
    assert done.status == 1, done
    assert done.err.count("\n") == 1, done.err
    return done.err.removeprefix("rw2fa: ").strip()


@pytest.fixture
def people(host: Host) -> Host:
    host.write_config(scope=[ALICE, BOB, CAROL])
    host.enrol(ALICE, BOB)
    with closing(host.store()) as store:
        store.keep_secret(TWILIO_TOKEN, Secret(b"token"))
    return host


@pytest.fixture
def file(tmp_path: Path) -> Path:
    folder = tmp_path / "backups"
    folder.mkdir()
    return folder / "state.backup"


def change(host: Host, name: str, **fields: object) -> None:
    account = host.account(name)
    assert account is not None
    with closing(host.store()) as store:
        store.transact(name, lambda _: (replace(account, **fields), None))  # type: ignore[arg-type]  # of any field


def test_promise_7_a_backup_shows_nothing_of_what_it_holds_and_is_for_its_owner_alone(people: Host, file: Path) -> None:
    out = does(people, "backup", str(file))
    assert out == f"Saved 2 users to {file}. It cannot be read without the passphrase.\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(file.parent.iterdir()) == [file]
    content = file.read_bytes()
    master_key = people.key.read_text().strip().partition(":")[2].encode()
    for secret in (people.secrets[ALICE].reveal(), ALICE.encode(), b"token", b"SQLite", master_key):
        assert secret not in content
    assert "rw2fa backup, 2 users" in people.does("audit")


def test_what_was_saved_comes_back_while_the_daemon_runs(people: Host, file: Path) -> None:
    bob = people.account(BOB)
    assert bob is not None
    assert bob.credential is not None
    # So that the test need not wait a minute until codes are from after the restore.
    change(people, BOB, credential=replace(bob.credential, period=1))
    with people.daemon() as process:
        does(people, "backup", str(file))
        change(people, ALICE, credential=Credential(Secret(b"other secret, of now"), active=True))
        with closing(people.store()) as store:
            store.transact(BOB, lambda _: (None, None))
            store.transact("new", lambda _: (Account("new", 9, 9), None))
            store.forget_secret(TWILIO_TOKEN)
        out = does(people, "restore", str(file), "--yes")
        assert out.startswith("Restored 2 users as of ")
        with closing(people.store()) as store:
            assert list(store.names()) == sorted([ALICE, BOB])
            assert store.secret(TWILIO_TOKEN) == Secret(b"token")
        for name in (ALICE, BOB):
            account = people.account(name)
            assert account is not None
            assert account.credential is not None
            assert account.credential.secret == people.secrets[name]
        assert people.status()["state"] == "ok"
        assert process.poll() is None
        time.sleep(STEPS_OF_A_SECOND)
        code = code_at(people.secrets[BOB], int(time.time()), 10)
        assert people.login(BOB, code)["rule"] == "code-right", "the daemon goes on with it"


def test_promise_7_after_a_restore_no_code_from_before_counts(people: Host, file: Path) -> None:
    with people.daemon():
        does(people, "backup", str(file))
        code = people.code(ALICE)
        assert people.login(ALICE, code)["rule"] == "code-right"
        does(people, "restore", str(file), "--yes")
        assert "used already" in people.login(ALICE, code)["text"]


def test_promise_7_after_a_restore_nothing_else_from_before_counts(people: Host, file: Path) -> None:
    words = people.json("users", "recovery", ALICE)["recovery_codes"]
    change(people, BOB, bypass=Bypass(int(time.time()) + 3600, once=True))
    people.does("users", "reset", CAROL, "--yes")
    does(people, "backup", str(file))
    with people.daemon():
        assert people.login(ALICE, words[0])["rule"] == "recovery-code"
        assert people.login(BOB, "")["rule"] == "bypass"
        out = does(people, "restore", str(file), "--yes")
        assert f"Recovery codes are void: {ALICE}." in out
        assert f"Bypasses ended: {BOB}." in out
        assert f"Not enrolled in the backup: {CAROL}." in out
        for word in words[:2]:
            assert people.login(ALICE, word).get("rule") != "recovery-code"
        with people.hook() as hook:
            assert hook.open(BOB)["verb"] == "ask"
        with people.hook() as hook:
            assert hook.open(CAROL)["rule"] == "enrol-closed"
        people.does("users", "reset", CAROL, "--yes")
        with people.hook() as hook:
            assert hook.open(CAROL)["verb"] == "ask"


def test_promise_7_who_enrolled_after_the_backup_cannot_be_enrolled_by_somebody_else(people: Host, file: Path) -> None:
    with people.daemon():
        does(people, "backup", str(file))
        people.enrol(CAROL)
        does(people, "restore", str(file), "--yes")
        with people.hook() as hook:
            assert hook.open(CAROL)["rule"] == "enrol-closed"


def test_a_restore_raises_no_alarm_about_an_older_state(people: Host, file: Path) -> None:
    with people.daemon():
        does(people, "backup", str(file))
        assert people.login(ALICE, people.code(ALICE))["rule"] == "code-right"
        does(people, "restore", str(file), "--yes")
        assert read_outside(marker_file(people.state)) is not None
    with people.daemon():
        pass
    assert "state-older" not in people.does("audit")


def test_it_is_put_back_on_another_host_with_a_key_of_its_own(
    people: Host, bare: Host, file: Path, tmp_path: Path
) -> None:
    does(people, "backup", str(file))
    other = Host(tmp_path / "other", secrets=people.secrets, digits=people.digits)
    other.folder.mkdir()
    other.configure()
    assert "run `rw2fa init`" in refuses(other, "restore", str(file), "--yes")
    other.does("init")
    assert other.key.read_bytes() != people.key.read_bytes()
    shown = run(other, "restore", str(file), "--yes", "--json")
    assert '"people": 2' in shown.out
    account = other.account(ALICE)
    assert account is not None
    assert account.credential is not None
    assert account.credential.secret == people.secrets[ALICE]


def test_a_backup_outlives_a_change_of_the_key(people: Host, file: Path) -> None:
    does(people, "backup", str(file))
    people.does("key", "rotate")
    does(people, "restore", str(file), "--yes")
    assert people.account(ALICE) is not None
    people.does("key", "rotate")
    assert people.account(ALICE) is not None


def test_promise_7_a_backup_that_was_altered_or_cut_short_changes_nothing(people: Host, file: Path) -> None:
    does(people, "backup", str(file))
    content = file.read_bytes()
    before = people.account(ALICE)
    for altered in (content[:-1], content[: len(content) // 2], content[:-20] + b"?" + content[-19:], content + b"x"):
        file.write_bytes(altered)
        assert "altered" in refuses(people, "restore", str(file), "--yes")
    file.write_bytes(content)
    assert "the passphrase is wrong" in refuses(people, "restore", str(file), "--yes", passphrase="wrong horse battery")
    file.write_bytes(b"something else")
    assert "no backup of rw2fa" in refuses(people, "restore", str(file), "--yes")
    assert people.account(ALICE) == before


def test_what_is_there_is_neither_overwritten_nor_replaced_unasked(people: Host, file: Path) -> None:
    file.write_text("precious")
    assert refuses(people, "backup", str(file)).startswith(f"{file} exists already;")
    assert file.read_text() == "precious"
    file.unlink()
    assert "at least 12" in refuses(people, "backup", str(file), passphrase="short")
    assert not file.exists()
    does(people, "backup", str(file))
    assert "Replace the records of 2 users by the backup of " in refuses(people, "restore", str(file))


def test_a_record_that_was_altered_is_named_and_the_others_are_saved(people: Host, file: Path) -> None:

    with closing(sqlite3.connect(people.state / "state.db", isolation_level=None)) as raw:
        raw.execute("UPDATE accounts SET uid = 0 WHERE name = ? AND part = 0", (ALICE,))
    done = run(people, "backup", str(file))
    assert done.status == 0
    assert f"not saved: 1 records are not those that were stored last: {ALICE};" in done.err
    does(people, "restore", str(file), "--yes")
    assert people.account(ALICE) is None
    assert people.account(BOB) is not None


def test_promise_3_the_passphrase_is_typed_twice_and_not_shown(people: Host, file: Path) -> None:
    saving = Terminal(people.argv("backup", str(file)), 30)
    saving.answer(r"Passphrase \(not shown\): ", PASSPHRASE)
    saving.answer(r"Repeat for confirmation: ", PASSPHRASE)
    assert saving.end() == 0
    putting_back = Terminal(people.argv("restore", str(file)), 30)
    putting_back.answer(r"Passphrase \(not shown\): ", PASSPHRASE)
    putting_back.answer(r"Replace the records of 2 users by the backup of .* with 2 users\? \[y/N\]: ", "n")
    assert putting_back.end() == 1
    assert "nothing was changed" in putting_back.screen
    assert PASSPHRASE not in saving.screen + putting_back.screen


@pytest.mark.namespaces
def test_a_mark_that_cannot_be_written_does_not_stop_a_restore(people: Host, file: Path) -> None:
    with people.daemon():
        does(people, "backup", str(file))
    mark = marker_file(people.state)
    before = mark.read_bytes()
    # Not even root writes there.
    script = f'mount --bind -o ro {mark.parent} {mark.parent}; exec "$@"'
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-ec", script, "sh", *people.argv("restore", str(file), "--yes")],
        input=f"{PASSPHRASE}\n",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert f"cannot be kept in {mark.parent}: Read-only file system" in done.stderr
    assert mark.read_bytes() == before
    with people.daemon():
        pass
    assert "state-older" not in people.does("audit")
