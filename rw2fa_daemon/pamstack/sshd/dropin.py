"""The drop-in for sshd_config.d: which methods the users of the scope have to complete. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from typing import Final

from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.core.user import UserList
from rw2fa_daemon.pamstack.sshd.policy import CODE_STEP, Case, cases
from rw2fa_daemon.pamstack.sshd.read import Files, read

#: Early in the order: sshd takes the first value that it meets.
DROPIN: Final = "/etc/ssh/sshd_config.d/10-rw2fa.conf"

_HEAD: Final = """\
# Written by rw2fa, and again whenever its scope changes: edit the scope, not this file.
"""
#: Stands for a drop-in whose text is not known yet: something that `read` gives a part for.
PLACEHOLDER: Final = "AuthenticationMethods any\n"
_KEYWORD: Final = "authenticationmethods"
#: For somebody whom the host lets in by no way: none opens.
_NO_WAY: Final = f"publickey,{CODE_STEP}"
_PLAIN: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-@$+ ")

_SIMPLE: Final = re.compile(r"[A-Za-z0-9._-]*")
"""Names that are their own patterns: there may be a hundred thousand."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Whom sshd's drop-in is about: the scope, and who is exempt from it. The default is nobody.

    It is nobody while two-factor authentication is off: a key and BatchMode then work as before. So the drop-in has to
    be refreshed whenever that, the scope or the exemptions change.
    """

    scope: UserList = field(default_factory=UserList)
    exempt_users: UserList = field(default_factory=UserList)
    exempt_networks: tuple[IPv4Network | IPv6Network, ...] = ()
    aliases: frozenset[str] = frozenset()
    """Names that are asked because another name of their uid is in the scope."""


NOBODY: Final = Scope()


def planned_dropin(scope: Scope, files: Files) -> str:
    """The drop-in for a configuration of sshd. `files` has `PLACEHOLDER` for the drop-in, to show where sshd reads it.

    Raises Problem where sshd cannot be told what the scope has to complete.
    """
    parts = read(files)
    place = next((number for number, part in enumerate(parts) if part.place == DROPIN), len(parts))
    rest = [part for part in parts if part.place != DROPIN]
    text = sshd_dropin(scope, cases(rest))
    # sshd gives up on a connection where it reads this after other methods that hold for it, whether it holds or not.
    after = next((part for part in rest[place:] if "any" in part.settings.get(_KEYWORD, "").split()), None)
    if after is not None and text != _HEAD:
        raise Problem(
            f"{after.place} sets `AuthenticationMethods any`: sshd would refuse whoever has methods set before it",
            "take that line out, since it says what holds anyway, or name the methods in place of `any`",
        )
    return text


def sshd_dropin(scope: Scope, cases: Sequence[Case]) -> str:
    """The text of the drop-in (sshd_config(5)): nothing but Match blocks for the people of the scope.

    `cases` is what they have to complete, by what the rest of the configuration says; the first that holds counts.
    Each way ends in keyboard-interactive, through which the code is asked for, and which is therefore switched on: for
    them, and only beside those ways. Who is exempt keeps what the host's own configuration says.
    """
    conditions = [(whom, case) for case in cases for whom in _whom(scope)]
    blocks = [_block(whom + "".join(f" {one}" for one in case.criteria), case) for whom, case in conditions]
    return "\n".join([_HEAD, *blocks, *(["Match all\n"] if blocks else [])])


def _whom(scope: Scope) -> list[str]:
    """The criteria that hold for the people of the scope and for nobody else; one line for each alternative."""
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
        chosen = _criterion("User", [_pattern(user) for user in users])
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
    """One criterion with its patterns; nothing if they are `unless`, which demand nothing."""
    if patterns == unless:
        return ""
    joined = ",".join(patterns)
    return f' {name} "{joined}"' if " " in joined else f" {name} {joined}"


def _pattern(name: str) -> str:
    """A pattern that matches a name. What has a meaning in patterns or in quotes becomes `?`, any one byte."""
    if _SIMPLE.fullmatch(name):
        return name
    return "".join(
        character if character in _PLAIN else "?" * len(character.encode("utf-8", "surrogateescape"))
        for character in name
    )
