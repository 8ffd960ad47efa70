"""Asking before something is destroyed."""

import sys
from typing import Final

import click

from rw2fa_daemon.cli.printing import shown
from rw2fa_daemon.core.problem import Problem

YES_OPTION: Final = click.option("--yes", is_flag=True, help="Do not ask.")


def make_sure(question: str, *, yes: bool) -> None:
    """Return if it is wanted; raises Problem if not, or if nobody is there to be asked."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise Problem(f"{question} Nobody is there to answer", "confirm with --yes")
    if not click.confirm(shown(question), err=True):
        raise Problem("nothing was changed", "answer y to go ahead")
