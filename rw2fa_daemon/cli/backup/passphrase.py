"""Prompting for the passphrase of a backup."""

import sys
from typing import Final

import click

from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.core.secret import Secret

LENGTH_MIN: Final = 12
"""Characters. Anybody who has the file can try as many as a computer can hash; nothing else protects the secrets."""
LINE_MAX: Final = 1024
"""Characters read from standard input."""


def new_passphrase() -> Secret:
    """One for a new backup, typed twice or from standard input. Raises Problem if it is too short."""
    text = _asked(twice=True)
    if len(text) < LENGTH_MIN:
        raise Problem(
            f"that passphrase has {len(text)} characters",
            f"choose one of at least {LENGTH_MIN}: every secret depends on it",
        )
    return _secret(text)


def known_passphrase() -> Secret:
    """The one of an existing backup, typed or from standard input."""
    return _secret(_asked(twice=False))


def _asked(*, twice: bool) -> str:
    """What is typed without being shown, or a line of standard input if that is not a terminal."""
    if sys.stdin.isatty():
        return str(click.prompt("Passphrase (not shown)", hide_input=True, confirmation_prompt=twice, err=True))
    return sys.stdin.readline(LINE_MAX).rstrip("\r\n")


def _secret(text: str) -> Secret:
    return Secret(text.encode("utf-8", "surrogateescape"))
