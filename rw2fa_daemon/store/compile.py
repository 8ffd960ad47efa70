"""Write `compiled_sqlite.py` and `compiled_postgresql.py`, the text of `statements.STATEMENTS` for each database.

Run `python -m rw2fa_daemon.store.compile` after a change to `schema.py` or `statements.py`; a
test fails until that was done.
"""

import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Final, cast

from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import psycopg
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import ClauseElement

from rw2fa_daemon.store.statements import POSTGRESQL_ONLY, SQLITE_ONLY, STATEMENTS

SQLITE: Final = Path(__file__).with_name("compiled_sqlite.py")
POSTGRESQL: Final = Path(__file__).with_name("compiled_postgresql.py")
_WIDTH: Final = 110
_HEAD: Final = '''"""SQL for {database}. Written by rw2fa_daemon/store/compile.py: change statements.py instead.

Above each statement stand its parameters in their order.
"""

from typing import Final
'''


def compiled() -> dict[Path, str]:
    """What must be in each file."""
    # psycopg's own marks for parameters, without names, as SQLite has them.
    postgresql: DefaultDialect = psycopg.dialect(paramstyle="format")  # type: ignore[no-untyped-call]  # SQLAlchemy's
    return {
        SQLITE: _module("SQLite", STATEMENTS | SQLITE_ONLY, sqlite.dialect()),
        POSTGRESQL: _module("PostgreSQL", STATEMENTS | POSTGRESQL_ONLY, postgresql),
    }


def _module(database: str, statements: Mapping[str, ClauseElement], dialect: DefaultDialect) -> str:
    constants = (_constant(name, statements[name], dialect) for name in sorted(statements))
    return "".join([_HEAD.format(database=database), *constants])


def _constant(name: str, statement: ClauseElement, dialect: DefaultDialect) -> str:
    made = cast(SQLCompiler, statement.compile(dialect=dialect))
    parameters = _wrapped(", ".join(made.positiontup or ()) or "none", "# ")
    text = "\n".join(_wrapped(line, "    ") for line in str(made).splitlines())
    return f'\n{parameters}\n{name.upper()}: Final = """\n{text}\n"""\n'


def _wrapped(text: str, indent: str) -> str:
    return textwrap.fill(
        text,
        _WIDTH,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


if __name__ == "__main__":
    for path, content in compiled().items():
        path.write_text(content, encoding="utf-8")
