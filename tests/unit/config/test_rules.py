"""Which names are looked up when a configuration is read, and what comes of it."""

from dataclasses import replace
from pathlib import Path

import pytest

from rw2fa_daemon.config.config import RESOLVED_MAX, Config
from rw2fa_daemon.config.load import load
from rw2fa_daemon.config.rules import make_rules, names_to_resolve
from rw2fa_daemon.core.user import UserList


@pytest.fixture
def config(tmp_path: Path) -> Config:
    file = tmp_path / "rw2fa.toml"
    file.write_text('[scope]\nusers = ["alice", "BOB"]\n[rdp]\nwhitelist = ["carol"]\n')
    return load(file)


def test_promise_13_a_few_names_are_all_looked_up(config: Config) -> None:
    assert names_to_resolve(config) == ["BOB", "alice", "carol"]


def test_promise_13_of_many_those_are_looked_up_that_may_be_spelled_otherwise(config: Config) -> None:
    plain = [f"user{number}" for number in range(RESOLVED_MAX)]
    odd = ["ALICE", "CORP\\bob", "carol@corp", "zoë", "d e"]
    assert names_to_resolve(replace(config, scope=UserList.of([*plain, *odd]))) == sorted([*odd])
    assert names_to_resolve(replace(config, scope=UserList.of([*plain, "user-1.x_"]))) == []


def test_promise_13_the_directorys_name_counts_beside_what_was_written(config: Config) -> None:
    rules = make_rules(config, {"BOB": "bob"})
    assert rules.lists.scope.users == {"alice", "BOB", "bob"}
    assert rules.lists.whitelist.users == {"carol"}
    assert rules.scope_digest != make_rules(config).scope_digest


def test_promise_11_lists_that_nothing_is_added_to_are_not_copied(config: Config) -> None:
    rules = make_rules(config, {"BOB": "alice"})
    assert rules.lists.scope is config.scope


def test_the_settings_of_a_login_are_those_of_the_configuration(config: Config) -> None:
    plain = make_rules(config).settings
    assert (plain.digits, plain.window_days, plain.token_needed, plain.sms) == (6, 7, False, None)
    assert (plain.guessing, plain.issuer) == (config.guessing, config.issuer_name)
    other = make_rules(
        replace(
            config,
            digits=8,
            issuer_name="Example",
            enrolment_window_days=3,
            sudo_minutes=2,
            proof="token",
            sms_enabled=True,
            sms_minutes=5,
        )
    ).settings
    assert (other.digits, other.issuer, other.window_days) == (8, "Example", 3)
    assert other.session_seconds == 120
    assert other.token_needed
    assert other.sms is not None
    assert other.sms.valid_seconds == 300
