"""What a server must guarantee before a login relies on its commits (promise 1)."""

from dataclasses import dataclass
from typing import Any, Final

import psycopg

from rw2fa_daemon.store.problem import StateProblem

LOOK: Final = """
    SELECT current_setting('synchronous_commit'), current_setting('fsync'), pg_is_in_recovery(),
    current_setting('transaction_read_only'), current_setting('server_encoding')
"""

DURABLE: Final = frozenset({"on", "local", "remote_write", "remote_apply"})
"""Values of synchronous_commit with which COMMIT returns after the server has flushed its own log
(https://www.postgresql.org/docs/current/runtime-config-wal.html). A standby may still lack it; the
floor on the time step covers a failover."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings that a server reports."""

    synchronous_commit: str
    fsync: str
    in_recovery: bool
    read_only: str
    encoding: str

    def complaint(self, place: str) -> StateProblem | None:
        """Why the server cannot be used; None if it can."""
        if self.in_recovery:
            return StateProblem(
                f"{place} is a standby, which takes no writes",
                "name the primary in database.url; with several hosts there, separated by commas, the primary is found",
            )
        if self.read_only != "off":
            return StateProblem(
                f"{place} takes no writes (default_transaction_read_only is on)",
                "set it to off for the user that rw2fa signs in as",
            )
        if self.synchronous_commit not in DURABLE:
            return StateProblem(
                f"{place} says that something is stored before it is (synchronous_commit is {self.synchronous_commit}),"
                " so that a code could be accepted twice",
                "set synchronous_commit to on in postgresql.conf, or for the user that rw2fa signs in as",
            )
        if self.fsync != "on":
            return StateProblem(
                f"{place} does not make sure that what it writes reaches the disk (fsync is {self.fsync}), so that a"
                " code could be accepted twice",
                "set fsync to on in postgresql.conf",
            )
        if self.encoding != "UTF8":
            return StateProblem(
                f"{place} stores text as {self.encoding}, which has no place for every name",
                "make the database anew with `createdb --encoding=UTF8 --template=template0`",
            )
        return None


def demand(driver: psycopg.Connection[tuple[Any, ...]], place: str) -> None:
    """Raise `StateProblem` unless commits are durable; pins that for this session."""
    row = driver.execute(LOOK, prepare=False).fetchone()
    assert row is not None, "settings are one row"
    settings = Settings(*row)
    if (complaint := settings.complaint(place)) is not None:
        raise complaint
    # The server's configuration may change while this connection lasts.
    driver.execute("SELECT set_config('synchronous_commit', %s, false)", (settings.synchronous_commit,), prepare=False)
