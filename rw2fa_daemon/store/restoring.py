"""Putting other people in the place of all that there are (`rw2fa restore`)."""

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
    """Let there be these accounts and kept secrets and no others, and nothing count from before `second` (UTC).

    All or nothing, in one transaction, before which everything is sealed; running processes go on with it. Gives the
    mark that the state has then, beyond `outside`. Raises `StateProblem` and the driver's errors.
    """
    key_check.follow(connection, vault)
    sealed_under = vault.sealing
    # A clock that was set back must not leave the floor where it is.
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
