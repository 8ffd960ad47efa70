"""`rw2fa sms show`."""

from dataclasses import asdict

import click

from rw2fa_daemon.cli.context import CliContext, pass_cli
from rw2fa_daemon.cli.printing import JSON_OPTION, say, show_json, shown
from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.core.sms_account import masked_sid
from rw2fa_daemon.doctor.sms.account import lacking
from rw2fa_daemon.doctor.sms.message import measured, message_meaning
from rw2fa_daemon.store.secrets import TWILIO_TOKEN


@click.command()
@JSON_OPTION
@pass_cli
def show(cli: CliContext, *, as_json: bool) -> None:
    """Show how SMS are sent.

    The account is masked, and the token is not shown.
    """
    config = cli.config
    token, state_problem = _token(cli)
    missing = [] if state_problem else list(lacking(config, token))
    stored = None if state_problem else token is not None
    if as_json:
        show_json(
            {
                "enabled": config.sms_enabled,
                "ready": not missing and not state_problem,
                "missing": [str(problem) for problem in missing],
                "account_sid": masked_sid(config.sms_account_sid) or None,
                "token_stored": stored,
                "phone_number": config.sms_sender or None,
                "api_url": config.sms_api_url or None,
                "message": config.sms_message,
                "segments": asdict(measured(config)),
                "minutes": config.sms_minutes,
                "allowed": list(config.sms_allowed),
                "limits": {
                    "per_user": config.sms_per_user,
                    "per_number": config.sms_per_number,
                    "per_source": config.sms_per_source,
                    "per_day": config.sms_per_day,
                },
                "state": state_problem or "ok",
            }
        )
        return
    rows = [
        ("SMS", "on" if config.sms_enabled else "off; switch them on with: rw2fa sms enable"),
        ("account", masked_sid(config.sms_account_sid) or "none"),
        ("token", {True: "stored, encrypted", False: "none", None: state_problem}[stored]),
        ("sender", config.sms_sender or "none"),
        ("message", config.sms_message),
        ("", message_meaning(config)),
        ("codes valid for", f"{config.sms_minutes} minutes"),
        ("allowed numbers", ", ".join(config.sms_allowed) or "none: no SMS can be sent"),
        ("limits per day", f"{config.sms_per_user} to a user, {config.sms_per_number} to a number"),
        ("", f"{config.sms_per_day} in total"),
        ("limits per hour", f"{config.sms_per_source} caused by one address"),
    ]
    if config.sms_api_url:
        rows.insert(4, ("instead of Twilio", config.sms_api_url))
    for label, text in rows:
        say(f"{label:<20}{shown(text)}")
    for problem in missing:
        say(f"{'missing':<20}{shown(str(problem))}")


def _token(cli: CliContext) -> tuple[Secret | None, str]:
    """The token, if one is stored, or why that is unknown."""
    try:
        return cli.store.secret(TWILIO_TOKEN), ""
    except Problem as problem:
        return None, str(problem)
