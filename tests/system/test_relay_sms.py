"""A text message through the relay as systemd runs it: sandboxed, found by DNS, over TLS, to a Twilio on loopback."""

from __future__ import annotations

import json
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from tests.support.certificates import Authority
from tests.support.fake_twilio import ACCOUNT_SID, SENDER, TOKEN
from tests.support.machine import Machine, MachineUnavailable

SUPPORT = Path(__file__).parents[1] / "support"
LIBRARY = "/usr/local/lib/rw2fa-tests"
PORT = 14443
HOST = "twilio.example"
TEXTS = 200

SERVER = f"""
import json, sys, threading
from pathlib import Path
sys.path.insert(0, "{LIBRARY}")
from fake_twilio import FakeTwilio
from name_server import NameServer
took = lambda text: print("TOOK " + json.dumps([text.to, text.body]), flush=True)
files = Path("{LIBRARY}/chain.pem"), Path("{LIBRARY}/key.pem")
with NameServer(), FakeTwilio(port={PORT}, certificate=files, delay=float(sys.argv[1]), taken=took):
    threading.Event().wait()
"""

CLIENT = f"""
import dataclasses, json, sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.wire.sms import SmsRequest
from rw2fa_daemon.wire.sms_client import ask_account, ask_sms, ask_sms_status
relay, url, token = Path("/run/rw2fa/relay.sock"), "https://{HOST}:{PORT}", Secret(b"{TOKEN}")
def send(n):
    to, body = Secret(f"+33612345{{n:03}}".encode()), Secret(f"Your code is: {{n:06}}".encode())
    return ask_sms(relay, SmsRequest("{ACCOUNT_SID}", token, "{SENDER}", to, body, url, 30.0))
with ThreadPoolExecutor(int(sys.argv[1])) as pool:
    texts = list(pool.map(send, range(int(sys.argv[1]))))
found = [ask_sms_status(relay, "{ACCOUNT_SID}", token, text.sid, url, 10.0) for text in texts[:1] if text.sid]
account = ask_account(relay, "{ACCOUNT_SID}", token, url, 10.0)
print(json.dumps([[dataclasses.asdict(answer) for answer in answers] for answers in (texts, found, [account])]))
"""

IDLE = """
[Service]
ExecStart=
ExecStart=/usr/sbin/rw2fa-relay --idle 1
"""


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Generator[Machine]:
    """One for the whole file, which trusts the authority that certifies the server."""
    authority = Authority(tmp_path_factory.mktemp("authority"))
    chain, key = authority.certify(HOST)
    files = {
        f"{LIBRARY}/fake_twilio.py": (SUPPORT / "fake_twilio.py").read_text(),
        f"{LIBRARY}/name_server.py": (SUPPORT / "name_server.py").read_text(),
        f"{LIBRARY}/server.py": SERVER,
        f"{LIBRARY}/client.py": CLIENT,
        f"{LIBRARY}/chain.pem": chain.read_text(),
        f"{LIBRARY}/key.pem": key.read_text(),
        "/usr/local/share/ca-certificates/rw2fa-test.crt": authority.file.read_text(),
        "/etc/hosts": "127.0.0.1 localhost\n",
        "/etc/resolv.conf": "nameserver 127.0.0.1\n",
        "/etc/systemd/system/rw2fa-relay.service.d/idle.conf": IDLE,
    }
    try:
        made = Machine(files=files, enabled=("rw2fad.socket", "rw2fa-relay.socket"))
    except MachineUnavailable as reason:
        pytest.skip(f"no machine can be booted here: {reason}")
    with made:
        made.run("rw2fa", "init")
        yield made


@pytest.fixture
def trusted(machine: Machine) -> None:
    """What an administrator does for an authority of their own."""
    machine.run("update-ca-certificates")


@pytest.fixture(params=["0"])
def twilio(machine: Machine, request: pytest.FixtureRequest) -> Generator[str]:
    """A Twilio that takes so many seconds; the name of its unit."""
    unit = "twilio.service"
    run = ("systemd-run", "--quiet", "--collect", f"--unit={unit}", "python3", f"{LIBRARY}/server.py", request.param)
    machine.run(*run)
    machine.eventually("the server", lambda: f":{PORT:04X} " in machine.run("cat", "/proc/net/tcp").stdout)
    yield unit
    machine.run("systemctl", "stop", unit, check=False)


def ask(machine: Machine, count: int = 1) -> Any:
    """What came of so many messages, of following the first, and of asking about the account."""
    return json.loads(machine.run("/usr/lib/rw2fa/bin/python3", "-I", f"{LIBRARY}/client.py", str(count)).stdout)


def taken(machine: Machine, unit: str) -> list[list[str]]:
    """What the server took since it was started: numbers and texts."""
    said = [str(record["MESSAGE"]) for record in machine.records(f"--unit={unit}")]
    return [json.loads(line.removeprefix("TOOK ")) for line in said if line.startswith("TOOK ")]


def test_an_authority_that_the_host_does_not_know_is_not_believed(machine: Machine, twilio: str) -> None:
    (text,), _, (account,) = ask(machine)
    assert (text["sent"], text["unknown"]) == (False, False)
    assert "certificate" in text["problem"]
    assert not account["ok"]


@pytest.mark.usefixtures("trusted")
def test_who_asks_starts_it_a_message_goes_out_and_it_ends_when_nobody_asks(machine: Machine, twilio: str) -> None:
    before = len(taken(machine, twilio))
    for round_ in range(1, 3):
        machine.eventually("an idle relay", lambda: machine.state("rw2fa-relay.service") == "inactive")
        (text,), (status,), (account,) = ask(machine)
        assert text["sent"], text
        assert status["status"] == "sent"
        assert account["ok"]
        assert taken(machine, twilio)[before:] == [["+33612345000", "Your code is: 000000"]] * round_
    machine.eventually("its end", lambda: machine.state("rw2fa-relay.service") == "inactive")
    assert machine.show("rw2fa-relay.service", "Result")["Result"] == "success"
    assert machine.state("rw2fa-relay.socket") == "active"


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("twilio", ["2"], indirect=True)
def test_many_at_once_go_out_once_each_within_its_limits(machine: Machine, twilio: str) -> None:
    before = len(taken(machine, twilio))
    texts, _, _ = ask(machine, TEXTS)
    assert all(text["sent"] for text in texts)
    assert sorted(taken(machine, twilio)[before:]) == [
        [f"+33612345{n:03}", f"Your code is: {n:06}"] for n in range(TEXTS)
    ]


@pytest.mark.usefixtures("trusted")
def test_promise_3_the_journal_holds_nothing_of_it(machine: Machine, twilio: str) -> None:
    (text,), _, _ = ask(machine)
    assert text["sent"]
    said = machine.run("journalctl", "--no-pager", "--unit=rw2fa-relay.service", "--unit=rw2fad.service").stdout
    assert "Traceback" not in said
    assert "+33612345" not in said
    assert "Your code is" not in said
    assert TOKEN not in said
