"""Where a test's state is: in SQLite or in PostgreSQL; a test without a reason to do else runs on both."""

import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import psycopg
import pytest
from psycopg.types.string import StrDumper

from rw2fa_daemon.core.database import Database
from rw2fa_daemon.store.rollback_detector import RollbackDetector
from rw2fa_daemon.store.store import Store
from rw2fa_daemon.vault.vault import Vault
from tests.support.postgresql import SUPERUSER, Cluster

KINDS = ("sqlite", "postgresql")
ONLY_SQLITE = pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
ONLY_POSTGRESQL = pytest.mark.parametrize("kind", ["postgresql"], indirect=True)

_BYTES = re.compile(r"\b[xX]'([0-9a-f]*)'")
"""SQLite's way to write bytes."""


class Rows(Protocol):
    """What came of a statement."""

    def fetchone(self) -> Any: ...

    def fetchall(self) -> list[Any]: ...


class Raw(Protocol):
    """Somebody who writes to the state without the key. A `?` stands for a parameter."""

    def execute(self, statement: str, parameters: Sequence[object] = (), /) -> Rows: ...


def forge(raw: Raw, statement: str, *parameters: object) -> bool:
    """Write to the state without the key; False if the database takes no such value in that column."""
    try:
        raw.execute(statement, parameters)
    except (psycopg.DataError, psycopg.errors.DatatypeMismatch, psycopg.errors.NotNullViolation):
        return False
    return True


@dataclass(frozen=True)
class ScopeResult:
    """A place for a state."""

    folder: Path
    cluster: Cluster | None

    @property
    def database(self) -> Database | None:
        """What a store must be told of it beside the folder."""
        return None if self.cluster is None else self.cluster.database

    def open(
        self,
        vault: Vault,
        *,
        create: bool = False,
        tell: Callable[[str], None] = lambda _happened: None,
        detector: RollbackDetector | None = None,
    ) -> Store:
        """A store that uses it."""
        return Store.open(self.folder, vault, create=create, database=self.database, tell=tell, detector=detector)

    @contextmanager
    def raw(self) -> Iterator[Raw]:
        """A way around the store."""
        if self.cluster is None:
            with closing(sqlite3.connect(self.folder / "state.db", isolation_level=None)) as connection:
                yield connection
        else:
            with closing(self.cluster.connect(SUPERUSER)) as other:
                # Text is text, and not whatever the column would have.
                other.adapters.register_dumper(str, StrDumper)

                class Translated:
                    def execute(self, statement: str, parameters: Sequence[object] = (), /) -> Rows:
                        translated = _BYTES.sub(r"'\\x\1'::bytea", statement.replace("?", "%s"))
                        return other.execute(translated, parameters or None)

                yield Translated()
