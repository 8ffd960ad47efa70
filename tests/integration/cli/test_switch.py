"""`rw2fa enable`, `disable`, `pam` and `doctor` on a host with real PAM files (a private world)."""

import time
from collections.abc import Iterator

import pytest

from tests.support.world.accounts import User
from tests.support.world.site import Member, Site

pytestmark = pytest.mark.namespaces

DROPIN = "/etc/ssh/sshd_config.d"


@pytest.fixture
def off(site: Site) -> Iterator[Site]:
    """The site, switched off; its PAM lines stay. It is switched on again at the end."""
    site.rw2fa.command("disable")
    site.rw2fa.command("pam", "install")
    yield site
    site.rw2fa.command("pam", "install")
    site.rw2fa.command("enable")


def rule(site: Site, user: User) -> str:
    return str(site.rw2fa.json("explain", user.name, "--service", "sshd")["rule"])


def refusal(site: Site, *arguments: str) -> str:
    done = site.rw2fa.command(*arguments, check=False)
    assert done.returncode == 1, done
    assert done.stderr.count("\n") == 1
    return done.stderr


def test_item_1_a_trial_goes_back_by_itself(off: Site, member: Member) -> None:
    told = off.rw2fa.command("enable", "--try", "4s").stdout
    assert "keep it on with: rw2fa enable --keep" in told
    assert off.rw2fa.json("status")["enabled"] is True
    assert rule(off, member.user) == "code"
    time.sleep(4.5)
    assert off.rw2fa.json("status")["enabled"] is False
    assert rule(off, member.user) == "off"
    terminal = off.sshd.login(member.user)
    terminal.answer("assword", member.user.password)
    assert terminal.end() == 0, "the daemon looks at the clock as well"
    assert "the trial ended" in refusal(off, "enable", "--keep")


def test_a_trial_that_is_kept_stays(off: Site) -> None:
    off.rw2fa.command("enable", "--try", "1h")
    assert off.rw2fa.json("status")["enabled_until"] is not None
    off.rw2fa.command("enable", "--keep")
    told = off.rw2fa.json("status")
    assert (told["enabled"], told["enabled_until"]) == (True, None)
    assert "no trial is running; run: rw2fa enable" in refusal(off, "enable", "--keep")


def test_a_trial_cannot_shorten_what_is_on(site: Site) -> None:
    assert "is already on, and a trial would end it; leave out --try" in refusal(site, "enable", "--try", "10m")


@pytest.mark.parametrize("text", ["0s", "31d", "soon", "10"])
def test_a_trial_has_a_sensible_length(off: Site, text: str) -> None:
    assert refusal(off, "enable", "--try", text).startswith("rw2fa: ")
    assert off.rw2fa.json("status")["enabled"] is False


def test_switching_on_is_refused_while_somebody_could_pass_unless_forced(off: Site) -> None:
    off.rw2fa.command("pam", "remove", "sshd")
    reason = refusal(off, "enable")
    assert "run `rw2fa pam install" in reason
    assert "--force switches it on anyway" in reason
    assert off.rw2fa.json("status")["enabled"] is False
    off.rw2fa.command("enable", "--force")
    assert off.rw2fa.json("status")["enabled"] is True


def test_promise_14_switching_on_is_refused_where_somebody_would_get_in_by_less_than_before(
    off: Site, newcomer: User
) -> None:
    place = off.world.path(f"{DROPIN}/00-policy.conf")
    place.write_text(f"Match User {newcomer.name}\n    PasswordAuthentication no\n    AuthenticationMethods any\n")
    try:
        reason = refusal(off, "enable")
    finally:
        place.unlink()
    assert f"once two-factor authentication is on: with our drop-in {newcomer.name} can log in by key" in reason
    assert off.rw2fa.json("status")["enabled"] is False


def test_switching_on_is_refused_without_a_state(off: Site) -> None:
    off.world.run("mv", "/etc/rw2fa/master.key", "/etc/rw2fa/elsewhere.key")
    try:
        assert "there is no master key" in refusal(off, "enable")
    finally:
        off.world.run("mv", "/etc/rw2fa/elsewhere.key", "/etc/rw2fa/master.key")


def test_pam_check_says_what_is_wrong_and_what_to_do(off: Site) -> None:
    findings = off.rw2fa.json("pam", "check")
    assert findings
    assert {"check", "ok", "detail", "fix", "service", "accepted"} == set(findings[0])
    assert all(finding["ok"] for finding in findings)
    off.rw2fa.command("pam", "remove")
    done = off.rw2fa.command("pam", "check", check=False)
    assert done.returncode == 1
    assert "BAD   pam-line-missing" in done.stdout
    assert done.stderr.count("\n") == 1


def test_pam_install_a_second_time_has_nothing_to_do(site: Site) -> None:
    assert site.rw2fa.command("pam", "install").stdout == "Nothing to do.\n"


def test_taking_the_lines_out_while_it_is_on_is_told(site: Site) -> None:
    try:
        done = site.rw2fa.command("pam", "remove", "--yes")
        assert "still switched on; `rw2fa disable` switches it off" in done.stderr
    finally:
        site.rw2fa.command("pam", "install")


def test_an_unknown_service_is_refused(site: Site) -> None:
    assert "there are no lines for the PAM service frobnicate; name one of" in refusal(
        site, "pam", "install", "frobnicate"
    )


def test_doctor_has_a_status_and_findings(site: Site) -> None:
    done = site.rw2fa.command("doctor", "--json", check=False)
    assert '"check"' in done.stdout
    site.rw2fa.stop()
    try:
        done = site.rw2fa.command("doctor", check=False)
        assert done.returncode == 1
        assert "BAD   daemon: " in done.stdout
        assert done.stderr.count("\n") == 1
    finally:
        site.rw2fa.start()


def test_the_drop_in_of_sshd_follows_the_scope(site: Site, outsider: User) -> None:
    def dropins() -> str:
        return "".join(path.read_text(encoding="utf-8") for path in site.world.path(DROPIN).iterdir())

    assert outsider.name not in dropins()
    site.rw2fa.command("users", "add", outsider.name)
    assert outsider.name in dropins()
    site.rw2fa.command("users", "remove", outsider.name, "--yes")
    assert outsider.name not in dropins()


def test_what_the_command_creates_belongs_to_the_daemon(site: Site, newcomer: User) -> None:
    site.rw2fa.command("users", "enrol", newcomer.name)
    told = site.world.run("find", "/var/lib/rw2fa", "-printf", "%u %m %P\n").stdout.splitlines()
    assert all(line.startswith("rw2fa ") for line in told), told
    assert {line.split()[1] for line in told if line.split()[2:]} == {"600"}, told


def test_another_configuration_leaves_the_lines_of_this_host_alone(site: Site) -> None:
    site.world.run("mkdir", "-p", "/root/other")
    site.world.write(
        "/root/other/rw2fa.toml",
        'enabled = true\n[paths]\nstate = "/root/other/state"\nsocket = "/root/other/pam.sock"\n'
        'master_key = "/root/other/master.key"\n',
    )
    done = site.rw2fa.command("--config", "/root/other/rw2fa.toml", "disable")
    assert "belong to another configuration and were left in place" in done.stderr
    assert "pam_rw2fa.so" in site.world.read("/etc/pam.d/sshd")
