"""The rules in force: a configuration, made ready to decide with."""

import hashlib
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from rw2fa_daemon.config.config import RESOLVED_MAX, Config
from rw2fa_daemon.core.clients import ClientTable, ServiceClass
from rw2fa_daemon.core.login_settings import LoginSettings
from rw2fa_daemon.core.scope import Lists
from rw2fa_daemon.core.sms import SmsRules
from rw2fa_daemon.core.user import UserList
from rw2fa_daemon.data import shipped_clients

_UNUSUAL: Final = re.compile(r"[^a-z0-9_.-]")


@dataclass(frozen=True)
class Rules:
    """One consistent set of rules; a reload puts another in its place."""

    config: Config
    lists: Lists
    clients: ClientTable
    groups: tuple[str, ...]
    """What every look-up resolves."""
    settings: LoginSettings

    @cached_property
    def scope_digest(self) -> str:
        """Tells whether a remembered "not a member" was about this very scope."""
        scope = self.lists.scope
        text = "\0".join((*sorted(scope.users), "", *sorted(scope.groups)))
        return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:32]

    @property
    def scope_entries(self) -> tuple[str, ...]:
        """The scope as the state knows it: users by every name they have, and groups with their mark."""
        written = self.config.scope_entries
        return (*written, *sorted(self.lists.scope.users.difference(written)))


def make_rules(config: Config, canonical: dict[str, str] | None = None) -> Rules:
    """Rules from a configuration; `canonical` maps names as written to names as NSS has them, where they differ."""
    names = canonical or {}
    lists = Lists(
        scope=_canonical(config.scope, names),
        whitelist=_canonical(config.whitelist, names),
        exempt_users=_canonical(config.exempt_users, names),
        exempt_networks=config.exempt_networks,
    )
    classes = {service: ServiceClass(name) for service, name in config.services.items()}
    clients = shipped_clients().override(classes, ServiceClass(config.service_default))
    return Rules(config, lists, clients, lists.groups, _settings(config))


def _settings(config: Config) -> LoginSettings:
    return LoginSettings(
        guessing=config.guessing,
        digits=config.digits,
        issuer=config.issuer_name,
        window_days=config.enrolment_window_days,
        session_seconds=60 * config.sudo_minutes,
        token_needed=config.proof == "token",
        sms=_sms(config),
    )


def _sms(config: Config) -> SmsRules | None:
    if not config.sms_enabled:
        return None
    return SmsRules(
        valid_seconds=60 * config.sms_minutes,
        message=config.sms_message,
        allowed=config.sms_allowed,
        per_user=config.sms_per_user,
        per_number=config.sms_per_number,
        per_source=config.sms_per_source,
        per_host=config.sms_per_day,
    )


def names_to_resolve(config: Config) -> list[str]:
    """User names in the configuration, which may be spelled as NSS does not spell them.

    All of them up to RESOLVED_MAX; of more, those that have a character which plain names in lower case do not have.
    """
    names = config.scope.users.union(config.whitelist.users, config.exempt_users.users)
    if len(names) > RESOLVED_MAX:
        if not _UNUSUAL.search("".join(names)):
            return []
        return sorted(name for name in names if _UNUSUAL.search(name))
    return sorted(names)


def _canonical(roster: UserList, names: dict[str, str]) -> UserList:
    """The list with what NSS calls each user, beside what was written."""
    more = {name for written, name in names.items() if written in roster.users}
    return roster if more <= roster.users else UserList(roster.users | more, roster.groups)
