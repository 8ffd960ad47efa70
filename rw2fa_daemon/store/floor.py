"""The floor under everybody's codes, for when acceptances may have been lost (promise 7).

A state that was put back, or a database that fails over, may not know of the last codes that it
accepted. Then the present is written down here, in `meta`, and no code from before counts.
"""

import re
from typing import Final

from rw2fa_daemon.core.account import Account
from rw2fa_daemon.core.rollback import after_rollback, forgot, with_floor
from rw2fa_daemon.store import scope
from rw2fa_daemon.store import statements as sql
from rw2fa_daemon.store.engine import Connection
from rw2fa_daemon.store.problem import StateProblem
from rw2fa_daemon.store.record import Stored
from rw2fa_daemon.vault.vault import Vault

KEY: Final = "floor_step"
"""Of the row in `meta`. Its value is UTC seconds in decimal digits, none but them."""

# As many digits as keep every step within the eight bytes that a record has for it.
_VALUE: Final = re.compile(rb"[0-9]{1,12}")


def read(connection: Connection) -> int:
    """UTC seconds before which no code counts, 0 if nothing says so.

    Raises `StateProblem` if what is written there is no time: judging without it could accept a
    code twice. Raises the driver's errors.
    """
    value = connection.meta(KEY)
    if value is None:
        return 0
    if not isinstance(value, bytes) or not _VALUE.fullmatch(value):
        raise StateProblem(
            f"what the state says of the time before which no code counts ({KEY} in its table meta) is no time",
            "find out who wrote to the state; then put back the whole state from a backup",
        )
    return int(value)


def lift(connection: Connection, vault: Vault, second: int) -> bool:
    """Let no code from before `second` (UTC) count from now on; False if that was so already.

    Never lowers the floor. What lets people enrol, and who was in no entry of the scope, is forgotten with it: see
    `core.rollback`. Portal logons end. Raises `ValueError` for what is no such time, `StateProblem` as `read` does, and
    the driver's errors.
    """
    with connection.transaction():
        return lift_within(connection, vault, second)


def lift_within(connection: Connection, vault: Vault, second: int) -> bool:
    """The same within a transaction that is under way."""
    value = b"%d" % second
    if not _VALUE.fullmatch(value):
        raise ValueError(f"{second} cannot be a time in UTC seconds")
    known = read(connection)
    if second <= known:
        return False
    if known or connection.meta(KEY) is not None:
        connection.write(sql.UPDATE_META, [(value, KEY)])
    else:
        connection.write(sql.INSERT_META, [(KEY, value)])
    scope.close_within(connection, vault)
    connection.write(sql.FORGET_ALL_NOT_MEMBERS, [()])
    # Which of their passes were used may be forgotten.
    connection.write(sql.DELETE_ALL_LOGONS, [()])
    return True


def applied(stored: Stored, second: int) -> Stored:
    """What is stored, the account as it is after a loss at `second` (UTC); the same if that was stored already.

    The columns stay as they are, so that a look at an account is no change of it; the next change
    stores it.
    """
    if not second or not forgot(stored.account, second):
        return stored
    return stored._replace(account=after_rollback(stored.account, second))


def mark_applied(account: Account, second: int) -> Account:
    """An account that is about to be stored, so that a loss at `second` (UTC) does not concern it any more."""
    return with_floor(account, second) if second else account
