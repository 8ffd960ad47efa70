"""What one run of the command works with: a configuration file, and what it points to."""

import pwd
import time
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from rw2fa_daemon.config.config import Config
from rw2fa_daemon.config.load import Layers, build, read_layers
from rw2fa_daemon.core.user import User

if TYPE_CHECKING:
    from rw2fa_daemon.config.edit import Changes
    from rw2fa_daemon.config.rules import Rules
    from rw2fa_daemon.store.store import Store
    from rw2fa_daemon.vault.code_hasher import CodeHasher
    from rw2fa_daemon.vault.vault import Vault

DAEMON_USER: Final = "rw2fa"
"""Whatever is created belongs to this user, if the user exists."""

RELOAD_SECONDS: Final = 10.0
"""How long to wait while the daemon reads its configuration again, which includes look-ups in the directory."""

RESOLVE_SECONDS: Final = 2.0
"""How long the directory may take for the names in the configuration; names not resolved by then stay as written."""


class CliContext:
    """Opens each thing on first use; raises Problem if that fails."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @cached_property
    def config(self) -> Config:
        """The configuration in force."""
        return build(self.layers)

    @cached_property
    def layers(self) -> Layers:
        """What each configuration file sets."""
        return read_layers(self.path)

    @cached_property
    def rules(self) -> "Rules":
        """The configuration prepared for decisions, as in the daemon."""
        from rw2fa_daemon.config.rules import make_rules  # noqa: PLC0415 - not for every command

        return make_rules(self.config, self.spellings)

    @cached_property
    def spellings(self) -> dict[str, str]:
        """The directory's name for each user whom the configuration spells differently, by that spelling."""
        from rw2fa_daemon.config.rules import names_to_resolve  # noqa: PLC0415 - not for every command
        from rw2fa_daemon.directory.request import lookup  # noqa: PLC0415 - not for every command

        deadline = time.monotonic() + RESOLVE_SECONDS
        found = {}
        for name in names_to_resolve(self.config):
            if time.monotonic() > deadline:
                break
            if isinstance(user := lookup(name, ()), User) and user.name != name:
                found[name] = user.name
        return found

    @cached_property
    def vault(self) -> "Vault":
        """The keys that the state is encrypted under."""
        from rw2fa_daemon.vault.master_key import load_master_key  # noqa: PLC0415 - not for every command
        from rw2fa_daemon.vault.vault import Vault  # noqa: PLC0415 - not for every command

        return Vault(load_master_key(self.config.master_key))

    @cached_property
    def code_hasher(self) -> "CodeHasher":
        """Makes recovery codes and enrolment tokens, and their digests."""
        return self.store.code_hasher()

    @cached_property
    def store(self) -> "Store":
        """The state, open until the command ends."""
        store = self.open_store(self.vault)
        click.get_current_context().call_on_close(store.close)
        return store

    def open_store(self, vault: "Vault", *, create: bool = False) -> "Store":
        """The state, opened with these keys; with `create` it is made if it does not exist."""
        from rw2fa_daemon.audit.older import write_failed_over  # noqa: PLC0415 - not for every command
        from rw2fa_daemon.store.store import Store  # noqa: PLC0415 - not for every command

        config = self.config
        return Store.open(
            config.state,
            vault,
            create=create,
            owner=daemon_owner() if create else None,
            database=config.database,
            tell=lambda happened: write_failed_over(config.state, happened),
        )

    @property
    def shares_state(self) -> bool:
        """Whether other hosts may use the same state."""
        return self.config.database is not None

    def sync_scope(self) -> Mapping[str, int]:
        """Record which entries the scope has now; returns the UTC second at which each was added."""
        return self.store.sync_scope(self.rules.scope_entries, int(time.time()))

    @cached_property
    def known_scope(self) -> Mapping[str, int]:
        """The UTC second at which each entry was added, for those that the state knows."""
        return self.store.scope()

    def came_in(self, entries: Iterable[str]) -> int:
        """UTC second at which the latest of these scope entries was added; now for one that the state does not know."""
        now = int(time.time())
        return max((self.known_scope.get(entry, now) for entry in entries), default=0)

    def must_own(self, *keys: str) -> None:
        """Raise Problem if a drop-in sets one of these keys, so that changing the main file would have no effect."""
        from rw2fa_daemon.config.edit import own_to_set  # noqa: PLC0415 - not for every command

        for key in keys:
            own_to_set(self.layers, key, self.path)

    def change(self, decide: "Callable[[Layers], Changes]") -> None:
        """Edit the configuration file, and drop what was read from the old one."""
        from rw2fa_daemon.config.edit import change  # noqa: PLC0415 - not for every command

        config = change(self.path, decide, known=self.layers)
        for stale in ("layers", "config", "rules", "spellings", "known_scope"):
            self.__dict__.pop(stale, None)
        self.config = config


def daemon_owner() -> tuple[int, int] | None:
    """Uid and gid of the daemon's user; None if there is no such user."""
    try:
        entry = pwd.getpwnam(DAEMON_USER)
    except KeyError:
        return None
    return entry.pw_uid, entry.pw_gid


pass_cli: Final = click.make_pass_decorator(CliContext)
