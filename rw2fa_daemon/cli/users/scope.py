"""`rw2fa users add` and `remove`."""

from collections.abc import Iterable
from typing import cast

import click

from rw2fa_daemon.cli import after_change
from rw2fa_daemon.cli.completion import scope_entries
from rw2fa_daemon.cli.confirm import YES_OPTION, make_sure
from rw2fa_daemon.cli.context import CliContext, pass_cli
from rw2fa_daemon.cli.printing import JSON_OPTION, note, say, show_json, shown
from rw2fa_daemon.cli.users.names import entries_of, entry_of, members
from rw2fa_daemon.cli.users.names_file import names_in
from rw2fa_daemon.cli.users.phone_numbers import hints, set_numbers
from rw2fa_daemon.cli.users.tokens import PROOF_BY_WORD, give_tokens
from rw2fa_daemon.config.edit import Changes
from rw2fa_daemon.config.load import Layers
from rw2fa_daemon.core.phone import masked
from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.core.user import GROUP_MARK, Membership, Missing, User, UserList
from rw2fa_daemon.directory.request import lookup


@click.command()
@click.argument("names", nargs=-1, metavar="NAME…")
@click.option("--from", "file", metavar="FILE", help="Also add the names in FILE, or - for standard input.")
@JSON_OPTION
@pass_cli
def add(cli: CliContext, names: tuple[str, ...], file: str | None, *, as_json: bool) -> None:
    """Enable users and @groups. All of them or none.

    FILE has one per line; a user may be followed by a phone number for codes by SMS,
    as in alice: +33612345678.

    If enrolment.proof is token, prints the token that each new user needs to enrol.
    """
    if not names and file is None:
        raise click.UsageError("give NAME…, or --from FILE", click.get_current_context())
    listed = names_in(file) if file is not None else {}
    entries = entries_of([*names, *listed])
    numbers = {entry_of(name): number for name, number in listed.items() if number is not None}
    before = set(cli.config.scope_entries)
    new = [entry for entry in entries if entry not in before]
    # The state first: a user who is added without it could not enrol, and so could not log in.
    cli.store  # noqa: B018 - opens it
    cli.change(lambda layers: _with(layers, new))
    cli.sync_scope()
    if new:
        after_change.record(cli, "rw2fa users add", new)
    with_number = set_numbers(cli, numbers)
    if with_number:
        after_change.record(cli, "rw2fa users add, with a number", with_number)
    tokens = _tokens(cli, [entry for entry in new if entry not in with_number])
    after_change.reload(cli)
    if as_json:
        show_json(
            [
                {
                    "entry": entry,
                    "added": entry not in before,
                    "token": tokens.get(entry),
                    "phone": masked(numbers[entry]) if entry in with_number else None,
                }
                for entry in entries
            ]
        )
    else:
        for entry in entries:
            how = "was added before" if entry in before else "now has two-factor authentication"
            to = f", and gets codes by SMS to {masked(numbers[entry])}" if entry in with_number else ""
            say(f"{shown(entry)} {how}{to}.")
            if entry in tokens:
                say(f"Enrolment token for {shown(entry)}, to type when enrolling: {tokens[entry]}")
    if with_number:
        hints(cli, numbers)
    if not cli.config.enabled:
        note("two-factor authentication is switched off; switch it on with: rw2fa enable")


@click.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME…", shell_complete=scope_entries)
@YES_OPTION
@pass_cli
def remove(cli: CliContext, names: tuple[str, ...], *, yes: bool) -> None:
    """Disable users and @groups.

    Destroys the secret of every user who is then no longer enabled by another entry.
    """
    cli.store  # noqa: B018 - opens it: a secret that cannot be destroyed must not be forgotten
    entries = [_entry_to_remove(cli, name) for name in names]
    listed = ", ".join(map(shown, entries))
    make_sure(f"Remove {listed} and destroy the secrets of users who are then no longer enabled?", yes=yes)
    affected = _affected(cli, entries)
    cli.change(lambda layers: _without(layers, entries))
    cli.sync_scope()
    removed, unsure, still = _sort_out(cli, affected)
    for name in removed:
        cli.store.discard(name)
    after_change.purge(cli)
    after_change.record(cli, "rw2fa users remove", [*entries, *(name for name in removed if name not in entries)])
    after_change.reload(cli)
    say(f"Removed {listed}.")
    if removed:
        say(f"Destroyed the records of: {', '.join(map(shown, sorted(removed)))}.")
    for name, by in still.items():
        say(f"{shown(name)} is still enabled by {', '.join(map(shown, by))}, so the secret is kept.")
    for name in unsure:
        note(f"the secret of {name} is kept, since the directory cannot tell whether another group enables that user")


def _tokens(cli: CliContext, new: Iterable[str]) -> dict[str, str]:
    """A token for each user who was added, if tokens are needed; notes how to get those of members of groups."""
    if cli.config.proof != PROOF_BY_WORD:
        return {}
    groups = [entry for entry in new if entry.startswith(GROUP_MARK)]
    if groups:
        note(f"each member of {', '.join(groups)} needs an enrolment token; print one with: rw2fa users reset USER")
    return give_tokens(cli, (entry for entry in new if not entry.startswith(GROUP_MARK)))


def _with(layers: Layers, entries: Iterable[str]) -> Changes:
    users, groups = map(dict.fromkeys, _lists(layers))
    for entry in entries:
        bare = entry.removeprefix(GROUP_MARK)
        if not entry.startswith(GROUP_MARK):
            users[entry] = None
        elif entry not in users and entry not in groups and bare not in groups:
            groups[bare] = None
    return _changes(layers, list(users), list(groups))


def _without(layers: Layers, entries: Iterable[str]) -> Changes:
    gone = set(entries)
    users, groups = _lists(layers)
    return _changes(
        layers,
        [name for name in users if name not in gone],
        [name for name in groups if GROUP_MARK + name.removeprefix(GROUP_MARK) not in gone],
    )


def _lists(layers: Layers) -> tuple[list[str], list[str]]:
    users, groups = (cast("tuple[str, ...]", layers.value(key)) for key in ("scope.users", "scope.groups"))
    return list(users), list(groups)


def _changes(layers: Layers, users: list[str], groups: list[str]) -> Changes:
    """Only what differs, so that a list that a drop-in sets may stay as it is."""
    wanted = {"scope.users": tuple(users), "scope.groups": tuple(groups)}
    return {key: value for key, value in wanted.items() if value != layers.value(key)}


def _entry_to_remove(cli: CliContext, typed: str) -> str:
    """The scope entry that `typed` names, or a user who still has a record; raises Problem if it is neither."""
    scope = cli.config.scope_entries
    if typed in scope:
        return typed
    if not typed.startswith(GROUP_MARK):
        user = lookup(typed, cli.rules.groups)
        name = user.name if isinstance(user, User) else typed
        if isinstance(user, User):
            if user.name in scope:
                return user.name
            if spelling := next((entry for entry in scope if _means(entry, user)), None):
                return spelling
            if by := cli.rules.lists.scope.matches(user):
                raise Problem(
                    f"{shown(user.name)} is enabled by {shown(', '.join(by))}, not by name",
                    f"remove the user from that group, or run: rw2fa users remove {shown(by[0])}",
                )
        # A user who left a group, or whose removal was interrupted.
        if name in cli.store.names():
            return name
    raise Problem(f"{shown(typed)} was not added", "look for the name with: rw2fa users list")


def _means(entry: str, user: User) -> bool:
    """Whether an entry is another spelling of a user's name, written by hand."""
    if entry.startswith(GROUP_MARK):
        return False
    found = lookup(entry, ())
    return isinstance(found, User) and found.name == user.name


def _affected(cli: CliContext, entries: list[str]) -> set[str]:
    """Users who may lose their secret: those with a record whom one of the entries covers."""
    by_name = {entry for entry in entries if not entry.startswith(GROUP_MARK)}
    names = set(by_name)
    for name in by_name:
        if isinstance(user := lookup(name, ()), User):
            names.add(user.name)
    groups = UserList(groups=tuple(entry.removeprefix(GROUP_MARK) for entry in entries if entry.startswith(GROUP_MARK)))
    if groups.groups:
        for name in cli.store.names():
            user = lookup(name, groups.groups)
            # A group that is gone from the directory may have had anybody as a member.
            if not isinstance(user, User) or groups.membership(user) is not Membership.NOT_MEMBER:
                names.add(name)
    stored = set(cli.store.names())
    return names & stored


def _sort_out(cli: CliContext, names: Iterable[str]) -> tuple[list[str], list[str], dict[str, tuple[str, ...]]]:
    """Which of these are certainly out of the scope, which may be, and which are still in it, by which entries."""
    removed: list[str] = []
    unsure: list[str] = []
    still: dict[str, tuple[str, ...]] = {}
    scope, groups = cli.rules.lists.scope, cli.rules.lists.scope.groups
    listed, unresolved = members(UserList(groups=groups))
    for name in names:
        user = lookup(name, groups)
        if name in scope.users:
            still[name] = (name,)
        elif user is Missing.UNKNOWN:
            # A directory that is down may say so as well; then it does not know its groups either.
            (unsure if unresolved or name in listed else removed).append(name)
        elif not isinstance(user, User):
            unsure.append(name)
        else:
            match scope.membership(user):
                case Membership.MEMBER:
                    still[name] = scope.matches(user)
                case Membership.UNSURE:
                    unsure.append(name)
                case Membership.NOT_MEMBER:
                    removed.append(name)
    return removed, unsure, still
