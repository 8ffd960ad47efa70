"""`rw2fa key rotate`: a new master key, with everything encrypted again under it, while the daemon runs."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import click

from rw2fa_daemon.cli import after_change
from rw2fa_daemon.cli.context import CliContext, pass_cli
from rw2fa_daemon.cli.key.load import hand_over, numbers
from rw2fa_daemon.cli.key.lock import alone
from rw2fa_daemon.cli.printing import JSON_OPTION, note, say, show_json, shown
from rw2fa_daemon.config.settings import BY_KEY
from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.pamstack.programs import run, under_systemd
from rw2fa_daemon.store.reseal import Pager, page_of_logons, page_of_not_members, page_of_records
from rw2fa_daemon.store.store import Store
from rw2fa_daemon.vault.master_key import (
    CREDENTIAL,
    MasterKey,
    load_master_key,
    replace_master_key,
    successor,
)
from rw2fa_daemon.vault.vault import Vault

REST: Final = 1.0
"""The pause between two transactions, as a multiple of the last one's duration, so that logins go first."""
REST_SECONDS_MIN: Final = 0.005
PASSES_MAX: Final = 100
"""Records that logins changed meanwhile need another pass. If a hundred are not enough, something else is wrong."""
NAMES_SHOWN: Final = 10

_UNIT: Final = "rw2fad.service"


@dataclass
class _Outcome:
    """What a change of the key did."""

    records: int = 0
    unsound: set[str] = field(default_factory=set)
    seconds: float = 0.0


@click.command()
@click.option("--every-host", is_flag=True, help="Continue: every host that shares the state has the new key.")
@click.option("--anew", is_flag=True, help="Start over, if the new key of an unfinished change is lost.")
@JSON_OPTION
@pass_cli
def rotate(cli: CliContext, *, every_host: bool, anew: bool, as_json: bool) -> None:
    """Encrypt the state under a new master key.

    Logins go on meanwhile. The new key is generated here and added to the key file; at the end the old one is removed,
    and no longer opens the state. An interrupted change continues when this is run again. With several hosts on one
    database it stops once the new key is generated, until that has been copied to all of them.
    """
    path = cli.config.master_key
    _refuse_a_key_from_elsewhere(cli)
    with alone(path):
        master_key = load_master_key(path)
        if master_key.older:
            begun = master_key
        else:
            begun = successor(master_key)
            # The new key must be on disk before anything is encrypted under it.
            replace_master_key(path, begun)
        store = _opened(cli, begun)
        try:
            _announce(store, path, master_key, begun, anew=anew)
            daemon_has_it = hand_over(cli, begun)
            if master_key is not begun:
                after_change.record(cli, f"rw2fa key rotate, key {begun.number} drawn")
            if cli.shares_state and not every_host:
                _tell_about_other_hosts(begun, path, as_json=as_json)
                return
            outcome = _encrypt(store)
        finally:
            store.close()
        new = replace(begun, older=())
        replace_master_key(path, new)
        if daemon_has_it:
            hand_over(cli, new)
    after_change.record(cli, f"rw2fa key rotate, everything is under key {begun.number}")
    _tell(outcome, begun, as_json=as_json)


def _encrypt(store: Store) -> _Outcome:
    """Seal everything under the newest key."""
    started = time.monotonic()
    outcome = _Outcome()
    store.change_key()
    for pager in (page_of_records, page_of_not_members, page_of_logons):
        for _ in range(PASSES_MAX):
            if not _pass(store, pager, outcome):
                break
        else:
            raise Problem("some records are still under the old key", "run the command again")
    store.reseal_rest()
    outcome.seconds = time.monotonic() - started
    return outcome


def _pass(store: Store, pager: Pager, outcome: _Outcome) -> int:
    """One pass over everything; returns how many records were encrypted again."""
    done, last = 0, ""
    while True:
        began = time.monotonic()
        page = store.reseal(pager, last)
        outcome.unsound.update(page.unsound)
        done += page.done
        if page.last is None:
            outcome.records += done if pager is page_of_records else 0
            return done
        last = page.last
        time.sleep(max(REST_SECONDS_MIN, REST * (time.monotonic() - began)))


def _opened(cli: CliContext, master_key: MasterKey) -> Store:
    """The state, opened with the keys as they are now, not as they were when the command began."""
    return cli.open_store(Vault(master_key))


def _announce(store: Store, path: Path, before: MasterKey, begun: MasterKey, *, anew: bool) -> None:
    try:
        store.announce_key(anew=anew)
    except Problem:
        if begun is not before:
            # Nothing is encrypted under the key just generated, since another change had begun.
            replace_master_key(path, before)
        raise


def _refuse_a_key_from_elsewhere(cli: CliContext) -> None:
    """Raise Problem if the daemon does not get its key from the key file: it would start with the old one."""
    path = cli.config.master_key
    where = f"{CREDENTIAL}:{path}"
    elsewhere = not path.exists()
    if not elsewhere and under_systemd() and str(cli.config.socket) == BY_KEY["paths.socket"].default:
        # Not `show`, which does not print this property.
        unit = run(["systemctl", "cat", _UNIT])
        elsewhere = unit.ok and where not in _loaded(unit.output.splitlines())
    if elsewhere:
        raise Problem(
            f"{_UNIT} does not get the master key from {path}, so it would not have the new one when it starts",
            f"put the key into that file (`systemd-creds decrypt`), give the unit LoadCredential={where}, restart it, "
            "run this, and encrypt the new file (`systemd-creds encrypt`): the administrator's guide has the steps",
        )


def _loaded(unit: Iterable[str]) -> set[str]:
    """The values of LoadCredential= in force after a unit and its drop-ins: an empty one clears the list."""
    values: set[str] = set()
    for line in unit:
        key, _, value = line.partition("=")
        if key.strip() == "LoadCredential":
            values = values | {value.strip()} if value.strip() else set()
    return values


def _tell_about_other_hosts(begun: MasterKey, path: Path, *, as_json: bool) -> None:
    if as_json:
        show_json({"key": begun.number, "done": False})
        return
    say(f"Keys {numbers(begun)} are in {path}; nothing is encrypted under key {begun.number} yet.")
    say("Copy the file to every other host that shares the state, and run there: rw2fa key load")
    say("Then run here: rw2fa key rotate --every-host")


def _tell(outcome: _Outcome, begun: MasterKey, *, as_json: bool) -> None:
    rate = outcome.records / outcome.seconds if outcome.seconds else 0.0
    unsound = sorted(outcome.unsound)
    if as_json:
        show_json(
            {
                "key": begun.number,
                "done": True,
                "records": outcome.records,
                "seconds": round(outcome.seconds, 3),
                "unsound": unsound,
            }
        )
    else:
        say(f"Everything is encrypted under key {begun.number}: {outcome.records} records, {rate:.0f} per second.")
        say("Keep a copy of the key file in a safe place. The old key opens only old copies of the state.")
    if unsound:
        names = ", ".join(map(shown, unsound[:NAMES_SHOWN])) + (", …" if len(unsound) > NAMES_SHOWN else "")
        note(f"{len(unsound)} altered records cannot be read: {names}; run `rw2fa users reset NAME` for each")
