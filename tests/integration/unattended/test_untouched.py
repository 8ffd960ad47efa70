"""What never asks anybody stays as it was, also with the daemon dead (login-states; issue item 5, promise 4)."""

import time
from collections.abc import Iterator

import pytest

from tests.integration import prompts
from tests.support.world.site import Member, Site
from tests.support.world.waiting import wait_until

pytestmark = pytest.mark.namespaces


@pytest.fixture(params=["alive", "dead"])
def daemon(site: Site, request: pytest.FixtureRequest) -> Iterator[str]:
    """The test runs with the daemon alive, and again with it dead."""
    state = str(request.param)
    if state == "dead":
        site.rw2fa.kill()
    yield state
    if state == "dead":
        site.rw2fa.start()


def test_item_5_su_by_root(site: Site, member: Member, daemon: str) -> None:
    assert site.world.run("su", member.user.name, "-c", "id -un").stdout.strip() == member.user.name


def test_item_5_su_by_root_with_a_login_shell(site: Site, member: Member, daemon: str) -> None:
    done = site.world.run("su", "-", member.user.name, "-c", "id -un")
    assert done.stdout.strip().splitlines()[-1] == member.user.name


def test_item_5_runuser(site: Site, member: Member, daemon: str) -> None:
    name = member.user.name
    assert site.world.run("runuser", "-u", name, "--", "id", "-un").stdout.strip() == name


def test_item_5_login_that_root_vouches_for(site: Site, member: Member, daemon: str) -> None:
    terminal = site.world.terminal("login", "-f", member.user.name)
    terminal.answer(r"\$ $", "id -un; exit")
    assert terminal.end() == 0


def test_item_5_cron(site: Site, member: Member, daemon: str) -> None:
    name = member.user.name
    # cron looks once a minute, and runs @reboot at its start if no cron ran before in this /run.
    site.world.write("/etc/cron.d/rw2fa-test", f"@reboot {name} id -un >/tmp/cron-{name}\n")
    site.world.path("/run/crond.reboot").unlink(missing_ok=True)
    cron = site.world.start("cron", "-f")
    wait_until("cron's job", lambda: _content(site, f"/tmp/cron-{name}") == name)
    site.world.kill(cron)


def test_item_5_at(site: Site, member: Member, daemon: str) -> None:
    name = member.user.name
    site.world.write("/etc/at.deny", "")
    atd = site.world.start("atd", "-f", "-b", "1", "-l", "100")
    site.world.run("at", "now", user=name, stdin=f"id -un >/tmp/at-{name}\n")
    wait_until("at's job", lambda: _content(site, f"/tmp/at-{name}") == name)
    site.world.kill(atd)


def test_item_5_sudo_that_needs_no_password(site: Site, member: Member, daemon: str) -> None:
    name = member.user.name
    rule = f"/etc/sudoers.d/{name}"
    site.world.write(rule, f"{name} ALL=(ALL:ALL) NOPASSWD: ALL\n", mode=0o440)
    assert site.world.run("sudo", "-n", "id", "-un", user=name).stdout.strip() == "root"
    site.world.path(rule).unlink()


def test_item_5_sudo_that_remembers_does_not_ask_again_with_the_daemon_dead(site: Site, member: Member) -> None:
    name = member.user.name
    rule = f"/etc/sudoers.d/{name}"
    site.world.write(rule, f"Defaults:{name} timestamp_type=global\n{name} ALL=(ALL:ALL) ALL\n", mode=0o440)
    terminal = site.world.terminal("sudo", "id", "-un", user=name)
    terminal.answer(prompts.PASSWORD, member.user.password)
    terminal.answer(prompts.CODE, member.phone.fresh())
    assert terminal.end() == 0
    site.rw2fa.kill()
    before = time.monotonic()
    assert site.world.run("sudo", "-n", "id", "-un", user=name).stdout.strip() == "root"
    assert time.monotonic() - before < 3, "it waited for a daemon that it does not need"
    site.rw2fa.start()
    site.world.path(rule).unlink()


def test_promise_4_only_services_that_are_reached_from_outside_have_an_account_line(site: Site) -> None:
    with_line = {
        file.name
        for file in site.world.path("/etc/pam.d").iterdir()
        for line in file.read_text(encoding="utf-8").splitlines()
        if line.split()[:1] == ["account"] and "pam_rw2fa.so" in line
    }
    assert with_line == {"sshd", "xrdp-sesman", "cockpit", "rw2fa-portal", "rw2fa-portal-code"}


def _content(site: Site, file: str) -> str:
    path = site.world.path(file)
    return path.read_text(encoding="utf-8").strip() if path.exists() else ""
