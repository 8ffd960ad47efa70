"""`rw2fa users`: its commands by name."""

from typing import Final

import click

from rw2fa_daemon.cli.lazy import LazyGroup

_HERE: Final = "rw2fa_daemon.cli"


@click.group(
    cls=LazyGroup,
    commands_at={
        "list": f"{_HERE}.users_shown:list_users",
        "show": f"{_HERE}.users_shown:show",
        "add": f"{_HERE}.users_scope:add",
        "remove": f"{_HERE}.users_scope:remove",
        "reset": f"{_HERE}.users_account:reset",
        "unlock": f"{_HERE}.users_account:unlock",
        "edit": f"{_HERE}.users_edit:edit",
        "enrol": f"{_HERE}.users_enrol:enrol",
        "confirm": f"{_HERE}.users_enrol:confirm",
        "recovery": f"{_HERE}.users_recovery:recovery",
        "bypass": f"{_HERE}.users_bypass:bypass",
        "purge": f"{_HERE}.users_purge:purge",
    },
)
def users() -> None:
    """Who has two-factor authentication, and their devices.

    A group is written @name.
    """
