"""The one table of settings.

The parser, `rw2fa settings` and the shipped configuration file all come from it, so that
they cannot disagree.
"""

from dataclasses import dataclass
from typing import Final

from rw2fa_daemon.config import domain
from rw2fa_daemon.config.applications import Applications
from rw2fa_daemon.config.database_url import DatabaseUrl
from rw2fa_daemon.config.domain import (
    AbsolutePath,
    Choice,
    Decimal,
    Domain,
    Form,
    Items,
    Moment,
    Number,
    Prompt,
    Switch,
    Value,
)
from rw2fa_daemon.core.api_url import parse_api_url
from rw2fa_daemon.core.colour import parse_colour
from rw2fa_daemon.core.listen_address import parse_listen
from rw2fa_daemon.core.otp import DIGITS_MAX, DIGITS_MIN
from rw2fa_daemon.core.rdp_address import parse_rdp_address
from rw2fa_daemon.core.sms_account import check_account_sid, check_sender
from rw2fa_daemon.core.sms_text import CODE_MARK
from rw2fa_daemon.core.time_server import SERVERS_MAX

DISCREPANCY_MAX: Final = 2880
"""One day of 30-second steps, each way: enough for a phone set to the wrong date."""
WINDOW_DAYS_MAX: Final = 365
FURTHER_MINUTES_MAX: Final = 43_200
"""30 days."""
FIRST_SECONDS_MAX: Final = 86_400
"""One day."""
PASS_SECONDS_MIN: Final = 10
"""To start a client and type a password."""
PASS_SECONDS_MAX: Final = 900
KEEP_MINUTES_MAX: Final = 43_200
"""30 days."""
SUDO_MINUTES_MAX: Final = 1440
"""One day."""
PORTAL_TITLE_BYTES_MAX: Final = 100
LOAD_BALANCE_BYTES_MAX: Final = 200
ISSUER_BYTES_MAX: Final = 64
"""The issuer appears twice in the URI of a QR code, which has to fit a terminal of 24 lines or little more."""
SMS_BYTES_MAX: Final = 320
"""Two messages of 160 characters."""
SMS_MINUTES_MAX: Final = 10
"""NIST SP 800-63B-4 §3.1.3.2: an out-of-band code is valid for at most 10 minutes."""
SMS_LIMIT_MAX: Final = 1000
"""Messages to one user or number in a day, or caused by one address in an hour."""
SMS_PER_DAY_MAX: Final = 1_000_000
SMS_PREFIXES_MAX: Final = 256
"""More than there are calling codes."""

ANY_SERVICE: Final = "services.*"
"""The key that stands for every PAM service without a row of its own."""
SERVICE_CLASSES: Final = ("code", "rdp", "ignore")


@dataclass(frozen=True, slots=True)
class Setting:
    """One key of the configuration.

    `key` is its dotted path. `unit` is empty where a value has none. `description` tells an
    administrator what it does, in full sentences. `command` is what changes the key instead of
    `rw2fa settings set`, where there is such a command. `shipped` is whether the shipped file has it.
    """

    key: str
    default: Value | None
    domain: Domain
    description: str
    unit: str = ""
    command: str = ""
    shipped: bool = True

    @property
    def section(self) -> str:
        """The TOML table that the key is in; empty at the top level."""
        return self.key.rpartition(".")[0]

    @property
    def name(self) -> str:
        """The key within its table."""
        return self.key.rpartition(".")[2]

    @property
    def allowed(self) -> str:
        """The allowed values with their unit, to be read by a human."""
        return f"{self.domain.allowed} {self.unit}".rstrip()


_NAMES: Final = Items(domain.name, "users, or groups written @name", plain=domain.PLAIN_NAME)

SETTINGS: Final = (
    Setting(
        "enabled",
        False,
        Switch(),
        "Whether anybody is asked for a code at all. Change it with `rw2fa enable` and `rw2fa disable`, which also take"
        " care of the PAM lines.",
        command="rw2fa enable, or rw2fa disable",
    ),
    Setting(
        "enabled_until",
        None,
        Moment(),
        "When a trial ends by itself: from then on everything works as if enabled were false. Written by `rw2fa enable"
        " --try`, removed by `rw2fa enable --keep`.",
        command="rw2fa enable --try, or rw2fa enable --keep",
        shipped=False,
    ),
    Setting(
        "scope.users",
        (),
        _NAMES,
        "The users who have two-factor authentication, by the names that `getent passwd` prints.",
        command="rw2fa users add, or rw2fa users remove",
    ),
    Setting(
        "scope.groups",
        (),
        _NAMES,
        "The groups whose members have it, primary and supplementary, by the names that `getent group` prints.",
        command="rw2fa users add, or rw2fa users remove",
    ),
    Setting(
        "rdp.whitelist",
        (),
        _NAMES,
        "Users, or @groups, that may use an RDP client without a code. Their password is still checked.",
        command="rw2fa whitelist add, or rw2fa whitelist remove",
    ),
    Setting(
        "rdp.pass_seconds",
        120,
        Number(PASS_SECONDS_MIN, PASS_SECONDS_MAX),
        "How long a pass of the web portal counts: it lets one RDP login of its user in, from the address of the"
        " browser. The password is still checked.",
        unit="seconds",
    ),
    Setting(
        "rdp.without_address",
        False,
        Switch(),
        "Whether a pass counts where xrdp does not say which address a login comes from, as up to 0.9. Somebody else"
        " who has the password and is faster than its user is let in then.",
    ),
    Setting(
        "exempt.users",
        (),
        _NAMES,
        "Users, or @groups, that are machines and cannot answer a prompt. Their logins are still audited.",
    ),
    Setting(
        "exempt.networks",
        (),
        Items(domain.network, "networks in CIDR notation"),
        "Networks, like 192.0.2.0/24, from which logins are never asked for a code. These are still audited. Networks"
        " apply only where the PAM service says which address a login comes from: never on xrdp, which gives none, or"
        " one that local users can forge.",
    ),
    Setting(
        "enrolment.window",
        7,
        Number(0, WINDOW_DAYS_MAX),
        "How long after being added or reset a user may enrol at a login. After that, and always with 0, an"
        " administrator has to act: `rw2fa users reset`, or `rw2fa users enrol`.",
        unit="days",
    ),
    Setting(
        "enrolment.proof",
        "password",
        Choice(("password", "token")),
        "What a user must provide besides the password to enrol at a login: nothing (password), or the enrolment"
        " token that `rw2fa users add` and `rw2fa users reset` print (token); for members of a group only `rw2fa users"
        " reset` prints it. A user who was activated and is reset always needs the token, unless `--no-token` is"
        " given.",
    ),
    Setting(
        "enrolment.notify",
        "",
        AbsolutePath(optional=True),
        "A program owned by root that is run when a user has activated a device, signed in with a recovery code, or was"
        " given new ones: to mail the user, say. RW2FA_USER and RW2FA_EVENT (activated, recovery-code-used,"
        " recovery-codes-made) are in its environment. It has 20 seconds; a failure is audited, and refuses no"
        " login. Empty means none.",
    ),
    Setting(
        "settings.discrepancy",
        480,
        Number(0, DISCREPANCY_MAX),
        "How far the clock of a device may be off: the number of 30-second steps, backward and forward, in which a code"
        " is valid besides its own. A large value makes guessing easier.",
        unit="steps of 30 s",
    ),
    Setting(
        "settings.issuer",
        "",
        Prompt(ISSUER_BYTES_MAX, never=":", why="which ends the issuer in the label that authenticator apps read"),
        'What an authenticator app shows above the code. Empty means "HOSTNAME - remote-work".',
    ),
    Setting(
        "settings.validity_after_first_session",
        480,
        Number(0, FURTHER_MINUTES_MAX),
        "How long a user of the web portal may open further sessions without a new code.",
        unit="minutes",
    ),
    Setting(
        "settings.validity_before_first_session",
        3600,
        Number(1, FIRST_SECONDS_MAX),
        "How long a user of the web portal has, after the code was checked there, to open the first session.",
        unit="seconds",
    ),
    Setting(
        "settings.digits",
        6,
        Number(DIGITS_MIN, DIGITS_MAX),
        "How many digits a code has, for users who enrol from now on. Many authenticator apps support only 6 and 8. A"
        " code carries 31 bits, so beyond 10 digits the first ones are always 0.",
        unit="digits",
    ),
    Setting(
        "settings.sudo_minutes",
        15,
        Number(0, SUDO_MINUTES_MAX),
        "How long sudo does not ask for another code in a login session in which one was accepted. With 0 it always"
        " asks.",
        unit="minutes",
    ),
    Setting(
        "settings.sms_message",
        "Your %ISSUER% verification code is: %CODE%",
        Prompt(SMS_BYTES_MAX, must=CODE_MARK, why="the code goes"),
        "The text of an SMS. It must contain %CODE%, the code, and may contain %ISSUER%, the issuer. An SMS is charged"
        " by the segment: 160 characters, or 70 if one of them is not in the GSM alphabet; `rw2fa settings get"
        " sms_message` says how many segments it takes.",
    ),
    Setting(
        "sms.enabled",
        False,
        Switch(),
        "Whether codes are sent by SMS. If not, users who got them by SMS need an authenticator app. Change it with"
        " `rw2fa sms enable` and `rw2fa sms disable`, which also open an enrolment window for those users.",
        command="rw2fa sms enable, or rw2fa sms disable",
    ),
    Setting(
        "sms.account_sid",
        "",
        Form(check_account_sid, "AC and 32 hexadecimal digits, or nothing", "AC" + "0123456789abcdef" * 2),
        "The Twilio account. Its token is in no file: `rw2fa sms configure` asks for it and stores it encrypted.",
    ),
    Setting(
        "sms.phone_number",
        "",
        Form(
            check_sender,
            "a number with +, a name of at most 11 characters, or MG and 32 hexadecimal digits",
            "+15005550006",
        ),
        "The sender of SMS: a number that Twilio gave the account, such as +15005550006; an alphanumeric sender, a name"
        " of letters, digits, spaces and + - _ &, which some countries do not accept; or a messaging service by"
        " its SID. Change it with `rw2fa sms configure`.",
    ),
    Setting(
        "sms.api_url",
        "",
        Form(parse_api_url, "https://HOST, with a port or a path; http only on this host", "https://api.twilio.com"),
        "The address of Twilio's API. Empty means Twilio's own; set another one for tests and reverse proxies.",
    ),
    Setting(
        "sms.minutes",
        SMS_MINUTES_MAX,
        Number(1, SMS_MINUTES_MAX),
        "How long a code is valid after it was sent.",
        unit="minutes",
    ),
    Setting(
        "sms.countries",
        (),
        Items(domain.number_prefix, "beginnings of numbers, without +", most=SMS_PREFIXES_MAX),
        "Where SMS may be sent: calling codes such as 33, or longer prefixes, such as 1416. Empty means the"
        " country of the sender; a sender that is not a number has none, and then nothing is sent.",
    ),
    Setting(
        "sms.per_user",
        20,
        Number(1, SMS_LIMIT_MAX),
        "How many SMS may be sent to one user.",
        unit="a day",
    ),
    Setting(
        "sms.per_number",
        20,
        Number(1, SMS_LIMIT_MAX),
        "How many SMS may be sent to one number, whichever users have it.",
        unit="a day",
    ),
    Setting(
        "sms.per_source",
        30,
        Number(1, SMS_LIMIT_MAX),
        "How many SMS logins from one address may cause, where the PAM service gives an address that cannot be forged.",
        unit="an hour",
    ),
    Setting(
        "sms.per_day",
        1000,
        Number(1, SMS_PER_DAY_MAX),
        "How many SMS may be sent in total. Set it near what you expect, since it bounds the cost of fraud.",
        unit="a day",
    ),
    Setting(
        "guessing.budget",
        0.3,
        Decimal(0.001, 10.0),
        "The highest chance that somebody who has the password may have, within 30 days, of guessing a code anywhere in"
        " the discrepancy. The first wrong codes, as many as this allows, are compared with the whole of it; after them"
        " only codes around this host's time and around the device's usual drift are accepted, and these may spend as"
        " much again. What is spent is restored 30 days after the latest wrong code of its kind.",
        unit="%",
    ),
    Setting(
        "guessing.accept_risk",
        False,
        Switch(),
        "Whether to accept a discrepancy so wide that the budget does not allow a single wrong code. `rw2fa settings"
        " set KEY VALUE --accept-risk` sets both; `rw2fa status` and `rw2fa doctor` then show it.",
    ),
    Setting(
        "services.default",
        "code",
        Choice(SERVICE_CLASSES),
        "What happens in a PAM service that no table names: code (enabled users are asked for one), rdp (they are"
        " refused, since the client cannot ask), or ignore (rw2fa leaves the service alone).",
    ),
    Setting(
        ANY_SERVICE,
        None,
        Choice(SERVICE_CLASSES),
        'The same for one PAM service by its name, in lower case, for example cups = "ignore". Overrides the shipped'
        " table.",
        shipped=False,
    ),
    Setting(
        "portal.applications",
        (),
        Applications(),
        "What the web portal opens beside the desktop.",
        command="an editor: each application is a table [[portal.applications]] of the file",
        shipped=False,
    ),
    Setting(
        "portal.keep",
        480,
        Number(1, KEEP_MINUTES_MAX),
        "How long a session that was opened in the browser goes on unattended, with its tab closed or its browser out"
        " of reach. Then its programs are ended.",
        unit="minutes",
    ),
    Setting("paths.state", "/var/lib/rw2fa", AbsolutePath(), "The folder that holds the state."),
    Setting(
        "paths.socket",
        "/run/rw2fa/pam.sock",
        AbsolutePath(domain.SOCKET_PATH_BYTES_MAX),
        "The socket that the PAM module connects to. If you change it, the PAM lines have to name it as well.",
    ),
    Setting(
        "paths.master_key",
        "/etc/rw2fa/master.key",
        AbsolutePath(),
        "The file of the key that the state is encrypted under. A systemd credential named rw2fa.master-key takes"
        " precedence.",
    ),
    Setting(
        "database.url",
        "",
        DatabaseUrl(),
        "The database. Empty means SQLite in the state folder, for one host. Several hosts share a PostgreSQL:"
        " see the chapter on several hosts in the administrator's guide. Separate several servers by commas; the"
        " primary is used. sslrootcert=, sslcert=, sslkey= and hostaddr= are as in libpq. The connection is encrypted"
        " and the server's certificate verified, except on this host. The password does not belong here, but in"
        " database.password beside the master key, or in a systemd credential named rw2fa.database-password.",
    ),
    Setting(
        "portal.enabled",
        False,
        Switch(),
        "Whether the web portal is meant to run. Change it with `rw2fa portal enable` and `rw2fa portal disable`, which"
        " start and stop it.",
        command="rw2fa portal enable, or rw2fa portal disable",
    ),
    Setting(
        "portal.listen",
        "0.0.0.0:8443",
        Form(parse_listen, "ADDRESS:PORT, [IPv6 address]:PORT or unix:/path", "0.0.0.0:8443"),
        "Where the portal listens: an address and a port, with TLS; or unix: and a path, for a web server on this host"
        " that stands before it and has the certificate.",
    ),
    Setting(
        "portal.certificate",
        "",
        AbsolutePath(optional=True),
        "The certificate and those that lead to its authority, in PEM. Empty means a self-signed one, made for a first"
        " try.",
    ),
    Setting(
        "portal.key",
        "",
        AbsolutePath(optional=True),
        "The key of the certificate, in PEM and without a password. Root reads it when the portal starts.",
    ),
    Setting(
        "portal.trusted_proxies",
        (),
        Items(domain.network, "networks in CIDR notation"),
        "The proxies whose X-Forwarded-For says where a browser is. From all others it is not looked at.",
    ),
    Setting(
        "portal.title",
        "",
        Prompt(PORTAL_TITLE_BYTES_MAX),
        "What the pages are called. Empty means the issuer.",
    ),
    Setting(
        "portal.notify",
        False,
        Switch(),
        "Whether the program of enrolment.notify is also run when somebody has signed in at the portal, with"
        " RW2FA_EVENT=logon.",
    ),
    Setting(
        "portal.logo",
        "",
        AbsolutePath(optional=True),
        "A picture that stands before the title, PNG or SVG, of at most 256 KiB. Root reads it when the portal starts."
        " Empty means a shield.",
    ),
    Setting(
        "portal.colour",
        "",
        Form(parse_colour, "# and six hexadecimal digits, dark enough to be read on white", "#2a52be"),
        "The colour of links and buttons. On dark pages a lighter one is made of it. Empty means blue.",
    ),
    Setting(
        "portal.rdp_address",
        "",
        Form(parse_rdp_address, "a host name or an address, with :PORT if that is not 3389", "desktop.example.com"),
        "Where the remote-desktop clients connect that the portal has a file for. Empty means the name by which the"
        " browser found the portal.",
    ),
    Setting(
        "portal.rdp_load_balance_info",
        "",
        Prompt(LOAD_BALANCE_BYTES_MAX),
        "What the file for remote-desktop clients says to a load balancer in front of xrdp (loadbalanceinfo). Empty"
        " means a word that stands for nothing: some clients send the user name there, unencrypted, if there is none.",
    ),
    Setting(
        "time.servers",
        ("pool.ntp.org",),
        Items(domain.time_server, "hosts, or host:port", most=SERVERS_MAX),
        "The time servers that this host's clock is compared with, every hour where systemd runs: host, host:port"
        " or [IPv6 address]:port, at most 8. Nothing sets the clock, and no login is decided by what they say. If the"
        " list is empty, the clock is not compared.",
    ),
    Setting(
        "metrics.file",
        "",
        AbsolutePath(optional=True),
        "The file that the daemon writes its metrics to every 15 seconds, for the textfile collector of node_exporter:"
        " a name that ends in .prom, in a folder that the daemon may write to, such as /run/rw2fa-metrics. Empty means"
        " none; `rw2fa metrics` prints them in any case.",
    ),
)

BY_KEY: Final = {setting.key: setting for setting in SETTINGS}
SECTIONS: Final = tuple(dict.fromkeys(setting.section for setting in SETTINGS if setting.section))

SECTION_NOTES: Final = {
    "scope": "Who has two-factor authentication.",
    "rdp": "Who may use a remote-desktop client although it cannot ask for a code.",
    "exempt": "Who is never asked for a code.",
    "enrolment": "How users enrol.",
    "settings": "How codes are made and checked.",
    "guessing": "How likely a guess may be to succeed.",
    "sms": "Codes by SMS.",
    "services": "How PAM services are treated, where that should differ from the shipped table.",
    "portal": "The web portal: logging on, and work in the browser. Each application beside the desktop is a table"
    " [[portal.applications]] at the end of this file, with name, command, and optionally groups and icon.",
    "paths": "For tests, demonstrations and several instances on one host.",
    "database": "For several hosts that share one state.",
    "time": "How this host's clock is checked.",
    "metrics": "Metrics for Prometheus.",
}


def find(key: str) -> Setting | None:
    """The row for a full key; that of ANY_SERVICE for a PAM service without a row of its own."""
    if key in BY_KEY:
        return BY_KEY[key]
    section, _, name = key.partition(".")
    return BY_KEY[ANY_SERVICE] if section == "services" and name else None
