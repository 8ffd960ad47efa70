"""`rw2fa backup`: all users' records and the installation's secrets, in one file under a passphrase."""

import contextlib
import json
import os
import secrets
import socket
import struct
import tempfile
import time
from pathlib import Path
from typing import BinaryIO, Final

import click

from rw2fa_daemon.cli import after_change
from rw2fa_daemon.cli.backup.passphrase import new_passphrase
from rw2fa_daemon.cli.context import CliContext, pass_cli
from rw2fa_daemon.cli.printing import JSON_OPTION, iso, note, say, show_json, shown
from rw2fa_daemon.core.account import Account
from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.files.folder import sync_folder
from rw2fa_daemon.store.sqlite.place import FILE_NAME
from rw2fa_daemon.store.store import Job, StateProblem, Store
from rw2fa_daemon.vault.master_key import KEY_BYTES, MasterKey, written
from rw2fa_daemon.vault.sealed_file import SealedWriter
from rw2fa_daemon.vault.vault import Vault

FILE_MODE: Final = 0o600
AT_ONCE: Final = 500
"""Users written in one transaction."""
COPIED_AT_ONCE: Final = 1024 * 1024
LENGTH: Final = struct.Struct(">I")
"""The length of the line of JSON that follows it at the start of a backup; then comes the database."""


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@JSON_OPTION
@pass_cli
def backup(cli: CliContext, file: Path, *, as_json: bool) -> None:
    """Save the state to FILE, under a passphrase.

    Logins go on meanwhile; the backup is a snapshot. The passphrase is prompted for, or is the first line of standard
    input. The file contains all users' secrets and everything else, except the master key, that is needed to restore
    them on this host or another: it is as safe as the passphrase.
    """
    if file.exists():
        raise Problem(f"{file} exists already", "name another file, or move that one away")
    if not file.absolute().parent.is_dir():
        raise Problem(f"there is no folder {file.absolute().parent}", "create it, or name another file")
    passphrase = new_passphrase()
    at = int(time.time())
    with tempfile.TemporaryDirectory(prefix="rw2fa-") as folder:
        key = MasterKey(1, Secret(os.urandom(KEY_BYTES)))
        people, unsound = _copy(cli.store, Path(folder), Vault(key))
        head = {"made_at": at, "host": socket.gethostname(), "people": people, "key": written(key).decode("ascii")}
        size = _write(file, Path(folder, FILE_NAME), head, passphrase)
    after_change.record(cli, f"rw2fa backup, {people} users")
    if as_json:
        show_json({"file": str(file), "people": people, "bytes": size, "made_at": iso(at), "complete": not unsound})
    else:
        say(f"Saved {people} users to {shown(str(file))}. It cannot be read without the passphrase.")
    if unsound:
        note(f"not saved: {unsound}")


def _copy(store: Store, folder: Path, vault: Vault) -> tuple[int, str]:
    """Copy all users into a state in a folder, under a key of its own; how many, and what is wrong with the rest."""
    unsound = ""
    copy = Store.open(folder, vault, create=True)
    try:
        with store.frozen():
            batch, people = [], 0
            accounts = store.accounts()
            while True:
                try:
                    account = next(accounts, None)
                except StateProblem as problem:
                    account, unsound = None, str(problem)
                if account is not None:
                    batch.append(account)
                if batch and (account is None or len(batch) == AT_ONCE):
                    _put(copy, batch)
                    people += len(batch)
                    batch = []
                if account is None:
                    break
            for name, secret in store.all_secrets().items():
                copy.keep_secret(name, secret)
    finally:
        copy.close()
    return people, unsound


def _put(copy: Store, accounts: list[Account]) -> None:
    def job(account: Account) -> Job[None]:
        return Job(account.name, lambda _: (account, None))

    for outcome in copy.run([job(account) for account in accounts]):
        if outcome is not None:
            raise outcome


def _write(file: Path, database: Path, head: dict[str, object], passphrase: Secret) -> int:
    """Write the backup, complete and durable, or not at all. Returns its size in bytes; raises Problem."""
    draft = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
    try:
        try:
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, FILE_MODE)
            with os.fdopen(descriptor, "wb") as stream, database.open("rb") as content:
                os.fchmod(stream.fileno(), FILE_MODE)
                _seal(stream, content, head, passphrase)
                stream.flush()
                os.fsync(stream.fileno())
            size = draft.stat().st_size
            # A link, unlike a rename, fails if the name is taken.
            os.link(draft, file)
        finally:
            with contextlib.suppress(FileNotFoundError):
                draft.unlink()
        sync_folder(file.absolute().parent)
    except FileExistsError:
        raise Problem(f"{file} exists already", "name another file, or move that one away") from None
    except OSError as error:
        raise Problem(
            f"{file} cannot be written: {error.strerror}",
            "name a file on a file system with free space and hard links",
        ) from error
    return size


def _seal(stream: BinaryIO, content: BinaryIO, head: dict[str, object], passphrase: Secret) -> None:
    writer = SealedWriter(stream, passphrase)
    line = json.dumps(head).encode()
    writer.write(LENGTH.pack(len(line)) + line)
    while piece := content.read(COPIED_AT_ONCE):
        writer.write(piece)
    writer.close()
