"""One table, and nothing that says anything else."""

import tomllib
from pathlib import Path

import pytest

from rw2fa_daemon.config.domain import Refused, Value
from rw2fa_daemon.config.load import load, settings_in
from rw2fa_daemon.config.settings import ANY_SERVICE, SECTION_NOTES, SECTIONS, SETTINGS, Setting, find
from rw2fa_daemon.config.shipped import shipped_file

SHIPPED = Path(__file__).parents[3] / "etc" / "rw2fa.toml"


def test_the_shipped_file_is_what_the_table_says() -> None:
    assert SHIPPED.read_text() == shipped_file()


def test_the_shipped_file_sets_every_key_to_its_default() -> None:
    expected = {setting.key: setting.default for setting in SETTINGS if setting.shipped}
    assert settings_in(SHIPPED, SHIPPED.read_bytes()) == expected


def test_the_shipped_file_is_off(tmp_path: Path) -> None:
    copy = tmp_path / "rw2fa.toml"
    copy.write_bytes(SHIPPED.read_bytes())
    copy.chmod(0o644)
    config = load(copy)
    assert not config.enabled
    assert config.scope_entries == ()


def test_the_shipped_file_has_a_comment_above_every_key() -> None:
    lines = SHIPPED.read_text().splitlines()
    keys = [index for index, line in enumerate(lines) if " = " in line and not line.startswith("#")]
    assert len(keys) == sum(setting.shipped for setting in SETTINGS)
    assert all(lines[index - 1].startswith("# ") for index in keys)


def test_the_shipped_file_is_toml() -> None:
    assert set(tomllib.loads(SHIPPED.read_text())) == {*SECTIONS, "enabled"}


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.key)
def test_a_default_is_a_value_that_is_allowed(setting: Setting) -> None:
    if setting.default is not None:
        assert setting.domain.read(setting.default) == setting.default


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.key)
def test_a_description_is_sentences_for_people(setting: Setting) -> None:
    assert setting.description[0].isupper()
    assert setting.description.endswith(".")


def test_every_section_says_what_it_is_about() -> None:
    assert set(SECTION_NOTES) == set(SECTIONS)


def test_any_service_has_a_row() -> None:
    assert find("services.sshd") == find(ANY_SERVICE)
    assert find("services.") is None
    assert find("service.sshd") is None


PARSED: list[tuple[str, str, Value]] = [
    ("settings.digits", "12", 12),
    ("settings.discrepancy", "0", 0),
    ("enabled", "TRUE", True),
    ("settings.issuer", "My Office", "My Office"),
    ("settings.issuer", "", ""),
    ("exempt.networks", "192.0.2.0/24, 2001:db8::/32", ("192.0.2.0/24", "2001:db8::/32")),
    ("exempt.networks", "", ()),
    ("time.servers", "a.example:123,b.example", ("a.example:123", "b.example")),
    ("enabled_until", "2026-01-01T00:00:00Z", 1767225600),
    ("services.sshd", "rdp", "rdp"),
]


@pytest.mark.parametrize(("key", "text", "value"), PARSED)
def test_a_value_is_read_from_a_command_line(key: str, text: str, value: Value) -> None:
    setting = find(key)
    assert setting is not None
    assert setting.domain.parse(text) == value


@pytest.mark.parametrize(
    ("key", "text", "reason"),
    [
        ("settings.digits", "6.0", 'cannot be "6.0"'),
        ("settings.digits", "1_0", 'cannot be "1_0"'),
        ("settings.digits", "٦", 'cannot be "\\u0666"'),
        ("settings.digits", "9" * 5000, f'cannot be "{"9" * 5000}"'),
        ("settings.digits", "", 'cannot be ""'),
        ("settings.digits", "-", 'cannot be "-"'),
        ("enabled", "yes", 'cannot be "yes"'),
        ("enabled_until", "tomorrow", 'cannot be "tomorrow"'),
        ("settings.sms_message", "hello", "does not contain %CODE%"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused_on_a_command_line(key: str, text: str, reason: str) -> None:
    setting = find(key)
    assert setting is not None
    with pytest.raises(Refused) as caught:
        setting.domain.parse(text)
    assert caught.value.reason == reason
