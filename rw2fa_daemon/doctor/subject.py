"""What the checks examine: a configuration, a host, a time."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final

from rw2fa_daemon.audit.older import write_failed_over
from rw2fa_daemon.config.config import Config
from rw2fa_daemon.config.rules import Rules, make_rules
from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.core.scope import surely_asked
from rw2fa_daemon.core.user import Missing, User
from rw2fa_daemon.directory.many import lookups as directory_lookups
from rw2fa_daemon.directory.members import group_members
from rw2fa_daemon.directory.request import lookup as directory_lookup
from rw2fa_daemon.pamstack import accepted
from rw2fa_daemon.pamstack.accepted import Accepted
from rw2fa_daemon.pamstack.module_files import under
from rw2fa_daemon.pamstack.programs import effective_sshd
from rw2fa_daemon.pamstack.sshd.ask import Ask, files_of, sshd_with
from rw2fa_daemon.store.store import Store
from rw2fa_daemon.vault.master_key import load_master_key
from rw2fa_daemon.vault.vault import Vault

HOST: Final = Path("/")
#: Names that are looked up in the directory for one run.
CANDIDATES_MAX: Final = 2000

#: The settings in force for a user, the reason why they are unknown, or None if there is no sshd.
SshdSettings = dict[str, str] | str | None


@dataclass
class Subject:
    """The configuration and the host below `root`, at `now` (UTC seconds).

    `services` limits the checks of PAM to some services; empty means all. `lookup` and `members` ask the directory,
    `sshd` asks sshd; on another root than the host's, sshd is not asked.
    """

    config: Config
    root: Path
    now: float
    services: tuple[str, ...] = ()
    lookup: Callable[[str, tuple[str, ...]], User | Missing] = directory_lookup
    members: Callable[[str], list[str] | None] = group_members
    sshd: Callable[[str], SshdSettings] = field(default=effective_sshd)

    def lookups(self, names: Sequence[str], groups: tuple[str, ...] = ()) -> Iterator[User | Missing]:
        """What `lookup` says of each name; looked up in parallel if it asks the directory."""
        if self.lookup is directory_lookup:
            return directory_lookups(names, groups)
        return (self.lookup(name, groups) for name in names)

    @cached_property
    def rules(self) -> Rules:
        """The configuration made ready to decide with, names as they are written."""
        return make_rules(self.config)

    @cached_property
    def accepted(self) -> Accepted:
        """What an administrator accepted on this host. Raises Problem."""
        return accepted.read(self.root)

    def path(self, path: Path | str) -> Path:
        """Where `path` of the host is, below `root`."""
        return under(self.root, str(path))

    def sshd_with(self, dropin: str | None) -> AbstractContextManager[Ask | None]:
        """Asks sshd about this host's configuration with another drop-in, or none; None if sshd cannot be asked."""
        return sshd_with(files_of(dropin=dropin)) if self.root == HOST else nullcontext(None)

    @contextmanager
    def store(self) -> Iterator[Store]:
        """The state, open within the context. Raises Problem."""
        state = self.path(self.config.state)
        store = Store.open(
            state,
            Vault(load_master_key(self.path(self.config.master_key))),
            database=self.config.database,
            tell=lambda happened: write_failed_over(state, happened),
        )
        try:
            yield store
        finally:
            store.close()

    @cached_property
    def enabled_users(self) -> tuple[list[User], bool]:
        """The users who need a second factor, as far as they can be found, and whether all candidates were looked at.

        Candidates are the users of the scope, the members of its groups, and users with a record in the state.
        """
        groups = (*self.config.scope.groups, *self.config.exempt_users.groups)
        named = set(self.config.scope.users)
        listed = {member for group in self.config.scope.groups for member in (self.members(group) or ())}
        candidates = sorted(named | listed | self._names_in_state())
        people: dict[str, User] = {}
        chosen = candidates[:CANDIDATES_MAX]
        for candidate, user in zip(chosen, self.lookups(chosen, groups), strict=True):
            if isinstance(user, User) and surely_asked(self.rules.lists, user, written=candidate):
                people.setdefault(user.name, user)
        return list(people.values()), len(candidates) <= CANDIDATES_MAX

    def _names_in_state(self) -> set[str]:
        try:
            with self.store() as store:
                return {name for name, _ in zip(store.names(), range(CANDIDATES_MAX), strict=False)}
        except Problem:
            # Another check reports it.
            return set()
