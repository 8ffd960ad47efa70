"""What the files say becomes a configuration, or a sentence that says what to mend."""

import os
from ipaddress import ip_network
from pathlib import Path

import pytest

from rw2fa_daemon.config import load as loader
from rw2fa_daemon.config.database_url import EXAMPLE
from rw2fa_daemon.config.load import load
from rw2fa_daemon.core.budget import Guessing
from rw2fa_daemon.core.problem import Problem


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "rw2fa.toml"
    path.write_text("")
    path.chmod(0o644)
    return path


def dropin(file: Path, name: str, text: str) -> Path:
    folder = file.with_name(file.name + ".d")
    folder.mkdir(exist_ok=True, mode=0o755)
    path = folder / name
    path.write_text(text)
    path.chmod(0o644)
    return path


def test_an_empty_file_means_the_defaults_of_the_manual(file: Path) -> None:
    config = load(file)
    assert not config.enabled
    assert (config.discrepancy, config.digits) == (480, 6)
    assert (config.validity_after_first_session, config.validity_before_first_session) == (480, 3600)
    assert config.sms_message == "Your %ISSUER% verification code is: %CODE%"
    assert config.issuer_name == f"{os.uname().nodename} - remote-work"
    assert config.enrolment_window_days == 7
    assert config.socket == Path("/run/rw2fa/pam.sock")


def test_every_section_arrives_where_it_is_asked_for(file: Path) -> None:
    file.write_text("""
        enabled = true
        scope.users = ["alice", "CORP\\\\bob", "alice"]
        scope.groups = ["staff", "@Domain Users"]
        rdp.whitelist = ["carol", "@helpers"]
        exempt = {users = ["backup"], networks = ["192.0.2.0/24", "2001:db8::1"]}
        settings.issuer = "Example"
        [services]
        default = "ignore"
        sshd = "code"
        "my.service" = "rdp"
    """)
    config = load(file)
    assert config.scope_entries == ("alice", "CORP\\bob", "@staff", "@Domain Users")
    assert config.scope.users == {"alice", "CORP\\bob"}
    assert config.scope.groups == ("staff", "Domain Users")
    assert config.whitelist.groups == ("helpers",)
    assert config.exempt_users.users == {"backup"}
    assert config.exempt_networks == (ip_network("192.0.2.0/24"), ip_network("2001:db8::1/128"))
    assert config.issuer_name == "Example"
    assert config.services == {"sshd": "code", "my.service": "rdp"}
    assert config.service_default == "ignore"
    assert config.lists.groups == ("staff", "Domain Users", "helpers")


def test_sms_go_to_the_country_of_the_sender_unless_countries_are_named(file: Path) -> None:
    file.write_text('sms.phone_number = "+442079460123"')
    assert load(file).sms_allowed == ("+44",)
    file.write_text('sms.phone_number = "+442079460123"\nsms.countries = ["33", "+1416"]')
    assert load(file).sms_allowed == ("+33", "+1416")
    file.write_text('sms.phone_number = "Example"')
    assert load(file).sms_allowed == ()


def test_later_dropins_win_key_by_key(file: Path) -> None:
    file.write_text('[settings]\ndigits = 8\ndiscrepancy = 3\nissuer = "main"\n')
    first = dropin(file, "10-first.toml", "[settings]\ndigits = 7\ndiscrepancy = 2\n")
    second = dropin(file, "20-second.toml", '[settings]\ndigits = 4\n[services]\nsu = "ignore"\n')
    dropin(file, ".hidden.toml", "nonsense")
    dropin(file, "backup.toml~", "nonsense")
    layers = loader.read_layers(file)
    config = load(file)
    assert (config.digits, config.discrepancy, config.issuer) == (4, 2, "main")
    assert config.files == (file, first, second)
    assert layers.origins["settings.digits"] == second
    assert layers.origins["settings.discrepancy"] == first
    assert layers.origins["settings.issuer"] == file


def test_a_trial_ends_by_itself(file: Path) -> None:
    file.write_text("enabled = true\nenabled_until = 2026-01-01T01:00:00+01:00\n")
    config = load(file)
    assert config.enabled_until == 1767225600
    assert config.enabled_at(1767225599.9)
    assert not config.enabled_at(1767225600)


def test_a_trial_of_what_is_off_stays_off(file: Path) -> None:
    file.write_text("enabled_until = 2026-01-01T00:00:00Z\n")
    assert not load(file).enabled_at(0)


@pytest.mark.parametrize("digits", range(4, 13))
def test_every_number_of_digits_from_the_manual_is_taken(file: Path, digits: int) -> None:
    file.write_text(f"settings.digits = {digits}\nsettings.discrepancy = 14\n")
    assert load(file).digits == digits


def test_promise_9_a_risk_that_is_accepted_in_so_many_words_is_taken(file: Path) -> None:
    file.write_text("settings.digits = 4\nguessing.accept_risk = true\n")
    assert load(file).guessing == Guessing(480, 0.003, accept_risk=True)


def test_a_symbolic_link_is_followed(file: Path, tmp_path: Path) -> None:
    file.write_text("settings.digits = 8\n")
    link = tmp_path / "link.toml"
    link.symlink_to(file)
    assert load(link).digits == 8


ERRORS = [
    # TOML itself
    ("digits = ", "FILE, line 1: not TOML: invalid value; correct that line"),
    ("a = [\n1\n", "FILE, line 2: not TOML: unclosed array; correct that line"),
    (
        "\n[settings\n",
        "FILE, line 2, column 10: not TOML: expected ']' at the end of a table declaration; correct that line",
    ),
    (
        "[settings]\ndigits = 6\ndigits = 7\n",
        "FILE, line 3, column 11: a key or table is defined twice; keep one of the two",
    ),
    (
        "[settings]\n[scope]\n[settings]\n",
        "FILE, line 3, column 10: a key or table is defined twice; keep one of the two",
    ),
    ("x = " + "[" * 5000, "FILE: brackets are nested too deeply; remove the nested brackets"),
    # keys
    ("flavour = 1", "FILE: flavour: there is no such key; remove it; `rw2fa settings list` prints all keys"),
    ("digits = 6", "FILE: digits: there is no such key; write settings.digits if you mean that, or remove the key"),
    (
        "settings.digit = 6",
        "FILE: settings.digit: there is no such key; write settings.digits if you mean that, or remove the key",
    ),
    ("setting.digits = 6", "FILE: setting: there is no such key; write settings if you mean that, or remove the key"),
    ("settings = 6", "FILE: settings must be a table; write [settings] on a line of its own, with the keys below it"),
    # types
    ('enabled = "yes"', "FILE: enabled: must be true or false, but is text; write it like true, without quotes"),
    ("enabled = 1", "FILE: enabled: must be true or false, but is a whole number; write it like true, without quotes"),
    (
        'settings.digits = "6"',
        "FILE: settings.digits: must be a whole number, but is text; write it like 12, without quotes",
    ),
    (
        "settings.digits = 6.0",
        (
            "FILE: settings.digits: must be a whole number, but is a number with a fraction; "
            "write it like 12, without quotes"
        ),
    ),
    (
        "settings.digits = true",
        "FILE: settings.digits: must be a whole number, but is true or false; write it like 12, without quotes",
    ),
    (
        "settings.issuer = 5",
        'FILE: settings.issuer: must be text, but is a whole number; write it like "text", in quotes',
    ),
    ("services.default = 5", 'FILE: services.default: must be text, but is a whole number; write it like "code"'),
    (
        "paths.state = 2026-01-01",
        'FILE: paths.state: must be text, but is a date or time; write it like "/a/path", in quotes',
    ),
    ('scope.users = "alice"', 'FILE: scope.users: must be a list, but is text; write it like ["one", "two"]'),
    ("scope.users = [1]", 'FILE: scope.users: contains 1, which is not text; write each entry in quotes, like ["one"]'),
    (
        "settings.digits.x = 1",
        "FILE: settings.digits: must be a whole number, but is a table; write it like 12, without quotes",
    ),
    (
        "enabled_until = 5",
        "FILE: enabled_until: must be a date with a time; write it like 2026-01-31T12:00:00Z, without quotes",
    ),
    (
        "enabled_until = 2026-01-01T00:00:00",
        "FILE: enabled_until: does not say its offset from UTC; put Z after it if it is UTC",
    ),
    # ranges
    ("settings.digits = 3", "FILE: settings.digits: cannot be 3; choose a whole number from 4 to 12"),
    ("settings.digits = 13", "FILE: settings.digits: cannot be 13; choose a whole number from 4 to 12"),
    ("settings.discrepancy = -1", "FILE: settings.discrepancy: cannot be -1; choose a whole number from 0 to 2880"),
    ("settings.discrepancy = 2881", "FILE: settings.discrepancy: cannot be 2881; choose a whole number from 0 to 2880"),
    (
        "settings.validity_after_first_session = 43201",
        "FILE: settings.validity_after_first_session: cannot be 43201; choose a whole number from 0 to 43200",
    ),
    (
        "settings.validity_before_first_session = 0",
        "FILE: settings.validity_before_first_session: cannot be 0; choose a whole number from 1 to 86400",
    ),
    ("enrolment.window = 366", "FILE: enrolment.window: cannot be 366; choose a whole number from 0 to 365"),
    # text
    (
        'settings.issuer = "a:b"',
        (
            "FILE: settings.issuer: contains ':', which ends the issuer in the label that authenticator apps read; "
            "remove it"
        ),
    ),
    ('settings.issuer = "a\\nb"', "FILE: settings.issuer: contains a character that does not print; remove it"),
    ('settings.issuer = " a"', "FILE: settings.issuer: begins or ends with a space; remove it"),
    (f'settings.issuer = "{"ä" * 33}"', "FILE: settings.issuer: is 66 bytes long; shorten it to at most 64"),
    (
        'settings.sms_message = "Code"',
        "FILE: settings.sms_message: does not contain %CODE%; put %CODE% where the code goes",
    ),
    (
        f'settings.sms_message = "%CODE%{"x" * 320}"',
        "FILE: settings.sms_message: is 326 bytes long; shorten it to at most 320",
    ),
    # SMS
    (
        'sms.account_sid = "AC12"',
        (
            "FILE: sms.account_sid: is not AC and 32 hexadecimal digits;"
            ' write it like "AC0123456789abcdef0123456789abcdef"'
        ),
    ),
    (
        'sms.phone_number = "0612345678"',
        (
            "FILE: sms.phone_number: is neither a number with + and calling code, nor a name, nor the SID of a"
            ' messaging service; write it like "+15005550006"'
        ),
    ),
    (
        'sms.api_url = "http://twilio.example"',
        ('FILE: sms.api_url: would send the token in clear over the network; write it like "https://api.twilio.com"'),
    ),
    ("sms.minutes = 11", "FILE: sms.minutes: cannot be 11; choose a whole number from 1 to 10"),
    (
        'sms.countries = ["France"]',
        'FILE: sms.countries: contains "France", which is not a calling code; write it like "33"',
    ),
    # names, networks, servers, paths, services
    ('scope.users = [""]', 'FILE: scope.users: contains "", which names nobody; remove it, or write a user or @group'),
    (
        'rdp.whitelist = ["@"]',
        'FILE: rdp.whitelist: contains "@", which names nobody; remove it, or write a user or @group',
    ),
    ('scope.users = ["a\\u0000b"]', "FILE: scope.users: contains a character that does not print; remove it"),
    (
        'scope.users = ["a:b"]',
        'FILE: scope.users: contains "a:b", which cannot be a name; write a user like alice or a group like @staff',
    ),
    (f'scope.users = ["{"x" * 256}"]', "FILE: scope.users: contains a name of more than 255 bytes; remove it"),
    (
        'exempt.networks = ["192.0.2.1/24"]',
        'FILE: exempt.networks: contains "192.0.2.1/24", an address inside a network; write "192.0.2.0/24"',
    ),
    (
        'exempt.networks = ["office"]',
        (
            'FILE: exempt.networks: contains "office", which is not a network; write it like "192.0.2.0/24" or '
            '"2001:db8::/32"'
        ),
    ),
    (
        'time.servers = ["host:99999"]',
        (
            'FILE: time.servers: contains "host:99999", which is not a time server; '
            'write it like "pool.ntp.org", "pool.ntp.org:123" or "[2001:db8::1]:123"'
        ),
    ),
    ('paths.state = "state"', 'FILE: paths.state: is "state", not an absolute path; begin it with /'),
    (f'paths.socket = "/{"x" * 107}"', "FILE: paths.socket: is 108 bytes long; choose a path of at most 107"),
    ('services.sshd = "ask"', 'FILE: services.sshd: cannot be "ask"; choose one of code, rdp, ignore'),
    ('services.SSHD = "code"', "FILE: services.SSHD: libpam converts service names to lower case; write sshd"),
    (
        'services."a/b" = "code"',
        "FILE: services.a/b: cannot be the name of a PAM service; write the name of a file in /etc/pam.d",
    ),
    (
        'database.url = "postgresql://x:secret@y/z"',
        f"FILE: database.url: does not begin with postgresql+psycopg://; write it like {EXAMPLE}",
    ),
    (
        'enrolment.proof = "luck"',
        'FILE: enrolment.proof: cannot be "luck"; choose one of password, token',
    ),
    (
        "settings.digits = 4",
        (
            "FILE: settings.discrepancy: with 4 digits and 480 steps each way a single guess is likelier to be right"
            " than the guess budget of 0.300% allows; set it to at most 14, use more digits, or accept the risk with"
            " guessing.accept_risk = true"
            " (`rw2fa settings set KEY VALUE --accept-risk` sets both)"
        ),
    ),
    ("guessing.budget = 11", "FILE: guessing.budget: cannot be 11; choose a number from 0.001 to 10"),
    ("guessing.budget = nan", "FILE: guessing.budget: cannot be nan; choose a number from 0.001 to 10"),
    (
        'guessing.budget = "0.3"',
        "FILE: guessing.budget: must be a number, but is text; write it like 10, without quotes",
    ),
]


@pytest.mark.parametrize(("text", "sentence"), ERRORS, ids=[text[:40] for text, _ in ERRORS])
def test_an_error_names_file_key_reason_and_what_to_do(file: Path, text: str, sentence: str) -> None:
    file.write_text(text)
    with pytest.raises(Problem) as caught:
        load(file)
    assert str(caught.value) == sentence.replace("FILE", str(file))


def test_an_error_in_a_dropin_names_the_dropin(file: Path) -> None:
    path = dropin(file, "x.toml", "settings.digits = 1\n")
    with pytest.raises(Problem, match=f"^{path}: settings.digits: cannot be 1"):
        load(file)


def test_a_dropin_does_not_hide_an_error_in_the_main_file(file: Path) -> None:
    file.write_text("settings.digits = 1\n")
    dropin(file, "x.toml", "settings.digits = 6\n")
    with pytest.raises(Problem, match=f"^{file}: settings.digits"):
        load(file)


def test_bytes_that_are_no_text_are_refused_with_their_line(file: Path) -> None:
    file.write_bytes(b"enabled = false\n# \xff\n")
    with pytest.raises(Problem, match="line 2: not UTF-8; save the file as UTF-8"):
        load(file)


def test_promise_11_groups_are_bounded(file: Path) -> None:
    many = ", ".join(f'"g{number}"' for number in range(loader.GROUPS_MAX + 1))
    file.write_text(f"scope.groups = [{many}]")
    with pytest.raises(Problem, match=r"the lists name 257 groups.*; name at most 256"):
        load(file)


def test_promise_11_dropins_are_bounded(file: Path) -> None:
    for number in range(loader.DROPINS_MAX + 1):
        dropin(file, f"{number}.toml", "")
    with pytest.raises(Problem, match="contains 257 drop-ins; reduce them to at most 256"):
        load(file)
