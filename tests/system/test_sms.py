"""Codes by SMS in a booted system: sandboxed verifier and relay, and an administrator who types commands only."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from tests.support.fake_twilio import ACCOUNT_SID, SENDER, TOKEN
from tests.support.machine import Machine
from tests.support.machine.tree import PASSWORD
from tests.system.test_ssh import ACKNOWLEDGED, ASK_CODE, protect, ssh

FAKE = "/usr/local/lib/rw2fa-tests/fake_twilio.py"
LOG = "/run/twilio.log"
PORT = 14010
NUMBER = "+12025550123"


def messages(machine: Machine) -> list[dict[str, str]]:
    """What was taken, oldest first."""
    log = machine.path(LOG)
    return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


def signs_in(machine: Machine, *, first: bool) -> str:
    """A login of alice's with the code of a new message; what the terminal showed."""
    before = len(messages(machine))
    login = ssh(machine, "alice")
    login.answer("assword:", PASSWORD)
    login.expect("number ending 23")
    login.expect(ASK_CODE)
    machine.eventually("a message", lambda: len(messages(machine)) > before)
    login.type(messages(machine)[-1]["body"].split()[-1])
    if first:
        login.answer(ACKNOWLEDGED, "")
    assert login.end() == 0, login.screen
    return login.screen


def test_promise_3_from_nothing_to_logins_by_sms_by_command_alone(boot: Callable[..., Machine]) -> None:
    fake = Path(__file__).parents[1] / "support" / "fake_twilio.py"
    machine = boot(files={FAKE: fake.read_text()}, enabled=("rw2fad.socket", "rw2fa-relay.socket"))
    machine.run("rw2fa", "init")
    machine.run("systemd-run", "--quiet", "--unit=twilio", "python3", FAKE, "--port", str(PORT), "--log", LOG)
    machine.eventually("Twilio", lambda: f":{PORT:04X} " in machine.run("cat", "/proc/net/tcp").stdout)
    protect(machine, "alice")
    machine.run("rw2fa", "settings", "set", "sms.api_url", f"http://127.0.0.1:{PORT}")
    configure = ("rw2fa", "sms", "configure", "--account-sid", ACCOUNT_SID, "--from", SENDER)
    assert "Twilio accepts account and token." in machine.run(*configure, typed=f"{TOKEN}\n").stdout
    assert "was delivered" in machine.run("rw2fa", "sms", "test", NUMBER).stdout
    machine.run("rw2fa", "sms", "enable")
    machine.run("rw2fa", "users", "edit", "alice", "--sms", NUMBER)

    assert "in as alice" in signs_in(machine, first=True)
    assert json.loads(machine.run("rw2fa", "users", "show", "alice", "--json").stdout)["activated"] is True

    # What the command stored is the daemon's to read, also when it is another one.
    machine.run("systemctl", "restart", "rw2fad.service")
    assert "in as alice" in signs_in(machine, first=False)

    codes = [message["body"].split()[-1] for message in messages(machine)[1:]]
    for record in machine.records():
        # journald notes how a program was called that writes to it, too.
        assert NUMBER not in json.dumps(record)
        assert TOKEN not in json.dumps(record)
        assert not [code for code in codes if code in str(record.get("MESSAGE", "")).split()]
