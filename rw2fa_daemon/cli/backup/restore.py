"""`rw2fa restore`: replace the state by what `rw2fa backup` saved."""

import json
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

import click

from rw2fa_daemon.cli import after_change
from rw2fa_daemon.cli.backup.backup import LENGTH
from rw2fa_daemon.cli.backup.passphrase import known_passphrase
from rw2fa_daemon.cli.confirm import YES_OPTION, make_sure
from rw2fa_daemon.cli.context import CliContext, daemon_owner, pass_cli
from rw2fa_daemon.cli.key.lock import alone
from rw2fa_daemon.cli.printing import JSON_OPTION, iso, note, say, show_json, shown, when
from rw2fa_daemon.core.account import Account
from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.core.rollback import after_rollback
from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.store.rollback_detector import make_place, marker_file, read_outside, usable, write_outside
from rw2fa_daemon.store.rollback_marker import RollbackMarker
from rw2fa_daemon.store.sqlite.place import FILE_NAME
from rw2fa_daemon.store.store import StateProblem, Store
from rw2fa_daemon.vault.master_key import MasterKey, parsed
from rw2fa_daemon.vault.sealed_file import unsealed
from rw2fa_daemon.vault.vault import Vault

HEAD_MAX: Final = 64 * 1024
"""Bytes of the line that a backup begins with."""
NAMES_SHOWN: Final = 10


class _Backup(NamedTuple):
    """The content of a backup: its time (UTC seconds) and host, the accounts, and the installation's secrets."""

    made_at: int
    host: str
    accounts: list[Account]
    secrets: dict[str, Secret]


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@JSON_OPTION
@YES_OPTION
@pass_cli
def restore(cli: CliContext, file: Path, *, as_json: bool, yes: bool) -> None:
    """Replace everything in the state by what was saved to FILE.

    A running daemon continues with it. Which codes were accepted since the backup is no longer known: so no code
    from before the restore is accepted, recovery codes and bypasses are void, and users without a device need a
    reset to enrol. The state must exist, with its own key; on a new host run `rw2fa init` first.
    """
    store = _opened(cli)
    with alone(cli.config.master_key):
        if len(cli.vault.numbers) > 1:
            raise Problem("the master key is being changed", "finish that first with: rw2fa key rotate")
        saved = _read(file)
        there = sum(1 for _ in store.names())
        make_sure(
            f"Replace the records of {there} users by the backup of {when(saved.made_at)} with "
            f"{len(saved.accounts)} users?",
            yes=yes,
        )
        now = int(time.time())
        outside = read_outside(marker_file(cli.config.state))
        mark = store.replace_all(saved.accounts, saved.secrets, now, outside)
        # Only now: a marker ahead of the state would look like a loss.
        _move_on(cli.config.state, mark)
    cli.sync_scope()
    after_change.record(
        cli, f"rw2fa restore, {len(saved.accounts)} users of {iso(saved.made_at)} from {shown(saved.host)}"
    )
    after_change.reload(cli)
    _tell(saved, now, as_json=as_json)


def _move_on(state: Path, mark: RollbackMarker) -> None:
    try:
        make_place(state, daemon_owner())
        with usable(state):
            write_outside(marker_file(state), mark)
    except StateProblem as problem:
        # The old one raises no alarm, and the daemon tries again.
        note(str(problem))


def _opened(cli: CliContext) -> Store:
    try:
        return cli.store
    except Problem as problem:
        raise Problem(
            f"there is no usable state to restore into: {problem.what}",
            f"move {cli.config.state / FILE_NAME}* away, if it exists and cannot be used, run `rw2fa init`, and "
            "then run this again",
        ) from problem


def _read(file: Path) -> _Backup:
    """Unpack a backup in a temporary folder; raises Problem if it is not one, or is damaged."""
    try:
        stream = file.open("rb")
    except OSError as error:
        raise Problem(f"{file} cannot be read: {error.strerror}", "name a file that `rw2fa backup` made") from error
    with stream, tempfile.TemporaryDirectory(prefix="rw2fa-") as folder:
        passphrase = known_passphrase()
        try:
            head = _unpack(stream, passphrase, Path(folder, FILE_NAME))
        except OSError as error:
            raise Problem(
                f"{file} cannot be unpacked in {folder}: {error.strerror}", "set TMPDIR to a folder with more room"
            ) from error
        made_at, host, key = _parsed_head(head)
        copy = Store.open(Path(folder), Vault(key))
        try:
            return _Backup(made_at, host, list(copy.accounts()), copy.all_secrets())
        finally:
            copy.close()


def _unpack(stream: BinaryIO, passphrase: Secret, database: Path) -> bytes:
    """Write the database of a backup to `database`; returns the line before it."""
    pieces = unsealed(stream, passphrase)
    start = next(pieces)
    (length,) = LENGTH.unpack(start[: LENGTH.size]) if len(start) >= LENGTH.size else (HEAD_MAX + 1,)
    if length > min(HEAD_MAX, len(start) - LENGTH.size):
        raise _unknown()
    descriptor = os.open(database, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as target:
        target.write(start[LENGTH.size + length :])
        _copy(pieces, target)
    return start[LENGTH.size : LENGTH.size + length]


def _copy(pieces: Iterator[bytes], target: BinaryIO) -> None:
    target.writelines(pieces)


def _parsed_head(head: bytes) -> tuple[int, str, MasterKey]:
    try:
        fields = json.loads(head)
        return int(fields["made_at"]), str(fields["host"]), parsed(str(fields["key"]).encode(), "of the backup")
    except (ValueError, KeyError, TypeError):
        raise _unknown() from None


def _unknown() -> Problem:
    return Problem("the backup does not contain a state", "install the version of rw2fa that made it")


def _tell(saved: _Backup, now: int, *, as_json: bool) -> None:
    without_codes = [account.name for account in saved.accounts if account.recovery]
    no_device = [account.name for account in saved.accounts if not after_rollback(account, now).activated]
    ended = [account.name for account in saved.accounts if account.bypass is not None and account.bypass.until > now]
    if as_json:
        show_json(
            {
                "made_at": iso(saved.made_at),
                "host": saved.host,
                "people": len(saved.accounts),
                "recovery_codes_void": without_codes,
                "bypasses_ended": ended,
                "to_reset": no_device,
            }
        )
        return
    say(f"Restored {len(saved.accounts)} users as of {when(saved.made_at)}.")
    say("No code from before is accepted: users who log in now wait for the next one, at most a minute.")
    if without_codes:
        say(f"Recovery codes are void: {_some(without_codes)}. New ones: rw2fa users recovery NAME")
    if ended:
        say(f"Bypasses ended: {_some(ended)}.")
    if no_device:
        say(f"Not enrolled in the backup: {_some(no_device)}. They enrol after: rw2fa users reset NAME")
    say(f"What administrators changed since then is undone; see: rw2fa audit --since {iso(saved.made_at)}")
    note("users who were reset since then have the old device again: reset them once more")


def _some(names: list[str]) -> str:
    return ", ".join(map(shown, names[:NAMES_SHOWN])) + (
        f" and {len(names) - NAMES_SHOWN} others" if len(names) > NAMES_SHOWN else ""
    )
