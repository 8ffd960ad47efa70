"""`rw2fa whitelist`: who may use an RDP client without a code."""

from typing import cast

import click

from rw2fa_daemon.cli import after_change
from rw2fa_daemon.cli.confirm import YES_OPTION
from rw2fa_daemon.cli.context import CliContext, pass_cli
from rw2fa_daemon.cli.printing import JSON_OPTION, say, show_json, shown
from rw2fa_daemon.cli.users.names import entries_of
from rw2fa_daemon.config.load import Layers
from rw2fa_daemon.core.problem import Problem

KEY = "rdp.whitelist"


@click.group()
def whitelist() -> None:
    """Who may use an RDP client without a code.

    Their password is still checked.
    """


@whitelist.command("list")
@JSON_OPTION
@pass_cli
def list_entries(cli: CliContext, *, as_json: bool) -> None:
    """Show who is on the whitelist."""
    entries = _entries(cli)
    if as_json:
        show_json(entries)
        return
    for entry in entries:
        say(shown(entry))
    if not entries:
        say("Nobody is on the whitelist.")


@whitelist.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME…")
@pass_cli
def add(cli: CliContext, names: tuple[str, ...]) -> None:
    """Add users and @groups to the whitelist. All of them or none."""
    entries = entries_of(names)
    new = [entry for entry in entries if entry not in _entries(cli)]
    cli.change(lambda layers: {KEY: tuple(dict.fromkeys((*_whitelist(layers), *entries)))})
    if new:
        after_change.record(cli, "rw2fa whitelist add", new)
    after_change.reload(cli)
    for entry in entries:
        say(f"{shown(entry)} {'is now on the whitelist' if entry in new else 'was already on the whitelist'}.")


def _complete(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    cli = context.find_object(CliContext) or CliContext(context.find_root().params["config"])
    try:
        return [entry for entry in _entries(cli) if entry.startswith(incomplete)]
    except Problem:
        return []


@whitelist.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME…", shell_complete=_complete)
@YES_OPTION
@pass_cli
def remove(cli: CliContext, names: tuple[str, ...], *, yes: bool) -> None:  # noqa: ARG001 - nothing is lost, so nothing is asked
    """Remove users and @groups from the whitelist."""
    before = _entries(cli)
    entries = [name if name in before else entries_of([name])[0] for name in names]
    missing = [entry for entry in entries if entry not in before]
    if missing:
        raise Problem(
            f"{shown(', '.join(missing))}: not on the whitelist", "look for the name with: rw2fa whitelist list"
        )
    cli.change(lambda layers: {KEY: tuple(entry for entry in _whitelist(layers) if entry not in entries)})
    after_change.record(cli, "rw2fa whitelist remove", entries)
    after_change.reload(cli)
    say(f"Removed {shown(', '.join(entries))} from the whitelist.")


def _whitelist(layers: Layers) -> tuple[str, ...]:
    return cast("tuple[str, ...]", layers.value(KEY))


def _entries(cli: CliContext) -> list[str]:
    return list(_whitelist(cli.layers))
