"""Start, reload, supervision and a state that cannot be used."""

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from rw2fa_daemon.store.rollback_detector import forget_marker
from rw2fa_daemon.vault.master_key import create_master_key
from rw2fa_daemon.wire.client import ask_daemon
from tests.support.daemon import Site, wait_until

SOCKET_ACTIVATE = shutil.which("systemd-socket-activate")


class Manager:
    """What systemd would hear."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "notify.sock"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(self.path))
        self._socket.settimeout(10)

    def close(self) -> None:
        """Hear no more."""
        self._socket.close()

    def hear(self, wanted: str) -> str:
        """The next message that has `wanted` in it."""
        while True:
            message = self._socket.recv(4096).decode()
            if wanted in message:
                return message


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    made = Manager(tmp_path)
    yield made
    made.close()


def test_systemd_hears_of_every_change(site: Site, manager: Manager) -> None:
    environment = {"NOTIFY_SOCKET": str(manager.path), "WATCHDOG_USEC": "200000"}
    with site.daemon(environment=environment) as daemon:
        assert "STATUS=Two-factor authentication is enabled" in manager.hear("READY=1")
        manager.hear("WATCHDOG=1")
        manager.hear("WATCHDOG=1")
        daemon.send_signal(signal.SIGHUP)
        assert "MONOTONIC_USEC=" in manager.hear("RELOADING=1")
        manager.hear("READY=1")
        daemon.terminate()
        manager.hear("STOPPING=1")


def test_a_watchdog_meant_for_another_process_is_left_alone(site: Site, manager: Manager) -> None:
    environment = {"NOTIFY_SOCKET": str(manager.path), "WATCHDOG_USEC": "100000", "WATCHDOG_PID": "1"}
    with site.daemon(environment=environment) as daemon:
        time.sleep(0.5)
        daemon.terminate()
        daemon.wait()
    heard = ""
    while "STOPPING" not in heard:
        heard += manager.hear("")
    assert "WATCHDOG" not in heard


def test_promise_6_a_bad_file_stops_a_start_with_the_reason(site: Site) -> None:
    site.config.write_text("enabeld = true\n")
    for command in (site.command(), [*site.command(), "--check-config"]):
        told = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
        assert told.returncode == 1
        assert "enabeld" in told.stderr
        assert str(site.config) in told.stderr
        assert len(told.stderr.splitlines()) == 1


def test_promise_6_a_configuration_behind_a_link_that_others_could_replace_is_not_followed(
    site: Site, tmp_path: Path
) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    with site.daemon():
        (shared / "link.toml").symlink_to(site.config.rename(tmp_path / "real.toml"))
        site.config.symlink_to("shared/link.toml")
        for command in (site.command(), [*site.command(), "--check-config"]):
            told = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
            assert (told.returncode, told.stderr.count("\n")) == (1, 1)
            assert f"run: chmod go-w {shared}" in told.stderr
        assert str(shared) in ask_daemon(site.socket, "reload")["result"]
        assert site.status()["enabled"] == "yes"
    shared.chmod(0o755)
    with site.daemon():
        assert site.status()["config"] == "ok"


def test_a_good_file_is_checked_in_silence(site: Site) -> None:
    told = subprocess.run([*site.command(), "--check-config"], capture_output=True, text=True, check=True, timeout=30)
    assert (told.stdout, told.stderr) == ("", "")


def test_promise_6_a_reload_of_a_bad_file_keeps_what_was_running(site: Site) -> None:
    site.enrol("daemon")
    good = site.config.read_text()
    with site.daemon() as daemon:
        site.config.write_text(good.replace("[scope]", "[scoop]"))
        assert "scoop" in ask_daemon(site.socket, "reload")["result"]
        assert "scoop" in site.status()["config"]
        assert site.login("daemon", "000000", "xrdp-sesman")["rule"] == "rdp-refused"
        site.config.write_text(good.replace("enabled = true", "enabled = false"))
        daemon.send_signal(signal.SIGHUP)
        wait_until(lambda: site.status()["enabled"] == "no", 10)
        assert site.status()["config"] == "ok"
        assert site.login("daemon", "000000", "xrdp-sesman")["rule"] == "off"


def test_paths_are_changed_by_a_restart_only(site: Site) -> None:
    with site.daemon():
        site.config.write_text(site.config.read_text().replace("/state", "/other"))
        assert "restart" in ask_daemon(site.socket, "reload")["result"]


def test_names_in_the_scope_mean_whom_nss_means(site: Site) -> None:
    site.write_config(scope=["daemon", "no-such-person"])
    with site.daemon():
        assert site.login("daemon", "", "xrdp-sesman")["rule"] == "rdp-refused"
        assert site.login("bin", "", "xrdp-sesman")["rule"] == "not-enabled"


def test_without_a_state_nobody_enabled_gets_in_and_others_do(site: Site) -> None:
    shutil.rmtree(site.state)
    site.write_config(scope=["daemon"])
    with site.daemon():
        assert site.login("daemon", "")["rc"] == "AUTHINFO_UNAVAIL"
        assert site.login("daemon", "")["rule"] == "state-unusable"
        assert site.login("bin", "")["rule"] == "not-enabled"
        assert "rw2fa init" in site.status()["state"]
        forget_marker(site.state)
        site.store(create=True).close()
        site.join()
        site.enrol("daemon")
        wait_until(lambda: site.status()["state"] == "ok", 15)
        assert site.login("daemon", site.code("daemon"))["rule"] == "code-right"


def test_promise_7_with_another_key_nobody_enabled_gets_in(site: Site) -> None:
    site.enrol("daemon")
    site.key.unlink()
    create_master_key(site.key)
    with site.daemon():
        assert site.login("daemon", site.code("daemon"))["rule"] == "state-unusable"
        assert site.status()["state"] != "ok"


def test_promise_7_a_record_moved_to_another_user_stops_that_user_only(site: Site) -> None:
    site.enrol("daemon", "bin", "sys")
    database = sqlite3.connect(site.state / "state.db")
    database.execute(
        "update accounts set secret = (select secret from accounts where name = 'bin') where name = 'daemon'"
    )
    database.commit()
    database.close()
    with site.daemon():
        assert site.login("daemon", site.code("bin"))["rule"] == "state-unusable"
        assert site.login("sys", site.code("sys"))["rule"] == "code-right"
    assert '"cannot-judge"' in (site.state / "audit.jsonl").read_text()


def _fill(path: Path) -> None:
    """Write until the disk is full."""
    with path.open("wb", buffering=0) as full, suppress(OSError):
        while True:
            full.write(bytes(1024))


@pytest.mark.namespaces
def test_a_full_disk_accepts_no_code_and_passes(site: Site) -> None:
    """Nothing that could not be stored is accepted; with room again, all is well."""
    site.write_config(scope=["daemon", "bin"])
    mounted = site.folder / "mounted"
    mounted.mkdir()
    fill = mounted / "fill"
    site.config.write_text(site.config.read_text().replace(str(site.state), str(mounted / "state")))
    script = (
        f'mount -t tmpfs -o size=1m tmpfs {mounted} && cp -a {site.state} {site.state}-mark {mounted}/ && exec "$@"'
    )
    site.enrol("daemon", "bin")
    prefix = ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh"]
    with site.daemon(prefix=prefix) as daemon:
        inside = Path(f"/proc/{daemon.pid}/root") / str(fill).lstrip("/")
        assert site.login("daemon", site.code("daemon"))["rule"] == "code-right"
        _fill(inside)
        outcomes = [site.login("bin", site.code("bin", offset)).get("rule") for offset in range(-400, -300)]
        assert "state-unusable" in outcomes
        accepted = outcomes.count("code-right")
        inside.unlink()
        assert site.login("bin", site.code("bin"))["rule"] == "code-right"
        again = [site.login("bin", site.code("bin", offset)).get("rule") for offset in range(-400, -300)]
        assert "code-right" not in again
        assert accepted < len(outcomes)


@pytest.mark.namespaces
def test_a_read_only_state_accepts_no_code_until_it_can_be_written_again(site: Site) -> None:
    site.enrol("daemon")
    script = f'mount --bind {site.state} {site.state} && mount -o remount,bind,ro {site.state} && exec "$@"'
    prefix = ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh"]
    with site.daemon(prefix=prefix) as daemon:
        code = site.code("daemon")
        assert site.login("daemon", code)["rule"] == "state-unusable"
        writable = ["mount", "-o", "remount,bind,rw", str(site.state)]
        subprocess.run(["nsenter", "--mount", f"--target={daemon.pid}", *writable], check=True)
        wait_until(lambda: site.login("daemon", code).get("rule") == "code-right", 15)


def test_a_socket_of_systemds_is_used_as_it_is(site: Site) -> None:
    assert SOCKET_ACTIVATE is not None, "systemd-socket-activate is missing: run script/bootstrap"
    site.enrol("daemon")
    process = subprocess.Popen(
        [SOCKET_ACTIVATE, "--seqpacket", f"--listen={site.socket}", *site.command()],
        stderr=subprocess.DEVNULL,
        env={**os.environ, "NOTIFY_SOCKET": ""},
    )
    try:
        wait_until(site.socket.exists, 10)
        assert site.login("daemon", site.code("daemon"))["rule"] == "code-right"
        process.terminate()
        process.wait(10)
        assert site.socket.exists(), "a socket of systemd's is not the daemon's to remove"
    finally:
        process.kill()
        process.wait()
