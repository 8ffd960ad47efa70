"""Promise 9: one guess at many people, noticed by a daemon that runs."""

import json
import os

import pytest

from rw2fa_daemon.core.password_spraying import THRESHOLDS
from tests.integration.cli.command import PROGRAM, run
from tests.support.daemon import HOST_USERS, Site

MANY = THRESHOLDS[0].users
GUESS = "0" * 10


def guess(site: Site, name: str, address: str) -> None:
    with site.hook() as hook:
        assert hook.open(name, rhost=address)["verb"] == "ask"
        assert hook.reply(GUESS)["verb"] == "ask"


def alarms(site: Site) -> list[dict[str, str]]:
    lines = map(json.loads, (site.state / "audit.jsonl").read_text().splitlines())
    return [line for line in lines if line["event"] == "many-guessed-at"]


def test_promise_9_a_guess_at_each_of_many_people_is_audited_once_with_the_addresses(site: Site) -> None:
    site.enrol(*HOST_USERS)
    with site.daemon():
        for number, name in enumerate(HOST_USERS[: MANY - 1]):
            guess(site, name, f"192.0.2.{number % 2 + 1}")
        assert alarms(site) == []
        for name in HOST_USERS[MANY - 1 : MANY + 3]:
            guess(site, name, "192.0.2.1")
    (alarm,) = alarms(site)
    assert f"passwords of {MANY} people" in alarm["reason"]
    assert "192.0.2.1 (6), 192.0.2.2 (4)" in alarm["reason"]
    assert [name for name in HOST_USERS if name in alarm["reason"].split()] == []


def test_people_who_mistype_once_and_then_get_in_raise_none(site: Site) -> None:
    site.enrol(*HOST_USERS)
    with site.daemon():
        for name in HOST_USERS:
            with site.hook() as hook:
                hook.open(name, rhost="192.0.2.1")
                hook.reply(GUESS)
                assert hook.reply(site.code(name), n=2)["rule"] == "code-right"
    assert alarms(site) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="the daemon reports to root only")
def test_the_administrator_and_monitoring_see_it(site: Site) -> None:
    site.enrol(*HOST_USERS)
    with site.daemon():
        for name in HOST_USERS[:MANY]:
            guess(site, name, "192.0.2.1")
        figures = run([str(PROGRAM), "--config", str(site.config), "metrics"]).out
    assert f"rw2fa_users_guessed_at {MANY}\n" in figures
    assert 'rw2fa_audit_records_total{event="many-guessed-at"} 1\n' in figures
    shown = run([str(PROGRAM), "--config", str(site.config), "audit"]).out
    assert f"many-guessed-at  -  (many-guessed-at)  somebody may know the passwords of {MANY} people" in shown
