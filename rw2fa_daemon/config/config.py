"""The configuration as the rest of the program uses it."""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Final

from rw2fa_daemon.core.application import Application
from rw2fa_daemon.core.budget import Guessing
from rw2fa_daemon.core.database import Database
from rw2fa_daemon.core.logon import LogonSettings
from rw2fa_daemon.core.scope import Lists
from rw2fa_daemon.core.sms_account import allowed_prefixes
from rw2fa_daemon.core.user import UserList

RESOLVED_MAX: Final = 10_000
"""Up to this many user names are all looked up when they are read; more would take longer than a start may."""


@dataclass(frozen=True, slots=True)
class Portal:
    """The settings of the web portal."""

    enabled: bool
    listen: str
    """`ADDRESS:PORT`, or `unix:PATH`."""
    certificate: Path | None
    """With `key`, or both None: then one is made."""
    key: Path | None
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...]
    title: str
    """Empty for the issuer."""
    logo: Path | None
    colour: str
    """`#rrggbb`, or empty."""
    notify: bool
    """Whether the notification program hears of logons."""
    rdp_address: str
    """`HOST` or `HOST:PORT`; empty for the name by which the browser found the portal."""
    rdp_load_balance_info: str


@dataclass(frozen=True, slots=True)
class Config:
    """Every setting, checked. The comments in settings.SETTINGS say what each one means.

    `enabled_until` is UTC seconds, None if no trial is running. `scope_entries` is the scope as a list
    of users and @groups in the order of the file. `issuer` is as in the file, `issuer_name` what
    authenticator apps show. `files` are the files that were read, in order.
    """

    enabled: bool
    enabled_until: int | None
    scope: UserList
    scope_entries: tuple[str, ...]
    whitelist: UserList
    pass_seconds: int
    pass_without_address: bool
    exempt_users: UserList
    exempt_networks: tuple[IPv4Network | IPv6Network, ...]
    enrolment_window_days: int
    proof: str
    notify: Path | None
    """The notification program."""
    discrepancy: int
    guess_budget: float
    """A probability."""
    accept_risk: bool
    sudo_minutes: int
    issuer: str
    issuer_name: str
    validity_after_first_session: int
    validity_before_first_session: int
    digits: int
    sms_message: str
    sms_enabled: bool
    sms_account_sid: str
    sms_sender: str
    """E.164, a name, or the SID of a messaging service; empty if none is set."""
    sms_api_url: str
    """Empty for Twilio's own."""
    sms_minutes: int
    sms_countries: tuple[str, ...]
    sms_per_user: int
    """Per day, as are sms_per_number and sms_per_day."""
    sms_per_number: int
    sms_per_source: int
    """Per hour."""
    sms_per_day: int
    applications: tuple[Application, ...]
    keep_minutes: int
    """For a session in the browser that nobody looks at."""
    services: Mapping[str, str]
    service_default: str
    state: Path
    socket: Path
    master_key: Path
    database: Database | None
    """Where the state is, if not in its folder."""
    portal: Portal
    time_servers: tuple[str, ...]
    metrics_file: Path | None
    files: tuple[Path, ...]

    def enabled_at(self, now: float) -> bool:
        """Whether two-factor authentication is on at `now` (UTC seconds), taking trials into account."""
        return self.enabled and (self.enabled_until is None or now < self.enabled_until)

    @property
    def guessing(self) -> Guessing:
        """The settings that determine the chance of guessing."""
        return Guessing(self.discrepancy, self.guess_budget, self.accept_risk)

    @property
    def logons(self) -> LogonSettings:
        """How long what was typed at the web portal counts."""
        return LogonSettings(
            before_first=self.validity_before_first_session,
            after_first=60 * self.validity_after_first_session,
            pass_seconds=self.pass_seconds,
            without_address=self.pass_without_address,
        )

    @property
    def lists(self) -> Lists:
        """The lists that say who is asked, as the policy takes them."""
        return Lists(self.scope, self.whitelist, self.exempt_users, self.exempt_networks)

    @property
    def sms_digits(self) -> int | None:
        """How many digits a code sent by SMS has; None while SMS are switched off."""
        return self.digits if self.sms_enabled else None

    @property
    def sms_allowed(self) -> tuple[str, ...]:
        """The prefixes of E.164 numbers that SMS may be sent to, with their plus; empty if none may."""
        return allowed_prefixes(self.sms_countries, self.sms_sender)

    @property
    def notify_socket(self) -> Path:
        """Where the notifier listens, beside the relay."""
        return self.socket.with_name("notify.sock")

    @property
    def relay_socket(self) -> Path:
        """Where the relay listens: beside the socket of the hook, so that every instance has its own."""
        return self.socket.with_name("relay.sock")
