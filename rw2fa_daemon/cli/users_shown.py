"""`rw2fa users list` and `show`."""

import time
from collections.abc import Mapping, Sequence

import click

from rw2fa_daemon.cli.completion import scope_entries
from rw2fa_daemon.cli.people import members, person_of
from rw2fa_daemon.cli.printing import JSON_OPTION, iso, note, say, show_json, shown, table, when
from rw2fa_daemon.cli.profile import Profile, bypass_sentence, drift_sentence, lock_sentence, profile
from rw2fa_daemon.cli.site import Site, pass_site
from rw2fa_daemon.core.account import Method
from rw2fa_daemon.core.person import GROUP_MARK, Person
from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.directory.request import lookup


@click.command("list")
@click.option("--pending", is_flag=True, help="Only who still has to enrol, and until when.")
@JSON_OPTION
@pass_site
def list_users(site: Site, *, pending: bool, as_json: bool) -> None:
    """Show who was added, and whom that means."""
    since = site.scope_since()
    names, unresolved = members(site.rules.lists.scope)
    names |= set(site.store.names())
    people = [_profile(site, name, since) for name in sorted(names)]
    # Spellings of one name are one person.
    people = list({person.user: person for person in people}.values())
    if pending:
        people = [person for person in people if person.enabled is not False and not person.activated]
    if as_json:
        show_json(
            {
                "entries": [
                    {"entry": entry, "group": entry.startswith(GROUP_MARK), "since": iso(since.get(entry))}
                    for entry in site.config.scope_entries
                ],
                "unresolved_groups": unresolved,
                "users": [person.as_json for person in people],
            }
        )
        return
    if not site.config.scope_entries and not people:
        say("Nobody has two-factor authentication; add somebody with: rw2fa users add NAME")
        return
    if pending and not people:
        say("Everybody who was added and can be listed has enrolled.")
    elif pending:
        table(["USER", "ENABLED BY", "UNTIL", "STATE"], [_pending_row(person) for person in people])
    else:
        _show_everybody(site, since, people)
    for group in unresolved:
        note(f"the group {group} cannot be resolved: its members are not shown")


def _show_everybody(site: Site, since: Mapping[str, int], people: Sequence[Profile]) -> None:
    table(["ADDED", "SINCE"], [[entry, when(since.get(entry))] for entry in site.config.scope_entries])
    say()
    table(["USER", "ENABLED BY", "STATE", "CODES BY"], [_row(person) for person in people])


@click.command()
@click.argument("user", shell_complete=scope_entries)
@JSON_OPTION
@pass_site
def show(site: Site, user: str, *, as_json: bool) -> None:
    """Show what is known about a user."""
    person = _profile(site, user, site.scope_since())
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
        ("wrong codes in 30 days", _guessed(person)),
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
    if person.bar is not None:
        return lock_sentence(person.bar, person.user)
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


def _profile(site: Site, name: str, since: Mapping[str, int]) -> Profile:
    person = lookup(name, site.rules.groups)
    canonical = person.name if isinstance(person, Person) else name
    trouble = ""
    account = None
    try:
        account = site.store.read(canonical)
    except Problem as problem:
        trouble = str(problem)
    return profile(name, person, account, rules=site.rules, since=since, now=time.time(), trouble=trouble)
