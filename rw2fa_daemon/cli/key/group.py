"""`rw2fa key`: its commands by name."""

from typing import Final

import click

from rw2fa_daemon.cli.lazy import LazyGroup

_HERE: Final = "rw2fa_daemon.cli"


@click.group(
    cls=LazyGroup,
    commands_at={
        "show": f"{_HERE}.key.show:show",
        "rotate": f"{_HERE}.key.rotate:rotate",
        "load": f"{_HERE}.key.load:load",
    },
)
def key() -> None:
    """The master key that the state is encrypted under."""
