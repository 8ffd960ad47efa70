"""The users of `rw2fa users list`: possibly a hundred thousand, read a few hundred at a time."""

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from itertools import islice
from typing import Final, Protocol

import click

from rw2fa_daemon.cli.context import CliContext
from rw2fa_daemon.cli.printing import on_terminal
from rw2fa_daemon.cli.users.names import members
from rw2fa_daemon.cli.users.profile import Profile, profile
from rw2fa_daemon.core.account import Method
from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.core.user import User
from rw2fa_daemon.directory.many import lookups

READ_AT_ONCE: Final = 500
"""Accounts read in one transaction, so that no login waits for a listing."""
BAR_FROM: Final = 1_000
"""From this many users on, a progress bar is worth showing."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whom to list: all users who fit, those after the name `after`, and at most `limit` of them."""

    pending: bool = False
    activated: bool | None = None
    locked: bool = False
    method: Method | None = None
    match: str = ""
    limit: int | None = None
    after: str = ""

    @property
    def is_page(self) -> bool:
        """Whether this is one page of a list."""
        return self.limit is not None or bool(self.after)

    @property
    def narrowed(self) -> bool:
        """Whether a filter leaves users out."""
        return self.activated is not None or self.locked or self.method is not None or bool(self.match)

    def may_be(self, name: str) -> bool:
        """Whether a user of this name has to be looked at."""
        return name > self.after and self.match.casefold() in name.casefold()

    def fits(self, user: Profile) -> bool:
        """Whether a user is to be listed."""
        return (
            (not self.pending or (user.enabled is not False and not user.activated))
            and (self.activated is None or user.activated is self.activated)
            and (not self.locked or user.lock is not None)
            and (self.method is None or user.method_in_force is self.method)
        )

    def command_after(self, name: str, *more: str) -> list[str]:
        """The command that continues the list after `name`."""
        words = ["rw2fa", "users", "list", *more]
        words += ["--pending"] * self.pending + ["--locked"] * self.locked
        if self.activated is not None:
            words.append("--activated" if self.activated else "--not-activated")
        words += ["--method", self.method.value] if self.method else []
        words += [f"--match={self.match}"] if self.match else []
        words += ["--limit", str(self.limit)] if self.limit is not None else []
        return [*words, f"--after={name}"]


class Listing:
    """`people`, which can be read once; `unresolved` are groups that the directory cannot resolve.

    `last` is set once `people` has been read: the name to continue after if there are more, else None.
    """

    def __init__(self, cli: CliContext, wanted: Wanted, candidates: Sequence[str], unresolved: Sequence[str]) -> None:
        self.unresolved: Final = list(unresolved)
        self.last: str | None = None
        self._site = cli
        self._wanted = wanted
        self._candidates = candidates

    @property
    def people(self) -> Iterator[Profile]:
        """The users who fit, sorted by name."""
        listed, last = 0, ""
        for name, user in _look(self._site, self._candidates):
            if not self._wanted.fits(user):
                continue
            if listed == self._wanted.limit:
                self.last = last
                return
            yield user
            listed, last = listed + 1, name


def list_people(cli: CliContext, wanted: Wanted) -> Listing:
    """Every user who was added by name or as a member of a group that the directory lists, or has a record."""
    scope = cli.rules.lists.scope
    names, unresolved = members(scope)
    names.update(cli.store.names())
    # Another spelling of a name is the same user.
    names.difference_update(written for written, name in cli.spellings.items() if written != name)
    return Listing(cli, wanted, sorted(filter(wanted.may_be, names)), unresolved)


def _look(cli: CliContext, names: Sequence[str]) -> Iterator[tuple[str, Profile]]:
    """Each name with the user it resolves to; a user whose canonical name is also in `names` comes once."""
    known = frozenset(names)
    rules, now = cli.rules, time.time()
    found = zip(names, lookups(names, rules.groups), strict=True)
    with _bar(len(names)) as lock:
        while page := list(islice(found, READ_AT_ONCE)):
            stored = cli.store.survey([one.name if isinstance(one, User) else name for name, one in page])
            for (name, one), account in zip(page, stored, strict=True):
                if isinstance(one, User) and one.name != name and one.name in known:
                    continue
                sound, trouble = (None, str(account)) if isinstance(account, Problem) else (account, "")
                yield (
                    name,
                    profile(name, one, sound, rules=rules, came_in=cli.came_in, now=now, trouble=trouble),
                )
            lock.update(len(page))


class _Bar(Protocol):
    def update(self, n_steps: int) -> None: ...


class _NoBar:
    def update(self, n_steps: int) -> None:
        """There is no terminal to draw on."""


def _bar(count: int) -> AbstractContextManager[_Bar]:
    """A progress bar on standard error, if that is a terminal and standard output is not."""
    if count < BAR_FROM or on_terminal() or not sys.stderr.isatty():
        return nullcontext(_NoBar())
    return click.progressbar(length=count, label="Users", file=sys.stderr)
