"""`script/demo` itself: what it claims is checked by the demo; here, that it comes to its end and leaves nothing."""

import http.client
import shlex
import signal
import ssl
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from tests.integration import prompts
from tests.support.processes import is_gone
from tests.support.world.paths import REPOSITORY
from tests.support.world.phone import Phone
from tests.support.world.qr import read_code
from tests.support.world.terminal import Terminal

pytestmark = pytest.mark.timeout(300)


DEMO = (sys.executable, "-m", "demo")


@pytest.mark.namespaces
def test_the_demo_on_real_programs_ends_well_changes_nothing_and_can_be_kept(namespaces: None) -> None:
    names = ("pam.d/sshd", "pam.d/xrdp-sesman", "pam.d/common-auth", "passwd", "ssh/sshd_config")
    watched = [Path("/etc") / name for name in names]
    before = [file.read_bytes() for file in watched]
    with subprocess.Popen([*DEMO, "--keep"], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as demo:
        assert demo.stdout is not None
        told = ""
        for line in demo.stdout:
            told += line
            if "Ctrl-C ends it" in line:
                break
        try:
            assert "All of it was true" in told, told
            _log_in_by_hand(told)
            _look_at_the_portal(told)
            inside = psutil.Process(demo.pid).children(recursive=True)
            demo.send_signal(signal.SIGINT)
            assert demo.wait(timeout=30) == 0
        finally:
            demo.kill()  # or it would be kept for good after a failure
    assert [file.read_bytes() for file in watched] == before
    assert inside
    assert not [process for process in inside if not is_gone(process)], "something of the demo still runs"


def test_the_demo_without_namespaces_shows_the_same_steps() -> None:
    done = subprocess.run([*DEMO, "--without-namespaces"], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "All of it was true" in done.stdout
    for step in (
        "first SSH login",
        "The same code again",
        "A key alone",
        "Key and code",
        "remote-desktop",
        "whitelist",
        "A code by SMS",
        "a program on this machine stands",
    ):
        assert step in done.stdout


def _look_at_the_portal(told: str) -> None:
    """The address as printed, from outside of the world."""
    url = urlsplit(next(line.strip() for line in told.splitlines() if line.strip().startswith("https://")))
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    portal = http.client.HTTPSConnection(url.netloc, context=context, timeout=30)
    portal.request("GET", url.path)
    assert "Sign in" in portal.getresponse().read().decode()
    portal.close()


def _log_in_by_hand(told: str) -> None:
    """What the demo says that the spectator can do: the command as printed, from outside of the world."""
    command = next(line for line in told.splitlines() if line.strip().startswith("ssh -p"))
    password = next(line for line in told.splitlines() if line.strip().startswith("password "))
    terminal = Terminal(shlex.split(command), timeout=20)
    terminal.answer(prompts.PASSWORD, password.split("password", 1)[1].strip())
    terminal.expect(prompts.FIRST_CODE)
    terminal.type(Phone(read_code(terminal.screen)).fresh())
    terminal.answer(prompts.ACKNOWLEDGED, "")
    terminal.answer(r"\$ $", "id -un; exit")
    assert terminal.end() == 0
    assert "dave" in terminal.screen
