"""`rw2fa init`."""

from contextlib import closing

import click

from rw2fa_daemon.cli import after_change
from rw2fa_daemon.cli.context import CliContext, daemon_owner, pass_cli
from rw2fa_daemon.cli.printing import say
from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.store.rollback_detector import forget_marker, make_place, marker_file, usable
from rw2fa_daemon.store.store import Store
from rw2fa_daemon.vault.master_key import create_master_key, load_master_key


@click.command()
@pass_cli
def init(cli: CliContext) -> None:
    """Create the master key and the state, if they do not exist."""
    config = cli.config
    where = config.database or config.state
    had_state = Store.exists(config.state, config.database)
    made = []
    if not config.master_key.exists() and not _has_credential(cli):
        if had_state:
            # A new key would leave a state that nothing can read, and hide that the right one is gone.
            raise Problem(
                f"there is a state in {where}, but no master key in {config.master_key}",
                "restore the key from your copy, or copy it from another host that shares the state; only if there is"
                " no copy, move the state away and run this again",
            )
        create_master_key(config.master_key)
        made.append(f"the master key {config.master_key}")
    if not had_state:
        # The marker of a former state would make this one look rolled back.
        forget_marker(config.state)
    with closing(cli.open_store(cli.vault, create=True)) as store:
        make_place(config.state, daemon_owner())
        # An existing state of this host alone whose marker is missing has suffered a loss: do not begin a new marker.
        if not had_state or cli.shares_state:
            with usable(config.state):
                store.begin_marker(marker_file(config.state))
    if not had_state:
        made.append(f"the state in {where}")
    if not made:
        say("The master key and the state exist already; nothing to do.")
        return
    say(f"Created {' and '.join(made)}.")
    if len(made) > 1:
        say("Keep a copy of the key in a safe place: without it the state cannot be read.")
    after_change.record(cli, "rw2fa init")


def _has_credential(cli: CliContext) -> bool:
    """Whether systemd provides the key as a credential, so that none is needed in a file."""
    try:
        load_master_key(cli.config.master_key)
    except Problem:
        return False
    return True
