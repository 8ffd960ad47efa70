"""`rw2fa key load`, and handing keys to the running daemon."""

from typing import Final

import click

from rw2fa_daemon.cli import after_change
from rw2fa_daemon.cli.context import CliContext, pass_cli
from rw2fa_daemon.cli.printing import note, say
from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.vault.master_key import MasterKey, load_master_key, written
from rw2fa_daemon.wire.client import NobodyListens, ask_daemon

HAND_OVER_SECONDS: Final = 30.0
"""How long to wait while the daemon, which the question may have started, opens the state with other keys."""


@click.command()
@pass_cli
def load(cli: CliContext) -> None:
    """Hand the keys of the key file to the running daemon.

    For a host to which the file was copied while the key is changed on another. No login is lost.
    """
    master_key = load_master_key(cli.config.master_key)
    if not hand_over(cli, master_key):
        note("the daemon is not running; it reads the keys when it starts")
        return
    after_change.record(cli, f"rw2fa key load, key {numbers(master_key)}")
    say(f"The daemon has key {numbers(master_key)}.")


def hand_over(cli: CliContext, master_key: MasterKey) -> bool:
    """Give the running daemon these keys in place of those that it has; False if none runs.

    Raises Problem if it does not take them: they do not open the state, or it does not answer.
    """
    try:
        report = ask_daemon(cli.config.socket, "keys", HAND_OVER_SECONDS, {"keys": written(master_key).decode("ascii")})
    except NobodyListens:
        return False
    result = report.get("result", "it says nothing")
    if result != "ok":
        raise Problem(f"the daemon does not take the keys: {result}", "remove that cause, then run the command again")
    return True


def numbers(master_key: MasterKey) -> str:
    """The numbers of a key and those with it, for people."""
    return " and ".join(map(str, master_key.numbers))
