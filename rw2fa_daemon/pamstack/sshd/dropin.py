"""The drop-in for sshd_config.d: which methods the users of the scope have to complete. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from typing import Final

from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.core.scope import Lists
from rw2fa_daemon.core.user import UserList
from rw2fa_daemon.pamstack.sshd.policy import CODE_STEP, Case, cases
from rw2fa_daemon.pamstack.sshd.read import Files, read

#: Early in the order: sshd takes the first value that it meets.
DROPIN: Final = "/etc/ssh/sshd_config.d/10-rw2fa.conf"

_HEAD: Final = """\
# Written by rw2fa whenever its scope changes: edit the scope, not this file.
"""
#: Stands for a drop-in whose text is not known yet, such that `read` returns a part for it.
PLACEHOLDER: Final = "AuthenticationMethods any\n"
_KEYWORD: Final = "authenticationmethods"
#: For users who have no way in on this host: this opens none.
_NO_WAY: Final = f"publickey,{CODE_STEP}"
_PLAIN: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-@$+ ")

_SIMPLE: Final = re.compile(r"[A-Za-z0-9._,-]*")
"""A list of names that are their own patterns; a fast path, as there may be a hundred thousand."""


@dataclass(frozen=True, slots=True)
class Scope:
    """The users that sshd's drop-in applies to: the scope, without exempt users. The default is nobody.

    It is nobody while two-factor authentication is off, so that a key and BatchMode work as before. So the drop-in has
    to be refreshed whenever that, the scope or the exemptions change.
    """

    scope: UserList = field(default_factory=UserList)
    exempt_users: UserList = field(default_factory=UserList)
    exempt_networks: tuple[IPv4Network | IPv6Network, ...] = ()
    aliases: frozenset[str] = frozenset()
    """Names that are asked because another name of their uid is in the scope."""

    @property
    def lists(self) -> Lists:
        """The lists that logins are judged by."""
        return Lists(scope=self.scope, exempt_users=self.exempt_users, exempt_networks=self.exempt_networks)


NOBODY: Final = Scope()


def planned_dropin(scope: Scope, files: Files) -> str:
    """The drop-in for a configuration of sshd. `files` has `PLACEHOLDER` as the drop-in, to show where sshd reads it.

    Raises Problem if sshd cannot be configured so that the scope is asked for the code.
    """
    parts = read(files)
    place = next((number for number, part in enumerate(parts) if part.place == DROPIN), len(parts))
    rest = [part for part in parts if part.place != DROPIN]
    text = sshd_dropin(scope, cases(rest))
    # sshd refuses a connection if it reads this after other methods that apply to it, whether its block applies or not.
    after = next((part for part in rest[place:] if "any" in part.settings.get(_KEYWORD, "").split()), None)
    if after is not None and text != _HEAD:
        raise Problem(
            f"{after.place} sets `AuthenticationMethods any`: sshd would refuse all users with methods set before it",
            "remove that line, since it only states the default, or name the methods instead of `any`",
        )
    return text


def sshd_dropin(scope: Scope, cases: Sequence[Case]) -> str:
    """The text of the drop-in (sshd_config(5)): only Match blocks for the users of the scope.

    `cases` is what they have to complete, derived from the rest of the configuration; the first that applies counts.
    Each way ends in keyboard-interactive, through which the code is asked for, and which is therefore switched on: for
    them, and only with those ways. For exempt users the host's own configuration still applies.
    """
    conditions = [(whom, case) for case in cases for whom in _whom(scope)]
    blocks = [_block(whom + "".join(f" {one}" for one in case.criteria), case) for whom, case in conditions]
    return "\n".join([_HEAD, *blocks, *(["Match all\n"] if blocks else [])])


def _whom(scope: Scope) -> list[str]:
    """The criteria that match the users of the scope and nobody else; one line for each alternative."""
    exempt = scope.exempt_users
    outside = _criterion("Address", ["*", *(f"!{network}" for network in scope.exempt_networks)], unless=["*"])
    not_users = [f"!{_pattern(user)}" for user in sorted(exempt.users)]
    not_groups = [f"!{_pattern(group)}" for group in exempt.groups]
    lines: list[str] = []
    if scope.scope.groups:
        groups = _criterion("Group", [*map(_pattern, scope.scope.groups), *not_groups])
        lines.append(groups + _criterion("User", ["*", *not_users], unless=["*"]) + outside)
    users = sorted((scope.scope.users | scope.aliases) - exempt.users)
    if users:
        chosen = _criterion("User", _patterns(users))
        lines.append(chosen + _criterion("Group", ["*", *not_groups], unless=["*"]) + outside)
    return lines


def _block(criteria: str, case: Case) -> str:
    methods = " ".join(",".join(way) for way in case.ways) or _NO_WAY
    return "\n".join(
        [
            f"Match{criteria}",
            f"    KbdInteractiveAuthentication {'yes' if case.ways else 'no'}",
            f"    AuthenticationMethods {methods}",
            "",
        ]
    )


def _criterion(name: str, patterns: list[str], *, unless: list[str] | None = None) -> str:
    """One criterion with its patterns; empty if they equal `unless`, which match everything."""
    if patterns == unless:
        return ""
    joined = ",".join(patterns)
    return f' {name} "{joined}"' if " " in joined else f" {name} {joined}"


def _patterns(names: list[str]) -> list[str]:
    """A pattern for each of these names."""
    listed = ",".join(names)
    if _SIMPLE.fullmatch(listed) and listed.count(",") == len(names) - 1:
        return names
    return [_pattern(name) for name in names]


def _pattern(name: str) -> str:
    """A pattern that matches a name. Characters that are special in patterns or quotes become `?`, any one byte."""
    return "".join(
        character if character in _PLAIN else "?" * len(character.encode("utf-8", "surrogateescape"))
        for character in name
    )
