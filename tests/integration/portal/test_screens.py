"""Sessions for the browser: begun as the user, come back to, and what the user is told where there is none."""

import os
import signal
import socket
import struct
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from rw2fa_daemon.core.application import Application
from tests.support.world.accounts import User
from tests.support.world.logons import LogonServer, Portal
from tests.support.world.screens import asked, logged_on, opened, refusal, running
from tests.support.world.site import Site
from tests.support.world.waiting import wait_until

pytestmark = pytest.mark.namespaces

CONFIG = """
[[portal.applications]]
name = "Terminal"
command = "xterm -title 'A terminal'"

[[portal.applications]]
name = "Ledger"
command = "xterm"
groups = ["accounting"]

[[portal.applications]]
name = "Not there"
command = "no-program-of-this-name"
"""


@pytest.fixture(scope="module", autouse=True)
def _applications(session_site: Site) -> None:
    session_site.world.write("/etc/rw2fa/rw2fa.toml.d/portal.toml", CONFIG)


@pytest.fixture
def portal(logons: LogonServer, outsider: User) -> Iterator[Portal]:
    """The portal's end of the logon of somebody without a second factor: the sessions are the same."""
    with logged_on(logons, outsider) as portal:
        yield portal


def _uid(site: Site, user: User) -> int:
    return int(site.world.run("id", "-u", user.name).stdout)


def _folder(site: Site, user: User, name: str = "Terminal") -> str:
    return f"/run/rw2fa-desktops/{_uid(site, user)}/{Application(name).label}"


def test_an_application_runs_as_its_user_on_a_screen_of_its_own(site: Site, portal: Portal, outsider: User) -> None:
    with opened(portal, "Terminal"):
        wait_until("the program", lambda: running(site.world, "xterm", outsider) != [])
        (screen,) = running(site.world, "Xvnc", outsider)
    words = site.world.processes()[screen]
    assert "-nolisten tcp -noreset -rfbport -1" in " ".join(words)
    folder = site.world.path(_folder(site, outsider))
    assert {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()} == {
        "lock": 0o600,
        "Xauthority": 0o600,
        "rfb.sock": 0o600,
    }
    assert folder.parent.stat().st_mode & 0o777 == 0o700
    assert site.world.run("ss", "-Hltn", "sport >= 5900 and sport <= 6100").stdout == ""


def test_a_session_is_come_back_to(site: Site, logons: LogonServer, outsider: User) -> None:
    with logged_on(logons, outsider) as portal, opened(portal, "Terminal"):
        wait_until("the program", lambda: running(site.world, "xterm", outsider) != [])
    before = running(site.world, "Xvnc", outsider) + running(site.world, "xterm", outsider)
    with logged_on(logons, outsider) as portal, opened(portal, "Terminal"):
        assert running(site.world, "Xvnc", outsider) + running(site.world, "xterm", outsider) == before


def test_two_browsers_at_once_have_one_session(site: Site, logons: LogonServer, outsider: User) -> None:
    def look(portal: Portal) -> None:
        with opened(portal, "Terminal"):
            pass

    with logged_on(logons, outsider) as one, logged_on(logons, outsider) as other, ThreadPoolExecutor() as threads:
        list(threads.map(look, (one, other)))
    assert len(running(site.world, "Xvnc", outsider)) == 1


def test_what_runs_is_listed_for_those_who_may_open_it(site: Site, portal: Portal, outsider: User) -> None:
    assert asked(portal, "applications")[0].fields["names"].splitlines() == ["desktop", "Terminal", "Not there"]
    site.world.run("groupadd", "--force", "accounting")
    site.world.run("usermod", "--append", "--groups", "accounting", outsider.name)
    assert "Ledger" in asked(portal, "applications")[0].fields["names"].splitlines()


@pytest.mark.parametrize("name", ["Ledger", "Not there", "never listed", ""])
def test_a_rogue_portal_cannot_open_what_is_not_for_this_user(portal: Portal, name: str) -> None:
    assert refusal(portal, name) == "no-program"


def test_a_user_without_a_shell_is_told(site: Site, portal: Portal, outsider: User) -> None:
    site.world.run("usermod", "--shell", "/usr/sbin/nologin", outsider.name)
    assert refusal(portal, "Terminal") == "no-shell"
    assert running(site.world, "Xvnc", outsider) == []


def test_a_full_home_is_told(site: Site, portal: Portal, outsider: User) -> None:
    site.world.run("mount", "-t", "tmpfs", "-o", f"size=64k,mode=700,uid={outsider.name}", "tmpfs", outsider.home)
    site.world.run("sh", "-c", f"dd if=/dev/zero of={outsider.home}/filling 2>/dev/null || :")
    assert refusal(portal, "Terminal") == "home-full"
    site.world.run("rm", f"{outsider.home}/filling")
    with opened(portal, "Terminal"):
        pass


def test_a_home_that_is_not_there_is_told(site: Site, portal: Portal, outsider: User) -> None:
    site.world.run("mv", outsider.home, f"{outsider.home}.away")
    assert refusal(portal, "Terminal") == "no-home"


def test_a_screen_that_something_killed_is_told_and_another_can_be_opened(
    site: Site, portal: Portal, outsider: User
) -> None:
    with opened(portal, "Terminal") as screen:
        (pid,) = running(site.world, "Xvnc", outsider)
        os.kill(pid, signal.SIGKILL)
        assert screen.recv(1) == b""
    assert asked(portal, "ending", name="Terminal")[0].fields == {"ending": "killed"}
    with opened(portal, "Terminal"):
        assert running(site.world, "Xvnc", outsider) != [pid]
        assert asked(portal, "ending", name="Terminal")[0].fields == {}


def test_a_program_that_ends_ends_the_session(site: Site, portal: Portal, outsider: User) -> None:
    with opened(portal, "Terminal") as screen:
        wait_until("the program", lambda: running(site.world, "xterm", outsider) != [])
        os.kill(running(site.world, "xterm", outsider)[0], signal.SIGTERM)
        assert screen.recv(1) == b""
    assert asked(portal, "ending", name="Terminal")[0].fields == {"ending": "over"}
    wait_until("the end of its screen", lambda: running(site.world, "Xvnc", outsider) == [])


def test_a_session_that_nobody_looks_at_ends(site: Site, outsider: User) -> None:
    # Minutes in the configuration, seconds here.
    folder = f"{outsider.home}/session"
    home = {"HOME": outsider.home}
    program = "/usr/lib/rw2fa/bin/rw2fa-desktop"
    site.world.run(program, folder, "1", "--", "xterm", user=outsider.name, environment=home)
    assert site.world.read(f"{folder}/ending") == "left"
    assert running(site.world, "xterm", outsider) == []


@pytest.mark.parametrize("mode", [0o600, 0o666])
def test_a_link_of_the_users_leads_to_no_socket_as_root(
    site: Site, logons: LogonServer, portal: Portal, outsider: User, mode: int
) -> None:
    """What the bridge would carry to a socket of root's, with root's name on it, would be the user's own words."""
    with opened(portal, "Terminal"):
        pass
    os.kill(running(site.world, "Xvnc", outsider)[0], signal.SIGKILL)
    asked(portal, "ending", name="Terminal")
    inside = f"/run/root-{mode:o}.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(site.world.path(inside)))
        site.world.path(inside).chmod(mode)
        listener.listen()
        listener.setblocking(False)
        site.world.run("ln", "-sfT", inside, f"{_folder(site, outsider)}/rfb.sock", user=outsider.name)
        with opened(portal, "Terminal"):  # a screen of its own, not that
            pass
        try:
            connection, _ = listener.accept()
        except BlockingIOError:
            assert mode == 0o600
            return
        with connection:
            ucred = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
            assert struct.unpack("iII", ucred)[1] == _uid(site, outsider)
            assert mode == 0o666
            assert connection.recv(1) == b""


def test_nobody_else_reaches_the_screen_of_a_user(
    site: Site, logons: LogonServer, portal: Portal, outsider: User
) -> None:
    other = site.outsider()
    with opened(portal, "Terminal"):
        folder = _folder(site, outsider)
        assert site.world.run("ls", folder, user=other.name, check=False).returncode != 0
        assert site.world.run("ls", folder, user="rw2fa-portal", check=False).returncode != 0
        (screen,) = running(site.world, "Xvnc", outsider)
        with logged_on(logons, other) as another, opened(another, "Terminal"):
            assert running(site.world, "Xvnc", outsider) == [screen]
            assert len(running(site.world, "Xvnc", other)) == 1


def test_promise_3_the_cookie_of_a_screen_is_in_no_process_list(site: Site, portal: Portal, outsider: User) -> None:
    with opened(portal, "Terminal"):
        cookie = Path(site.world.path(_folder(site, outsider)) / "Xauthority").read_bytes()[-16:].hex()
        assert all(cookie not in " ".join(words) for words in site.world.processes().values())
        listed = site.world.run("xauth", "-f", f"{_folder(site, outsider)}/Xauthority", "list").stdout
        assert cookie in listed
