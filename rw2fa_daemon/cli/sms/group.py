"""`rw2fa sms`: its commands by name."""

from typing import Final

import click

from rw2fa_daemon.cli.lazy import LazyGroup

_HERE: Final = "rw2fa_daemon.cli"


@click.group(
    cls=LazyGroup,
    commands_at={
        "show": f"{_HERE}.sms.show:show",
        "configure": f"{_HERE}.sms.account:configure",
        "enable": f"{_HERE}.sms.switch:enable",
        "disable": f"{_HERE}.sms.switch:disable",
        "test": f"{_HERE}.sms.trial:trial",
    },
)
def sms() -> None:
    """Codes by SMS, through Twilio."""
