"""The rules in force: a configuration, made ready to decide with."""

import hashlib
from dataclasses import dataclass

from rw2fa_daemon.config.config import Config
from rw2fa_daemon.core.clients import ClientTable, ServiceClass
from rw2fa_daemon.core.person import GROUP_MARK, Roster
from rw2fa_daemon.core.standing import Lists
from rw2fa_daemon.core.texting import TextRules
from rw2fa_daemon.data import shipped_clients


@dataclass(frozen=True, slots=True)
class Rules:
    """One consistent set of rules; a reload puts another in its place."""

    config: Config
    lists: Lists
    clients: ClientTable
    groups: tuple[str, ...]
    """What every look-up resolves."""
    scope_digest: str
    """Tells whether a remembered "not a member" was about this very scope."""
    texts: TextRules | None
    """What holds for text messages, None while they are switched off."""

    @property
    def scope_entries(self) -> tuple[str, ...]:
        """The scope as the state knows it: users in order, by every name they have, then groups with their mark."""
        scope = self.lists.scope
        return (*sorted(scope.users), *(GROUP_MARK + group for group in scope.groups))


def make_rules(config: Config, canonical: dict[str, str] | None = None) -> Rules:
    """Rules from a configuration; `canonical` maps names as written to names as NSS has them."""
    names = canonical or {}
    lists = Lists(
        scope=_canonical(config.scope, names),
        whitelist=_canonical(config.whitelist, names),
        exempt_users=_canonical(config.exempt_users, names),
        exempt_networks=config.exempt_networks,
    )
    classes = {service: ServiceClass(name) for service, name in config.services.items()}
    clients = shipped_clients().override(classes, ServiceClass(config.service_default))
    scope_text = "\0".join((*sorted(lists.scope.users), "", *sorted(lists.scope.groups)))
    digest = hashlib.sha256(scope_text.encode("utf-8", "surrogateescape")).hexdigest()[:32]
    return Rules(config, lists, clients, lists.groups, digest, _texts(config))


def _texts(config: Config) -> TextRules | None:
    if not config.sms_enabled:
        return None
    return TextRules(
        valid_seconds=60 * config.sms_minutes,
        message=config.sms_message,
        allowed=config.sms_allowed,
        per_user=config.sms_per_user,
        per_number=config.sms_per_number,
        per_source=config.sms_per_source,
        per_host=config.sms_per_day,
    )


def names_to_resolve(config: Config) -> list[str]:
    """User names in the configuration, which may be spelled as NSS does not spell them."""
    return sorted(config.scope.users | config.whitelist.users | config.exempt_users.users)


def _canonical(roster: Roster, names: dict[str, str]) -> Roster:
    """The roster with what NSS calls each user, beside what was written."""
    return Roster(roster.users | {names[user] for user in roster.users if user in names}, roster.groups)
