"""Replacing all accounts by those of a backup (`rw2fa restore`)."""

from collections.abc import Iterable, Mapping

from rw2fa_daemon.core.account import Account
from rw2fa_daemon.core.rollback import after_rollback
from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.store import floor, key_check, rollback_marker, secrets
from rw2fa_daemon.store import statements as sql
from rw2fa_daemon.store.engine import Connection
from rw2fa_daemon.store.record import encode
from rw2fa_daemon.store.rollback_marker import RollbackMarker
from rw2fa_daemon.vault.vault import Vault


def replace_all(
    connection: Connection,
    vault: Vault,
    accounts: Iterable[Account],
    restored: Mapping[str, Secret],
    second: int,
    outside: RollbackMarker | None,
) -> RollbackMarker:
    """Replace all accounts and secrets, and let no code from before `second` (UTC) count.

    All or nothing, in one transaction; sealing is done before. Running processes continue with the new state. Returns
    its rollback marker, which is beyond `outside`. Raises `StateProblem` and the driver's errors.
    """
    key_check.follow(connection, vault)
    sealed_under = vault.sealing
    # If the clock was set back the floor must rise all the same.
    second = max(second, floor.read(connection) + 1)
    records = [
        (account.name, encode(vault, account.name, None, after_rollback(account, second))) for account in accounts
    ]
    with connection.transaction():
        key_check.follow(connection, vault)
        if vault.sealing != sealed_under:
            raise key_check.changing()
        after = rollback_marker.beyond(rollback_marker.read(connection, vault), outside)
        connection.write(sql.DELETE_ALL_ACCOUNTS, [()])
        connection.write(sql.INSERT_RECORD, [(name, *row.fixed, *row.counters, row.seal) for name, row in records])
        connection.write(sql.INSERT_WITNESS, [(name, row.revision) for name, row in records])
        floor.lift_within(connection, vault, second)
        secrets.replace_within(connection, vault, restored)
        rollback_marker.write(connection, vault, after)
    return after
