"""`rw2fa users purge`: records of users who no longer exist."""

import click

from rw2fa_daemon.cli import after_change
from rw2fa_daemon.cli.confirm import YES_OPTION, make_sure
from rw2fa_daemon.cli.context import CliContext, pass_cli
from rw2fa_daemon.cli.printing import JSON_OPTION, say, show_json, shown
from rw2fa_daemon.cli.users.names import members
from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.directory.many import lookups
from rw2fa_daemon.doctor.host.leftovers import leftovers


@click.command()
@JSON_OPTION
@YES_OPTION
@pass_cli
def purge(cli: CliContext, *, as_json: bool, yes: bool) -> None:
    """Destroy the records of users who were deleted or renamed, or whose name now belongs to another uid.

    A user who gets such a name later starts afresh, within the enrolment window or after a reset.
    Entries of the scope stay; `rw2fa users remove` removes them.
    """
    _, unresolved = members(cli.rules.lists.scope)
    if unresolved:
        raise Problem(
            f"the group {shown(unresolved[0])} cannot be resolved, so the directory may be down",
            f"try again once it can, or run: rw2fa users remove @{shown(unresolved[0])}",
        )
    found = list(leftovers(cli.store, lambda names: lookups(names, ())))
    if found:
        make_sure(f"Destroy {', '.join(f'{one.name} ({one.reason})' for one in found)}?", yes=yes)
        for one in found:
            cli.store.discard(one.name)
            after_change.record(cli, f"rw2fa users purge, {one.reason}", [one.name])
    after_change.purge(cli)
    if as_json:
        show_json([{"user": one.name, "reason": one.reason} for one in found])
        return
    for one in found:
        say(f"The record of {shown(one.name)} was destroyed: {shown(one.reason)}.")
    if not found:
        say("Every record belongs to an existing user; nothing to do.")
