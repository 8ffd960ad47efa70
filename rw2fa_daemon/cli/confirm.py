"""Asking before something is destroyed."""

import sys
from typing import Final

import click

from rw2fa_daemon.cli.printing import shown
from rw2fa_daemon.core.problem import Problem

YES_OPTION: Final = click.option("--yes", is_flag=True, help="Do not ask.")


def make_sure(question: str, *, yes: bool) -> None:
    """Return if the answer is yes; raises Problem if it is no, or if standard input is not a terminal."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise Problem(f"{question} Standard input is not a terminal", "confirm with --yes")
    if not click.confirm(shown(question), err=True):
        raise Problem("nothing was changed", "answer y to go ahead")
