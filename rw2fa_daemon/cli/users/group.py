"""`rw2fa users`: its commands by name."""

from typing import Final

import click

from rw2fa_daemon.cli.lazy import LazyGroup

_HERE: Final = "rw2fa_daemon.cli"


@click.group(
    cls=LazyGroup,
    commands_at={
        "list": f"{_HERE}.users.show:list_users",
        "show": f"{_HERE}.users.show:show",
        "add": f"{_HERE}.users.scope:add",
        "remove": f"{_HERE}.users.scope:remove",
        "reset": f"{_HERE}.users.account:reset",
        "unlock": f"{_HERE}.users.account:unlock",
        "edit": f"{_HERE}.users.edit:edit",
        "enrol": f"{_HERE}.users.enrol:enrol",
        "confirm": f"{_HERE}.users.enrol:confirm",
        "recovery": f"{_HERE}.users.recovery:recovery",
        "bypass": f"{_HERE}.users.bypass:bypass",
        "purge": f"{_HERE}.users.purge:purge",
    },
)
def users() -> None:
    """Who has two-factor authentication, and their devices.

    A group is written @name.
    """
