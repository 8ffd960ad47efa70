"""`rw2fa settings`: every key of the configuration."""

from dataclasses import asdict
from typing import Final

import click

from rw2fa_daemon.cli import after_change
from rw2fa_daemon.cli.completion import setting_keys
from rw2fa_daemon.cli.context import CliContext, pass_cli
from rw2fa_daemon.cli.printing import JSON_OPTION, iso, note, say, show_json, shown, table
from rw2fa_daemon.cli.users.names import entries_of
from rw2fa_daemon.config.database_url import masked
from rw2fa_daemon.config.domain import Refused, Value, literal
from rw2fa_daemon.config.edit import Changes
from rw2fa_daemon.config.guessing import meaning_of
from rw2fa_daemon.config.load import check
from rw2fa_daemon.config.settings import ANY_SERVICE, SETTINGS, Setting, find
from rw2fa_daemon.core.application import Application
from rw2fa_daemon.core.budget import allowance
from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.doctor.sms.message import measured, message_meaning, segment_warning

_LISTS_OF_PEOPLE: Final = ("exempt.users",)
ACCEPT_RISK: Final = "guessing.accept_risk"
MESSAGE: Final = "settings.sms_message"
_LENGTHEN_MESSAGE: Final = frozenset({MESSAGE, "settings.issuer", "settings.digits"})

DATABASE: Final = "database.url"


@click.group()
def settings() -> None:
    """Show and change settings.

    KEY is a path like settings.digits; its last part is enough if no other key ends in it.
    """


@settings.command("list")
@JSON_OPTION
@pass_cli
def list_settings(cli: CliContext, *, as_json: bool) -> None:
    """Show all settings, their values, and the files that set them."""
    keys = [setting.key for setting in SETTINGS if setting.key != ANY_SERVICE]
    keys += sorted(key for key in cli.layers.values if key not in keys)
    if as_json:
        show_json([_as_json(cli, key) for key in keys])
        return
    rows = [[key, _text(cli, key), _row(key).allowed, _origin(cli, key)] for key in keys]
    table(["KEY", "VALUE", "ALLOWED", "SET IN"], rows)
    say()
    say(f"Guessing: {meaning_of(cli.config)}.")
    say(f"SMS: {shown(message_meaning(cli.config))}.")
    _warn_of_segments(cli)


@settings.command()
@click.argument("key", shell_complete=setting_keys)
@JSON_OPTION
@pass_cli
def get(cli: CliContext, key: str, *, as_json: bool) -> None:
    """Print the value of one setting."""
    full = _full_key(key)
    if as_json:
        show_json(_as_json(cli, full))
        return
    value = _shown_value(cli, full)
    if isinstance(value, tuple):
        for entry in value:
            say(shown(str(entry)))
    else:
        say(shown(value) if isinstance(value, str) else _text(cli, full))
    if full == MESSAGE:
        note(message_meaning(cli.config))
        _warn_of_segments(cli)


# A value may begin with a minus sign.
@settings.command("set", context_settings={"ignore_unknown_options": True})
@click.argument("key", shell_complete=setting_keys)
@click.argument("value")
@click.option("--accept-risk", is_flag=True, help="Even if that makes guessing easy; `rw2fa status` then shows it.")
@pass_cli
def set_value(cli: CliContext, key: str, value: str, *, accept_risk: bool) -> None:
    """Change a setting; separate the items of a list by commas."""
    full, row = _settable(key)
    try:
        parsed = row.domain.parse(value)
        if full in _LISTS_OF_PEOPLE and isinstance(parsed, tuple):
            parsed = tuple(entries_of(map(str, parsed)))
        parsed = check(row, full, _as_toml(parsed))
    except Refused as refused:
        raise Problem(f"{full}: {refused.reason}", refused.fix) from None
    _change(cli, {full: parsed, ACCEPT_RISK: True} if accept_risk else {full: parsed})
    if full.startswith("paths."):
        note("this takes effect when the daemon is restarted; check whether the PAM lines name the old path")
    if full == DATABASE:
        note("this takes effect when the daemon is restarted; before that, create the state there with: rw2fa init")
    if full == "sms.account_sid":
        note("the stored token belongs to the old account; set that of another one with: rw2fa sms configure")


@settings.command()
@click.argument("key", shell_complete=setting_keys)
@pass_cli
def unset(cli: CliContext, key: str) -> None:
    """Reset a setting to its default."""
    _change(cli, {_settable(key)[0]: None})


def _change(cli: CliContext, changes: Changes) -> None:
    cli.change(lambda _: changes)
    for key, value in changes.items():
        after_change.record(cli, f"rw2fa settings {'unset' if value is None else 'set'} {key}")
    after_change.reload(cli)
    for key in changes:
        say(f"{key} = {shown(_text(cli, key))}")
    if MESSAGE in changes:
        say(f"SMS: {shown(message_meaning(cli.config))}.")
    if _LENGTHEN_MESSAGE & set(changes):
        _warn_of_segments(cli)


def _warn_of_segments(cli: CliContext) -> None:
    if warning := segment_warning(cli.config):
        note(warning)


def _settable(key: str) -> tuple[str, Setting]:
    """A key that `set` and `unset` may change; raises Problem with the right command for one that they may not."""
    full = _full_key(key)
    row = _row(full)
    if row.command:
        raise Problem(f"{full} is not changed by this command", f"use: {row.command}")
    return full, row


def _full_key(key: str) -> str:
    """The full path of a key, which may be given by its last part; raises Problem."""
    if key != ANY_SERVICE and find(key) is not None:
        return key
    found = [setting.key for setting in SETTINGS if setting.name == key and setting.key != ANY_SERVICE]
    if len(found) == 1:
        return found[0]
    if found:
        raise Problem(f"{len(found)} keys end in {shown(key)}", f"name one of: {', '.join(found)}")
    raise Problem(f"there is no setting {shown(key)}", "look for the key with: rw2fa settings list")


def _row(key: str) -> Setting:
    row = find(key)
    assert row is not None
    return row


def _text(cli: CliContext, key: str) -> str:
    value = _shown_value(cli, key)
    if value is None:
        return ""
    return iso(cli.config.enabled_until) or "" if key == "enabled_until" else literal(value)


def _shown_value(cli: CliContext, key: str) -> Value | None:
    """The value of a key, with passwords masked."""
    value = cli.layers.value(key)
    return masked(value) if key == DATABASE and isinstance(value, str) else value


def _as_toml(value: Value) -> object:
    return list(value) if isinstance(value, tuple) else value


def _plain(value: Value | None) -> object:
    """A value as JSON has it."""
    if isinstance(value, tuple):
        return [asdict(entry) if isinstance(entry, Application) else entry for entry in value]
    return value


def _as_json(cli: CliContext, key: str) -> dict[str, object]:
    row = _row(key)
    value = _shown_value(cli, key)
    origin = cli.layers.origins.get(key)
    return {
        **_worked_out(cli, key),
        "key": key,
        "value": iso(cli.config.enabled_until) if key == "enabled_until" else _plain(value),
        "default": row.default,
        "type": row.domain.kind,
        "allowed": row.domain.allowed,
        "unit": row.unit,
        "description": row.description,
        "set_in": None if origin is None else str(origin),
    }


def _worked_out(cli: CliContext, key: str) -> dict[str, object]:
    """What a value amounts to together with others."""
    match key:
        case "guessing.budget":
            return {"chance_in_30_days": allowance(cli.config.digits, cli.config.guessing).chance}
        case "settings.sms_message":
            return {"segments": asdict(measured(cli.config))}
        case _:
            return {}


def _origin(cli: CliContext, key: str) -> str:
    origin = cli.layers.origins.get(key)
    return "-" if origin is None else str(origin)
