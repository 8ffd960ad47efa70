"""Without systemd the daemon holds the relay's socket, and starts it when somebody asks."""

import os
import pwd
import signal
import stat
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.service.helper import RELAY
from rw2fa_daemon.wire.relay import ask_time
from rw2fa_daemon.wire.sms import SmsRequest
from rw2fa_daemon.wire.sms_client import ask_sms
from tests.support.daemon import Site, wait_until
from tests.support.fake_twilio import ACCOUNT_SID, SENDER, TOKEN, FakeTwilio
from tests.support.processes import is_gone
from tests.support.time_servers import FakeServer

TEXTS = 60


@pytest.fixture
def site(tmp_path: Path) -> Site:
    made = Site(tmp_path)
    made.write_config()
    made.initialise()
    return made


def relay_of(daemon: "subprocess.Popen[str]") -> psutil.Process | None:
    """The relay that the daemon runs, if it does."""
    for child in psutil.Process(daemon.pid).children():
        if "rw2fa_daemon.relay.main" in child.cmdline():
            return child
    return None


def ask(site: Site) -> str:
    with FakeServer() as server:
        (answer,) = ask_time(site.folder / "relay.sock", [server.name], 5.0)
    return answer.problem


def test_it_runs_once_somebody_asks_and_not_before(site: Site) -> None:
    with site.daemon() as daemon:
        assert relay_of(daemon) is None
        assert ask(site) == ""
        assert relay_of(daemon) is not None


def test_it_sends_messages_too_many_at_once(site: Site) -> None:
    def send(n: int) -> bool:
        to, body = Secret(f"+336{n:08}".encode()), Secret(b"Your code is: 123456")
        request = SmsRequest(ACCOUNT_SID, Secret(TOKEN.encode()), SENDER, to, body, twilio.url, 20.0)
        return ask_sms(site.folder / "relay.sock", request).sent

    with site.daemon(), FakeTwilio(delay=1.0) as twilio, ThreadPoolExecutor(TEXTS) as pool:
        assert all(pool.map(send, range(TEXTS)))
        assert len(twilio.texts) == TEXTS


def test_after_it_ended_it_is_started_for_the_next_who_asks(site: Site) -> None:
    with site.daemon() as daemon:
        ask(site)
        first = relay_of(daemon)
        assert first is not None
        first.kill()
        assert ask(site) == ""
        second = relay_of(daemon)
        assert second is not None
        assert second.pid != first.pid
        assert site.status()["state"] == "ok"


def test_only_the_daemons_user_reaches_the_socket(site: Site) -> None:
    with site.daemon():
        status = (site.folder / "relay.sock").stat()
        assert (status.st_uid, stat.S_IMODE(status.st_mode)) == (os.geteuid(), 0o600)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has rights to give away")
def test_it_has_none_of_the_rights_and_nothing_of_what_the_daemon_was_told(site: Site) -> None:
    with site.daemon(environment={"CREDENTIALS_DIRECTORY": "/run/credentials/x", "RW2FA_HINT": "secret"}) as daemon:
        ask(site)
        relay = relay_of(daemon)
        assert relay is not None
        expected = next(entry.pw_uid for name in RELAY.users for entry in pwd.getpwall() if entry.pw_name == name)
        assert set(relay.uids()) == {expected}
        assert os.getgid() not in relay.gids()
        assert set(relay.environ()) <= {"PATH", "LC_CTYPE"}
        opened = {str(path.readlink()) for path in Path(f"/proc/{relay.pid}/fd").iterdir()}
        assert not [name for name in opened if str(site.state) in name or str(site.key) in name]


def test_a_daemon_that_stops_takes_it_along_and_the_socket(site: Site) -> None:
    with site.daemon() as daemon:
        ask(site)
        relay = relay_of(daemon)
        assert relay is not None
        daemon.send_signal(signal.SIGTERM)
        assert daemon.wait(20) == 0
        assert is_gone(relay)
        assert not (site.folder / "relay.sock").exists()


def test_a_daemon_that_is_killed_leaves_none_behind_and_the_next_one_takes_over(site: Site) -> None:
    with site.daemon() as daemon:
        ask(site)
        relay = relay_of(daemon)
        assert relay is not None
        daemon.kill()
        wait_until(lambda: is_gone(relay), 20.0)
    with site.daemon():
        assert ask(site) == ""


def test_the_daemon_runs_where_the_relays_socket_cannot_be_had(site: Site) -> None:
    (site.folder / "relay.sock").write_text("no socket")
    with site.daemon():
        assert site.status()["state"] == "ok"
