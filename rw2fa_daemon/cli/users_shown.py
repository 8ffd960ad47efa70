"""`rw2fa users list` and `show`."""

import shlex
import time
from typing import Final

import click

from rw2fa_daemon.cli.completion import scope_entries
from rw2fa_daemon.cli.listing import Listing, Wanted, list_people
from rw2fa_daemon.cli.people import person_of
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
from rw2fa_daemon.cli.profile import Profile, bypass_sentence, drift_sentence, lock_sentence, profile
from rw2fa_daemon.cli.site import Site, pass_site
from rw2fa_daemon.core.account import Method
from rw2fa_daemon.core.person import GROUP_MARK, Person
from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.directory.request import lookup

_HEADERS: Final = ("USER", "ENABLED BY", "STATE", "CODES BY")
_PENDING_HEADERS: Final = ("USER", "ENABLED BY", "UNTIL", "STATE")


@click.command("list")
@click.option("--pending", is_flag=True, help="Only who still has to enrol, and until when.")
@click.option("--activated/--not-activated", default=None, help="Only who has a device, or who has none.")
@click.option("--locked", is_flag=True, help="Only whose codes are refused at present.")
@click.option("--method", type=click.Choice([method.value for method in Method]), help="Only whose codes come so.")
@click.option("--match", metavar="TEXT", default="", help="Only whose name has TEXT in it, in any case.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="At most N people.")
@click.option("--after", metavar="NAME", default="", help="Go on after NAME, which a list with --limit ended with.")
@JSON_OPTION
@pass_site
def list_users(
    site: Site,
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
    """Show who was added, and whom that means, in the order of their names."""
    wanted = Wanted(pending, activated, locked, Method(method) if method else None, match, limit, after)
    listing = list_people(site, wanted)
    if as_json:
        _print_json(site, wanted, listing)
        return
    entries = () if wanted.is_page else site.config.scope_entries
    if entries and not pending:
        stream_table(["ADDED", "SINCE"], ([entry, when(site.came_in([entry]))] for entry in entries))
        say()
    headers, row = (_PENDING_HEADERS, _pending_row) if pending else (_HEADERS, _row)
    if not stream_table(headers, (row(person) for person in listing.people)) and not listing.unresolved:
        say(_nobody(site, wanted))
    for group in listing.unresolved:
        note(f"the group {group} cannot be resolved: its members are not shown")
    if listing.last is not None:
        note(f"there are more; go on with: {shlex.join(wanted.command_after(listing.last))}")


def _nobody(site: Site, wanted: Wanted) -> str:
    if not site.config.scope_entries:
        return "Nobody has two-factor authentication; add somebody with: rw2fa users add NAME"
    if wanted.pending and not wanted.is_page and not wanted.narrowed:
        return "Everybody who was added and can be listed has enrolled."
    return "Nobody is like that."


def _print_json(site: Site, wanted: Wanted, listing: Listing) -> None:
    """The object a part at a time. On a page of the list the entries are groups only: users are among the people."""
    entries = (
        {"entry": entry, "group": entry.startswith(GROUP_MARK), "since": iso(site.came_in([entry]))}
        for entry in site.config.scope_entries
        if entry.startswith(GROUP_MARK) or not wanted.is_page
    )
    stream_json_object(
        {
            "entries": entries,
            "unresolved_groups": listing.unresolved,
            "users": (person.as_json for person in listing.people),
            # Known only when the people were printed.
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
@pass_site
def show(site: Site, user: str, *, as_json: bool) -> None:
    """Show what is known about a user."""
    person = _profile(site, user)
    if person.uid is None and not person.enabled_by and site.store.read(person.user) is None:
        person_of(user, ())  # Says why there is nobody to show.
    if as_json:
        show_json(person.as_json)
        return
    rows = [
        ("user", person.user + ("" if person.uid is None else f" (uid {person.uid})")),
        ("enabled", {True: "yes, by " + ", ".join(person.enabled_by), False: "no", None: "unsure"}[person.enabled]),
        ("state", state(person)),
        ("codes by", _method(person)),
        ("recovery codes left", str(person.recovery_codes_left)),
        ("clock of the device", "not known yet" if person.drift is None else drift_sentence(person.drift)),
        ("wrong codes in a row", str(person.failures)),
        ("guesses spent", _guessed(person)),
        ("bypass", bypass_sentence(person.bypass) if person.bypass else "no"),
        ("RDP whitelist", ", ".join(person.whitelisted_by) or "no"),
        ("exempt", ", ".join(person.exempt_by) or "no"),
    ]
    for label, text in rows:
        say(f"{label:<24}{shown(text)}")


def state(person: Profile) -> str:
    """Where somebody stands, in a few words."""
    if person.trouble:
        return person.trouble
    if person.enabled is None:
        return "unsure: a group of the scope cannot be resolved"
    if not person.enabled:
        has_secret = person.activated or person.pending
        return "not enabled" + (f", has a secret; destroy it with: rw2fa users remove {person.user}" * has_secret)
    if person.bypass is not None:
        return bypass_sentence(person.bypass)
    if person.lock is not None:
        return lock_sentence(person.lock, person.user)
    if person.activated:
        return "activated"
    if person.method_in_force is Method.SMS:
        return "number not confirmed yet; the next login sends a code"
    shown_before = "QR code shown, no code confirmed; " if person.pending else ""
    if person.enrolment_until is not None:
        word = " with the word that was printed" if person.token_pending else ""
        return f"{shown_before}can enrol{word} until {when(person.enrolment_until)}"
    if person.token_missing:
        return f"{shown_before}needs a word to enrol; print it with: rw2fa users reset {person.user}"
    return f"{shown_before}can no longer enrol; open it with: rw2fa users reset {person.user}"


def _guessed(person: Profile) -> str:
    guesses = person.guesses
    if person.method_in_force is Method.SMS:
        return f"{guesses.narrow_spent} of {guesses.narrow_allowed}"
    return (
        f"{guesses.wide_spent} of {guesses.wide_allowed} against the whole window, "
        f"{guesses.narrow_spent} of {guesses.narrow_allowed} near the right time"
    )


def _method(person: Profile) -> str:
    if person.method is Method.APP:
        return person.method.value
    return f"{person.method.value} {person.phone}" + " (SMS are off: app)" * (person.method_in_force is Method.APP)


def _row(person: Profile) -> list[str]:
    return [person.user, ", ".join(person.enabled_by) or "-", state(person), _method(person)]


def _pending_row(person: Profile) -> list[str]:
    return [person.user, ", ".join(person.enabled_by) or "-", when(person.enrolment_until) or "-", state(person)]


def _profile(site: Site, name: str) -> Profile:
    person = lookup(name, site.rules.groups)
    canonical = person.name if isinstance(person, Person) else name
    trouble = ""
    account = None
    try:
        account = site.store.read(canonical)
    except Problem as problem:
        trouble = str(problem)
    return profile(name, person, account, rules=site.rules, came_in=site.came_in, now=time.time(), trouble=trouble)
