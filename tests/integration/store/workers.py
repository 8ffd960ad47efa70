"""Programs that use one state, for tests with several processes.

`python -m tests.integration.store.workers BASE PROGRAM …`; each prints a line for what was acknowledged, after it was.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from rw2fa_daemon.config.database_url import parse
from rw2fa_daemon.core.account import Account
from rw2fa_daemon.core.database import Database
from rw2fa_daemon.core.logon import Logons, LogonSettings, PassFound, use
from rw2fa_daemon.store.store import Job, StateProblem, Store
from rw2fa_daemon.vault.master_key import load_master_key
from rw2fa_daemon.vault.vault import Vault
from tests.unit.store.samples import spend

KEY_NAME: Final = "master.key"
URL_NAME: Final = "database.url"
"""Says where the database is, if the state is not in its folder."""
STATE_NAME: Final = "state"


def fail_once(stored: Account | None) -> tuple[Account | None, int]:
    """Count a failure, as a wrong code does; gives the number of failures so far."""
    assert stored is not None
    failures = stored.counters.failures + 1
    return replace(stored, counters=replace(stored.counters, failures=failures)), failures


def count(store: Store, times: str, at_once: str) -> None:
    """Count failures of `new`, several in each batch; prints the numbers that were acknowledged."""
    for _ in range(int(times) // int(at_once)):
        for number in store.run([Job("new", fail_once)] * int(at_once)):
            if isinstance(number, StateProblem):
                raise number
            print(number, flush=True)


def login(store: Store, steps: str) -> None:
    """Try a code for each step, in order, from a signal on standard input on; prints what was accepted."""
    print("ready", flush=True)
    sys.stdin.readline()
    for step in range(1, int(steps) + 1):
        if store.transact("new", spend(step)):
            print(step, flush=True)


def use_pass(store: Store, passes: str) -> None:
    """Log in by each pass of `new`, from a signal on standard input on; prints which of them let this process in."""
    settings = LogonSettings(3600, 28_800, 900, without_address=False)
    print("ready", flush=True)
    sys.stdin.readline()
    for number in range(int(passes)):
        address, now = f"10.0.0.{number}", time.time()

        def work(
            account: Account | None, known: Logons, address: str = address, now: float = now
        ) -> tuple[Account | None, Logons, bool]:
            after, found, _ = use(known, address, settings, now)
            return account, after, found is PassFound.USED

        if store.with_logons("new", work, settings, now):
            print(number, flush=True)


def batches(store: Store, first: str) -> None:
    """Try codes for ever, for eight people at once, each step twice; prints what was accepted.

    Whoever starts it again gives a smaller step than was reached, to try those again as well.
    """
    step = int(first)
    while True:
        names = [f"user{number}" for number in range(8)] * 2
        for name, accepted in zip(names, store.run([Job(name, spend(step)) for name in names]), strict=True):
            if isinstance(accepted, StateProblem):
                raise accepted
            if accepted:
                print(f"{name}:{step}", flush=True)
        step += 1


def look(store: Store) -> None:
    """Print the names of the accounts."""
    for account in store.accounts():
        print(account.name)


PROGRAMS: Final[dict[str, Callable[..., None]]] = {
    "batches": batches,
    "count": count,
    "init": look,
    "login": login,
    "look": look,
    "use_pass": use_pass,
}


def database_of(base: Path) -> Database | None:
    """Where the state is, if not in the folder."""
    url = base / URL_NAME
    return parse(url.read_text()) if url.exists() else None


def main() -> None:
    base, what, *arguments = sys.argv[1:]
    vault = Vault(load_master_key(Path(base, KEY_NAME)))
    store = Store.open(Path(base, STATE_NAME), vault, create=what == "init", database=database_of(Path(base)))
    PROGRAMS[what](store, *arguments)
    store.close()


if __name__ == "__main__":
    main()
