"""The floor: a time before which no code counts, for when acceptances may be lost (promise 7).

A restored state, or a database after a failover, may lack the codes accepted last. Then the present time is stored
in `meta`, and no code from before counts.
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

# As many digits as fit, as a step, into the eight bytes that a record has for it.
_VALUE: Final = re.compile(rb"[0-9]{1,12}")


def read(connection: Connection) -> int:
    """The floor in UTC seconds, 0 if it was never set.

    Raises `StateProblem` if the stored value is not a time: judging without the floor could accept a code twice.
    Raises the driver's errors.
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
    """Raise the floor to `second` (UTC); False if it is there already.

    Never lowers the floor. Closes open enrolments, forgets who was outside the scope (see `core.rollback`) and ends
    portal logons. Raises `ValueError` for a second that is negative or has more than twelve digits, `StateProblem` as
    `read` does, and the driver's errors.
    """
    with connection.transaction():
        return lift_within(connection, vault, second)


def lift_within(connection: Connection, vault: Vault, second: int) -> bool:
    """`lift`, within a transaction."""
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
    """`stored` with its account as after a rollback at `second` (UTC), unless that is stored already.

    The columns stay as they are, so that reading an account does not change it; the next change
    stores it.
    """
    if not second or not forgot(stored.account, second):
        return stored
    return stored._replace(account=after_rollback(stored.account, second))


def mark_applied(account: Account, second: int) -> Account:
    """The account to store: marked, so that the rollback at `second` (UTC) is not applied to it again."""
    return with_floor(account, second) if second else account
