"""`rw2fa users list` and `show`."""

import shlex
import time
from typing import Final

import click

from rw2fa_daemon.cli.completion import scope_entries
from rw2fa_daemon.cli.context import CliContext, pass_cli
from rw2fa_daemon.cli.printing import (
    JSON_OPTION,
    iso,
    note,
    say,
    show_json,
    shown,
    stream_json_object,
    stream_table,
    when,
)
from rw2fa_daemon.cli.users.listing import Listing, Wanted, list_people
from rw2fa_daemon.cli.users.names import user_of
from rw2fa_daemon.cli.users.profile import Profile, bypass_sentence, drift_sentence, lock_sentence, profile
from rw2fa_daemon.core.account import Method
from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.core.user import GROUP_MARK, User
from rw2fa_daemon.directory.request import lookup

_HEADERS: Final = ("USER", "ENABLED BY", "STATE", "CODES BY")
_PENDING_HEADERS: Final = ("USER", "ENABLED BY", "UNTIL", "STATE")


@click.command("list")
@click.option("--pending", is_flag=True, help="Only users who still have to enrol, and until when.")
@click.option("--activated/--not-activated", default=None, help="Only users with a device, or without one.")
@click.option("--locked", is_flag=True, help="Only users whose codes are refused at present.")
@click.option(
    "--method", type=click.Choice([method.value for method in Method]), help="Only users whose codes come this way."
)
@click.option("--match", metavar="TEXT", default="", help="Only users whose name contains TEXT, ignoring case.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="At most N users.")
@click.option("--after", metavar="NAME", default="", help="Continue after NAME, the last one of a list with --limit.")
@JSON_OPTION
@pass_cli
def list_users(
    cli: CliContext,
    *,
    pending: bool,
    activated: bool | None,
    locked: bool,
    method: str | None,
    match: str,
    limit: int | None,
    after: str,
    as_json: bool,
) -> None:
    """Show the entries that were added, and the users that they cover, sorted by name."""
    wanted = Wanted(pending, activated, locked, Method(method) if method else None, match, limit, after)
    listing = list_people(cli, wanted)
    if as_json:
        _print_json(cli, wanted, listing)
        return
    entries = () if wanted.is_page else cli.config.scope_entries
    if entries and not pending:
        stream_table(["ADDED", "SINCE"], ([entry, when(cli.came_in([entry]))] for entry in entries))
        say()
    headers, row = (_PENDING_HEADERS, _pending_row) if pending else (_HEADERS, _row)
    if not stream_table(headers, (row(user) for user in listing.people)) and not listing.unresolved:
        say(_nobody(cli, wanted))
    for group in listing.unresolved:
        note(f"the group {group} cannot be resolved: its members are not shown")
    if listing.last is not None:
        note(f"there are more; continue with: {shlex.join(wanted.command_after(listing.last))}")


def _nobody(cli: CliContext, wanted: Wanted) -> str:
    if not cli.config.scope_entries:
        return "Nobody has two-factor authentication; add users with: rw2fa users add NAME"
    if wanted.pending and not wanted.is_page and not wanted.narrowed:
        return "All users who were added and can be listed have enrolled."
    return "No users match."


def _print_json(cli: CliContext, wanted: Wanted, listing: Listing) -> None:
    """Print the object in parts. On a page of the list `entries` has groups only: users are under `users`."""
    entries = (
        {"entry": entry, "group": entry.startswith(GROUP_MARK), "since": iso(cli.came_in([entry]))}
        for entry in cli.config.scope_entries
        if entry.startswith(GROUP_MARK) or not wanted.is_page
    )
    stream_json_object(
        {
            "entries": entries,
            "unresolved_groups": listing.unresolved,
            "users": (user.as_json for user in listing.people),
            # Known only once the users have been printed.
            "next": lambda: (
                None
                if listing.last is None
                else {"after": listing.last, "command": wanted.command_after(listing.last, "--json")}
            ),
        }
    )


@click.command()
@click.argument("user", shell_complete=scope_entries)
@JSON_OPTION
@pass_cli
def show(cli: CliContext, user: str, *, as_json: bool) -> None:
    """Show what is known about a user."""
    resolved = _profile(cli, user)
    if resolved.uid is None and not resolved.enabled_by and cli.store.read(resolved.user) is None:
        user_of(user, ())  # Raises the Problem that says why there is nobody to show.
    if as_json:
        show_json(resolved.as_json)
        return
    rows = [
        ("user", resolved.user + ("" if resolved.uid is None else f" (uid {resolved.uid})")),
        ("enabled", {True: "yes, by " + ", ".join(resolved.enabled_by), False: "no", None: "unsure"}[resolved.enabled]),
        ("state", state(resolved)),
        ("codes by", _method(resolved)),
        ("recovery codes left", str(resolved.recovery_codes_left)),
        ("clock of the device", "not known yet" if resolved.drift is None else drift_sentence(resolved.drift)),
        ("wrong codes in a row", str(resolved.failures)),
        ("guesses spent", _guessed(resolved)),
        ("bypass", bypass_sentence(resolved.bypass) if resolved.bypass else "no"),
        ("RDP whitelist", ", ".join(resolved.whitelisted_by) or "no"),
        ("exempt", ", ".join(resolved.exempt_by) or "no"),
    ]
    for label, text in rows:
        say(f"{label:<24}{shown(text)}")


def state(user: Profile) -> str:
    """A user's state, in a few words."""
    if user.trouble:
        return user.trouble
    if user.enabled is None:
        return "unknown: a group of the scope cannot be resolved"
    if not user.enabled:
        has_secret = user.activated or user.pending
        return "not enabled" + (f", has a secret; destroy it with: rw2fa users remove {user.user}" * has_secret)
    if user.bypass is not None:
        return bypass_sentence(user.bypass)
    if user.lock is not None:
        return lock_sentence(user.lock, user.user)
    if user.activated:
        return "activated"
    if user.method_in_force is Method.SMS:
        return "number not confirmed yet; the next login sends a code"
    shown_before = "QR code shown, no code confirmed; " if user.pending else ""
    if user.enrolment_until is not None:
        word = " with the token that was printed" if user.token_pending else ""
        return f"{shown_before}can enrol{word} until {when(user.enrolment_until)}"
    if user.token_missing:
        return f"{shown_before}needs an enrolment token; print one with: rw2fa users reset {user.user}"
    return f"{shown_before}can no longer enrol; open the window with: rw2fa users reset {user.user}"


def _guessed(user: Profile) -> str:
    guesses = user.guesses
    if user.method_in_force is Method.SMS:
        return f"{guesses.narrow_spent} of {guesses.narrow_allowed}"
    return (
        f"{guesses.wide_spent} of {guesses.wide_allowed} against the whole window, "
        f"{guesses.narrow_spent} of {guesses.narrow_allowed} near the right time"
    )


def _method(user: Profile) -> str:
    if user.method is Method.APP:
        return user.method.value
    return f"{user.method.value} {user.phone}" + " (SMS are off: app)" * (user.method_in_force is Method.APP)


def _row(user: Profile) -> list[str]:
    return [user.user, ", ".join(user.enabled_by) or "-", state(user), _method(user)]


def _pending_row(user: Profile) -> list[str]:
    return [user.user, ", ".join(user.enabled_by) or "-", when(user.enrolment_until) or "-", state(user)]


def _profile(cli: CliContext, name: str) -> Profile:
    user = lookup(name, cli.rules.groups)
    canonical = user.name if isinstance(user, User) else name
    trouble = ""
    account = None
    try:
        account = cli.store.read(canonical)
    except Problem as problem:
        trouble = str(problem)
    return profile(name, user, account, rules=cli.rules, came_in=cli.came_in, now=time.time(), trouble=trouble)
