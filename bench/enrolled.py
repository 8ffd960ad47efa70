"""`python -m bench.enrolled COUNT`, as root in a world whose daemon does not run: enrols so many people."""

import sys
from pathlib import Path

from bench.accounts import name_of
from bench.verifier import enrol
from rw2fa_daemon.config.load import load
from rw2fa_daemon.store.store import Job, Store
from rw2fa_daemon.vault.master_key import load_master_key
from rw2fa_daemon.vault.vault import Vault
from tests.support.world.installation import CONFIG, STATE


def main() -> int:
    """0 if all are."""
    vault = Vault(load_master_key(load(Path(CONFIG)).master_key))
    store = Store.open(Path(STATE), vault)
    results = store.run([Job(name_of(number), enrol(number)) for number in range(int(sys.argv[1]))])
    store.close()
    failed = [str(result) for result in results if result is not None]
    sys.stderr.write("".join(failed[:1]))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
