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
"""How long to wait while the daemon, which this request may have started, opens the state with other keys."""


@click.command()
@pass_cli
def load(cli: CliContext) -> None:
    """Hand the keys of the key file to the running daemon.

    For a host that the file was copied to while the key is being changed on another. No login fails.
    """
    master_key = load_master_key(cli.config.master_key)
    if not hand_over(cli, master_key):
        note("the daemon is not running; it reads the keys when it starts")
        return
    after_change.record(cli, f"rw2fa key load, key {numbers(master_key)}")
    say(f"The daemon has key {numbers(master_key)}.")


def hand_over(cli: CliContext, master_key: MasterKey) -> bool:
    """Give the running daemon these keys in place of its own; False if it is not running.

    Raises Problem if it refuses them because they do not open the state, or does not answer.
    """
    try:
        report = ask_daemon(cli.config.socket, "keys", HAND_OVER_SECONDS, {"keys": written(master_key).decode("ascii")})
    except NobodyListens:
        return False
    result = report.get("result", "it gave no reason")
    if result != "ok":
        raise Problem(f"the daemon refuses the keys: {result}", "correct that, then run the command again")
    return True


def numbers(master_key: MasterKey) -> str:
    """The numbers of a key and of the older ones with it, to be read by a human."""
    return " and ".join(map(str, master_key.numbers))
