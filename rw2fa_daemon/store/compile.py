"""Write `compiled_sqlite.py`, the text of `statements.STATEMENTS` for SQLite.

Run `python -m rw2fa_daemon.store.compile` after a change to `schema.py` or `statements.py`; a
test fails until that was done.
"""

import textwrap
from pathlib import Path
from typing import Final, cast

from sqlalchemy.dialects import sqlite
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.sql.compiler import SQLCompiler

from rw2fa_daemon.store.statements import STATEMENTS

TARGET: Final = Path(__file__).with_name("compiled_sqlite.py")
_WIDTH: Final = 110
_HEAD: Final = '''"""SQL for SQLite. Written by rw2fa_daemon/store/compile.py: change statements.py instead.

Above each statement stand its parameters in their order.
"""

from typing import Final
'''


def compiled() -> str:
    """The content that `compiled_sqlite.py` must have."""
    dialect = sqlite.dialect()
    return "".join([_HEAD, *(_constant(name, dialect) for name in sorted(STATEMENTS))])


def _constant(name: str, dialect: DefaultDialect) -> str:
    statement = cast(SQLCompiler, STATEMENTS[name].compile(dialect=dialect))
    parameters = _wrapped(", ".join(statement.positiontup or ()) or "none", "# ")
    text = "\n".join(_wrapped(line, "    ") for line in str(statement).splitlines())
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
    TARGET.write_text(compiled(), encoding="utf-8")
