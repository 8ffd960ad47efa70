"""What the command prints: lines and tables to be read by humans, JSON for programs."""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from itertools import islice
from typing import Final

import click

JSON_OPTION: Final = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


STREAMED_AT_ONCE: Final = 500
"""Rows printed together, so that the first appear at once and all of them fast."""


def shown(text: str) -> str:
    """Untrusted text, made safe for a terminal: characters that do not print are escaped.

    That includes line breaks, ESC, and the characters that change the direction of text.
    """
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in text
    )


def say(text: str = "") -> None:
    """Print a line; escape untrusted text with `shown`."""
    click.echo(text)


def note(text: str) -> None:
    """Print a remark beside the result, on standard error."""
    click.echo(f"rw2fa: note: {shown(text)}", err=True)


def complain(text: str) -> None:
    """The one line on standard error that goes with exit status 1."""
    click.echo(f"rw2fa: {shown(text)}", err=True)


def show_json(value: object) -> None:
    """Print a value as JSON, in ASCII."""
    click.echo(json.dumps(value, indent=2))


def stream_json(values: Iterable[object]) -> None:
    """Print values as a JSON list, one at a time: there may be more than memory can hold."""
    start = "["
    for value in values:
        click.echo(f"{start}{json.dumps(value)}", nl=False)
        start = ",\n"
    click.echo("[]" if start == "[" else "]")


def stream_json_object(values: Mapping[str, object]) -> None:
    """Print a JSON object one part at a time: an iterator as the list of its items, a function as its result.

    Each is evaluated only when those before it have been printed.
    """
    start = "{"
    for key, value in values.items():
        click.echo(f"{start}{json.dumps(key)}: ", nl=False)
        if isinstance(value, Iterator):
            _stream_list(value)
        else:
            click.echo(json.dumps(value() if callable(value) else value), nl=False)
        start = ",\n"
    click.echo("}")


def _stream_list(values: Iterator[object]) -> None:
    start = "["
    while part := list(islice(values, STREAMED_AT_ONCE)):
        click.echo(start + ",\n".join(map(json.dumps, part)), nl=False)
        start = ",\n"
    click.echo("[]" if start == "[" else "]", nl=False)


def stream_table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> bool:
    """Print rows as a table as they arrive, with columns as wide as the first rows need; whether there were any.

    Without rows, nothing is printed.
    """
    rest = iter(rows)
    widths: list[int] = []
    while part := [[shown(cell) for cell in row] for row in islice(rest, STREAMED_AT_ONCE)]:
        lines = part if widths else [list(headers), *part]
        widths = widths or [max(map(len, column)) for column in zip(*lines, strict=True)]
        click.echo("\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines))
    return bool(widths)


def table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows as a table."""
    from tabulate import tabulate  # noqa: PLC0415 - takes longer to import than most commands take to run

    cells = [[shown(cell) for cell in row] for row in rows]
    say(tabulate(cells, headers, tablefmt="plain", disable_numparse=True))


def when(seconds: float | None) -> str:
    """A time (UTC seconds) in this host's time zone, for a human to read; empty for None."""
    return "" if seconds is None else _moment(seconds)


@lru_cache(maxsize=64)
def _moment(seconds: float) -> str:
    """As `when`; cached, as most of a hundred thousand users were added within a few seconds."""
    return datetime.fromtimestamp(seconds, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S %z")


def iso(seconds: float | None) -> str | None:
    """A time (UTC seconds) for programs, ISO 8601 in UTC; None for None."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def on_terminal() -> bool:
    """Whether standard output is a terminal."""
    return sys.stdout.isatty()
