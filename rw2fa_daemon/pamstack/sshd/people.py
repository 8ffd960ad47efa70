"""The users that sshd's drop-in applies to on a host: the scope, and the other local names of its uids."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from rw2fa_daemon.config.config import Config
from rw2fa_daemon.core.user import Missing, User
from rw2fa_daemon.directory import local
from rw2fa_daemon.directory.request import lookup as directory_lookup
from rw2fa_daemon.pamstack.module_files import under
from rw2fa_daemon.pamstack.sshd.dropin import NOBODY, Scope
from rw2fa_daemon.pamstack.transaction import read_bytes

_HOST: Final = Path("/")
_LOCAL_USERS: Final = "/etc/passwd"

Lookup = Callable[[str, tuple[str, ...]], User | Missing]


def scope_at(config: Config, now: float) -> Scope:
    """The users that a configuration asks for a second factor at `now` (UTC seconds): nobody after a trial."""
    return scope_once_on(config) if config.enabled_at(now) else NOBODY


def scope_once_on(config: Config, *, root: Path = _HOST, lookup: Lookup = directory_lookup) -> Scope:
    """The users that a configuration asks for a second factor while it is switched on, on the host below `root`."""
    scope = Scope(config.scope, config.exempt_users, config.exempt_networks)
    return replace(scope, aliases=_aliases(scope, root, lookup))


def _aliases(scope: Scope, root: Path, lookup: Lookup) -> frozenset[str]:
    """The local names that are asked only because another name of their uid is in the scope.

    sshd's Match knows names and their groups, but no uids.
    """
    named = scope.scope
    if not named.users and not named.groups:
        return frozenset()
    content = read_bytes(under(root, _LOCAL_USERS)) or b""
    names = [name.decode("utf-8", "surrogateescape") for names in local.read(content).values() for name in names]
    found = [user for name in names if isinstance(user := lookup(name, named.groups), User)]
    return frozenset(user.name for user in found if named.naming(user)[1] and not named.matches(user))
