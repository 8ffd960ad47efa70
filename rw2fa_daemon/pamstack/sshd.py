"""The drop-in for sshd_config.d: which methods the users of the scope have to complete. Pure."""

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network
from typing import Final

from rw2fa_daemon.core.person import Roster

#: Early in the order: sshd takes the first value that it meets.
DROPIN: Final = "/etc/ssh/sshd_config.d/10-rw2fa.conf"

_HEAD: Final = """\
# Written by rw2fa, and again whenever its scope changes: edit the scope, not this file.
"""
_PASSWORDS: Final = """\
# Debian ships this off. The code is asked for through it.
KbdInteractiveAuthentication yes
"""
#: Marks a drop-in for a host that takes keys only; read back by `keys_only`.
_KEYS_ONLY: Final = """\
# rw2fa: keys only. Passwords were not accepted when this was first written, so none are asked for here either.
"""
_PLAIN: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-@$+ ")


def sshd_dropin(
    scope: Roster,
    *,
    exempt_users: Roster | None = None,
    exempt_networks: Iterable[IPv4Network | IPv6Network] = (),
    keys_only: bool = False,
) -> str:
    """The text of the drop-in (sshd_config(5)).

    Whoever is in the scope has to complete keyboard-interactive, alone or after a key; a key alone would be refused in
    the account phase, which drops the connection. Who is exempt keeps what the host's own configuration says.
    `keys_only`: the host takes no passwords; then the code is asked for after a key, and nothing else becomes possible.
    """
    exempt = exempt_users or Roster()
    blocks = [_HEAD, _KEYS_ONLY if keys_only else _PASSWORDS]
    outside = _criterion("Address", ["*", *(f"!{network}" for network in exempt_networks)], unless=["*"])
    not_users = [f"!{_pattern(user)}" for user in sorted(exempt.users)]
    not_groups = [f"!{_pattern(group)}" for group in exempt.groups]
    if scope.groups:
        groups = _criterion("Group", [*map(_pattern, scope.groups), *not_groups])
        blocks.append(_block(groups + _criterion("User", ["*", *not_users], unless=["*"]) + outside, keys_only))
    users = sorted(scope.users - exempt.users)
    if users:
        chosen = _criterion("User", [_pattern(user) for user in users])
        others = _criterion("Group", ["*", *not_groups], unless=["*"])
        blocks.append(_block(chosen + others + outside, keys_only))
    if len(blocks) > 2:
        blocks.append("Match all\n")
    return "\n".join(blocks)


def is_keys_only(text: str) -> bool:
    """Whether a drop-in was written for a host that takes keys only."""
    return _KEYS_ONLY in text


def _block(criteria: str, keys_only: bool) -> str:  # noqa: FBT001  # private, and named at its one caller
    methods = ["publickey,keyboard-interactive:pam"]
    lines = [f"Match{criteria}"]
    if keys_only:
        lines.append("    KbdInteractiveAuthentication yes")
    else:
        methods.append("keyboard-interactive:pam")
    return "\n".join([*lines, f"    AuthenticationMethods {' '.join(methods)}", ""])


def _criterion(name: str, patterns: list[str], *, unless: list[str] | None = None) -> str:
    """One criterion with its patterns; nothing if they are `unless`, which demand nothing."""
    if patterns == unless:
        return ""
    joined = ",".join(patterns)
    return f' {name} "{joined}"' if " " in joined else f" {name} {joined}"


def _pattern(name: str) -> str:
    """A pattern that matches a name. What has a meaning in patterns or in quotes becomes `?`, any one byte."""
    return "".join(
        character if character in _PLAIN else "?" * len(character.encode("utf-8", "surrogateescape"))
        for character in name
    )
