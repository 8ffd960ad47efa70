"""`rw2fa logons`: who is logged on at the web portal, and the end of that."""

import time
from collections.abc import Iterator

import click

from rw2fa_daemon.cli import after_change
from rw2fa_daemon.cli.completion import scope_entries
from rw2fa_daemon.cli.confirm import YES_OPTION, make_sure
from rw2fa_daemon.cli.context import CliContext, pass_cli
from rw2fa_daemon.cli.printing import JSON_OPTION, iso, note, say, show_json, shown, stream_json, stream_table, when
from rw2fa_daemon.core.logon import Logon, Opens, PassStatus, opens
from rw2fa_daemon.core.scope import ScopeStatus, scope_result
from rw2fa_daemon.core.standing import standing
from rw2fa_daemon.core.user import User
from rw2fa_daemon.directory.request import lookup
from rw2fa_daemon.store.store import StateProblem

_HEADERS = ("USER", "FROM", "AT", "SINCE", "UNTIL", "SESSIONS", "FURTHER UNTIL", "PASS")
_FURTHER = {Opens.CODE: "a code is due", Opens.YES: "no code is asked for"}


@click.group()
def logons() -> None:
    """Logons at the web portal, and the passes that belong to them.

    A pass lets one RDP login of its user in.
    """


@logons.command("list")
@JSON_OPTION
@pass_cli
def list_logons(cli: CliContext, *, as_json: bool) -> None:
    """Show who is logged on, and what became of their passes."""
    now = time.time()
    if as_json:
        stream_json(_as_json(cli, logon, now) for logon in _standing(cli, now))
    elif not stream_table(_HEADERS, (_row(cli, logon, now) for logon in _standing(cli, now))):
        say("Nobody is logged on at the web portal.")


@logons.command()
@click.argument("names", nargs=-1, required=True, metavar="USER…", shell_complete=scope_entries)
@JSON_OPTION
@YES_OPTION
@pass_cli
def revoke(cli: CliContext, names: tuple[str, ...], *, as_json: bool, yes: bool) -> None:
    """End all logons and passes of users at once.

    They have to sign in at the portal again. Sessions that are open stay open.
    """
    known = set(cli.store.logon_names())
    keys = {typed: sorted(_keys(cli, typed) & known) for typed in names}
    ended = sorted({key for found in keys.values() for key in found})
    if ended:
        listed = ", ".join(map(shown, ended))
        make_sure(f"End all logons at the web portal, and the passes, of {listed}?", yes=yes)
        cli.store.end_logons(*ended, settings=cli.config.logons, now=time.time())
        after_change.record(cli, "rw2fa logons revoke", ended)
    if as_json:
        show_json([{"user": typed, "ended": bool(found)} for typed, found in keys.items()])
        return
    for typed, found in keys.items():
        say(f"{shown(typed)} {'has to sign in again' if found else 'was not logged on'}.")


def _standing(cli: CliContext, now: float) -> Iterator[Logon]:
    """All logons that have not ended, by name; says beside it whose cannot be read."""
    settings, rules = cli.config.logons, cli.rules
    for name in cli.store.logon_names():
        try:
            kept, account = cli.store.logons_of(name), cli.store.read(name)
        except StateProblem as problem:
            note(str(problem))
            continue
        user = lookup(name, rules.groups)
        if isinstance(user, User):
            # An address takes nobody out of this: none is believed at the portal.
            where = scope_result(rules.lists, user, "", lambda _user: False)
            asked = cli.config.enabled_at(now) and where.scope_status is ScopeStatus.ENABLED
            stands = standing(account, user.uid, rules.settings, now, asked=asked)
            yield from (logon for logon in kept.logons if not stands.ended(logon, settings, now))


def _keys(cli: CliContext, typed: str) -> set[str]:
    """The names that logons of whom `typed` means may be kept under; that of somebody who is gone as well."""
    user = lookup(typed, cli.rules.groups)
    if not isinstance(user, User):
        return {typed}
    account, _entries = cli.rules.lists.scope.naming(user)
    return {typed, user.name, account.name}


def _row(cli: CliContext, logon: Logon, now: float) -> tuple[str, ...]:
    settings, further = cli.config.logons, opens(logon, cli.config.logons, now)
    without_code = when(logon.sessions_until(settings)) if further is Opens.YES and logon.asked else _FURTHER[further]
    status, known = logon.pass_status(now), logon.rdp_pass
    armed = f"armed for {known.address or 'any address'} until {when(known.until)}" if known else ""
    return (
        logon.user,
        logon.address,
        logon.host,
        when(logon.began_at),
        when(logon.until(settings)),
        str(logon.sessions),
        without_code,
        armed if status is PassStatus.ARMED else "" if status is PassStatus.NONE else status.value,
    )


def _as_json(cli: CliContext, logon: Logon, now: float) -> dict[str, object]:
    settings, known = cli.config.logons, logon.rdp_pass
    further = opens(logon, settings, now)
    return {
        "user": logon.user,
        "uid": logon.uid,
        "address": logon.address,
        "host": logon.host,
        "asked": logon.asked,
        "since": iso(logon.began_at),
        "code_at": iso(logon.code_at),
        "until": iso(logon.until(settings)),
        "sessions": logon.sessions,
        "code_due": further is Opens.CODE,
        "sessions_until": iso(logon.sessions_until(settings)) if further is Opens.YES else None,
        "pass": logon.pass_status(now).value,
        "pass_address": known.address if known is not None and known.live(now) else None,
        "pass_until": iso(known.until) if known is not None and known.live(now) else None,
    }
