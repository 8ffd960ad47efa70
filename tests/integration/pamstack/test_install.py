"""Installing and removing on a copy of this host, with the real pam-auth-update and the real sshd."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.pamstack.conftest import MODULE, PROFILE, Drive, snapshot
from tests.support.world import World
from tests.support.world.paths import REPOSITORY

DROPIN = "/etc/ssh/sshd_config.d/10-rw2fa.conf"
COMMON_AUTH = "/etc/pam.d/common-auth"


def effective(world: World, user: str, address: str = "192.0.2.7") -> dict[str, str]:
    """What sshd does for a user."""
    world.path("/run/sshd").mkdir(exist_ok=True)
    output = world.run("/usr/sbin/sshd", "-T", "-C", f"user={user},host=client,addr={address}").stdout
    return dict(line.partition(" ")[::2] for line in output.splitlines())


def ours(world: World, service: str) -> list[str]:
    lines = world.read(f"/etc/pam.d/{service}").splitlines()
    return [line.partition("  #")[0].rstrip() for line in lines if "pam_rw2fa.so" in line]


@pytest.fixture
def people(world: World) -> None:
    world.run("groupadd", "staff-2fa")
    world.run("groupadd", "machines")
    world.run("useradd", "-G", "staff-2fa", "amy")
    world.run("useradd", "ben")
    world.run("useradd", "-G", "staff-2fa,machines", "robot")


def test_the_lines_arrive_where_they_belong(world: World, drive: Drive) -> None:
    report = drive("install")
    assert ours(world, "sshd") == [
        "auth    [success=done ignore=ignore default=die] pam_rw2fa.so slot=key",
        "account required pam_rw2fa.so",
        "session optional pam_rw2fa.so timeout=1",
    ]
    assert ours(world, "xrdp-sesman") == [
        "auth    requisite pam_rw2fa.so slot=first timeout=2",
        "account required pam_rw2fa.so timeout=2",
    ]
    assert ours(world, "cockpit") == ["account required pam_rw2fa.so", "session optional pam_rw2fa.so timeout=1"]
    assert ours(world, "login") == ["session optional pam_rw2fa.so timeout=1"]
    for service in ("sshd", "cockpit", "login"):
        modules = re.findall(r"^session.*?(pam_\w+\.so)", world.read(f"/etc/pam.d/{service}"), re.MULTILINE)
        assert modules.index("pam_rw2fa.so") == modules.index("pam_loginuid.so") + 1
    assert [line.split() for line in ours(world, "common-auth")] == [["auth", "requisite", "pam_rw2fa.so"]]
    assert set(report["changed"]) >= {"/etc/pam.d/sshd", COMMON_AUTH, DROPIN}


def test_promise_4_nothing_of_ours_is_in_the_shared_account_or_session_files(world: World, drive: Drive) -> None:
    drive("install")
    for name in ("account", "session", "session-noninteractive", "password"):
        assert ours(world, f"common-{name}") == []


def test_a_second_installation_changes_nothing(world: World, drive: Drive) -> None:
    drive("install", "--scope=@staff")
    before = snapshot(world)
    assert drive("install", "--scope=@staff")["changed"] == []
    assert snapshot(world) == before


def debconf_choice(world: World) -> str:
    """The profiles that debconf remembers as chosen."""
    return world.run("debconf-communicate", "libpam-runtime", stdin="GET libpam-runtime/profiles\n").stdout.strip()


def test_promise_14_removing_gives_every_file_back_byte_for_byte(world: World, drive: Drive) -> None:
    before, choice = snapshot(world), debconf_choice(world)
    drive("install", "--scope=@staff")
    assert snapshot(world) != before
    drive("remove")
    assert snapshot(world) == before
    assert debconf_choice(world) == choice


def test_promise_14_removing_gives_back_files_that_have_seen_an_editor(world: World, drive: Drive) -> None:
    # Without a last line feed, with the ends of another system's lines, with a comment that holds a form feed.
    world.write("/etc/pam.d/login", world.read("/etc/pam.d/login").rstrip("\n"))
    world.write("/etc/pam.d/xrdp-sesman", "@include common-auth\n@include common-account")
    sshd = world.read("/etc/pam.d/sshd").replace("\n#", "\r\n#")
    world.path("/etc/pam.d/sshd").write_bytes(f"# was:\x0cauth sufficient pam_permit.so\n{sshd}".encode())
    # Only the package's own file, which is upgraded meanwhile.
    world.run("mv", "/etc/pam.d/cockpit", "/usr/lib/pam.d/cockpit")
    # What pam-auth-update would not leave as it is: order of options, comments, spacing, owner, a profile it never saw.
    for name in ("auth", "account", "password"):
        path = f"/etc/pam.d/common-{name}"
        world.write(path, re.sub(r"(pam_unix.so.*)", r"\1  zebra   apple # by amy", world.read(path)), mode=0o640)
        world.run("chgrp", "adm", path)
    world.write(
        COMMON_AUTH, world.read(COMMON_AUTH).replace("# end of", "# mine\nauth optional pam_group.so\n# end of")
    )
    world.write("/usr/share/pam-configs/new", "Name: new\nDefault: yes\nPriority: 1\nSession-Type: Additional\n"
                "Session:\n\toptional pam_echo.so\n")  # fmt: skip
    before = snapshot(world)
    assert "problem" not in drive("install", "--scope=@staff")
    after = snapshot(world)
    changed = {path.rpartition("/")[2] for path in after if after[path] != before.get(path)}
    assert changed == {"sshd", "login", "xrdp-sesman", "cockpit", "common-auth", "auth", "10-rw2fa.conf"}
    world.write("/usr/lib/pam.d/cockpit", "# new\n" + world.read("/usr/lib/pam.d/cockpit"))
    drive("remove")
    assert snapshot(world) == before


def test_the_line_in_common_auth_is_what_pam_auth_update_would_have_written(world: World, drive: Drive) -> None:
    environment = {"DEBIAN_FRONTEND": "noninteractive"}
    files = (COMMON_AUTH, "/var/lib/pam/auth")
    before = {file: world.read(file) for file in files}
    world.run("pam-auth-update", "--package", "--enable", "rw2fa", environment=environment)
    theirs = {file: world.read(file) for file in files}
    world.run("pam-auth-update", "--package", "--disable", "rw2fa", environment=environment)
    assert {file: world.read(file) for file in files} == before
    drive("install")
    assert {file: world.read(file) for file in files} == theirs
    # It takes the line for its own: keeps it when it writes the files for somebody else, or by force.
    world.run("pam-auth-update", "--package", "--enable", "mkhomedir", environment=environment)
    world.write(COMMON_AUTH, world.read(COMMON_AUTH).replace("# end of", "auth optional pam_group.so\n# end of"))
    world.run("pam-auth-update", "--package", "--force", environment=environment)
    assert "pam_group.so" not in world.read(COMMON_AUTH)
    assert len(ours(world, "common-auth")) == 1
    assert "pam_mkhomedir.so" in world.read("/etc/pam.d/common-session")


def test_removing_from_files_that_were_changed_by_hand_meanwhile_leaves_the_change(world: World, drive: Drive) -> None:
    text = world.read(COMMON_AUTH)
    drive("install")
    edit = ("# end of", "auth optional pam_group.so\n# end of")
    world.write(COMMON_AUTH, world.read(COMMON_AUTH).replace(*edit))
    assert drive("remove")["notes"] == ["sshd reads its configuration again on SIGHUP or when it is restarted"]
    assert world.read(COMMON_AUTH) == text.replace(*edit)


def test_modes_and_owners_are_kept(world: World, drive: Drive) -> None:
    world.run("chown", "daemon:adm", "/etc/pam.d/sshd")
    world.run("chmod", "0640", "/etc/pam.d/sshd")
    drive("install")
    assert world.run("stat", "-c", "%U:%G %a", "/etc/pam.d/sshd").stdout.strip() == "daemon:adm 640"
    assert world.run("stat", "-c", "%U:%G %a", DROPIN).stdout.strip() == "root:root 644"


def test_a_symbolic_link_stays_one(world: World, drive: Drive) -> None:
    world.run("mv", "/etc/pam.d/sshd", "/etc/pam.d/sshd-real")
    world.run("ln", "-s", "sshd-real", "/etc/pam.d/sshd")
    drive("install")
    assert world.run("readlink", "/etc/pam.d/sshd").stdout.strip() == "sshd-real"
    assert "pam_rw2fa.so" in world.read("/etc/pam.d/sshd-real")


def test_one_service_alone(world: World, drive: Drive) -> None:
    drive("install", "xrdp-sesman")
    assert ours(world, "xrdp-sesman")
    assert ours(world, "common-auth")
    assert not ours(world, "sshd")
    assert not world.path(DROPIN).exists()
    drive("install")
    drive("remove", "sshd")
    assert not ours(world, "sshd")
    assert not world.path(DROPIN).exists()
    assert ours(world, "cockpit")
    assert ours(world, "common-auth")


def test_a_service_that_is_not_there_is_passed_over_with_a_note(world: World, drive: Drive) -> None:
    world.path("/etc/pam.d/cockpit").unlink()
    assert any("cockpit was skipped" in note for note in drive("install")["notes"])


def test_a_service_whose_file_is_the_packages_own_gets_a_copy_until_it_is_removed(world: World, drive: Drive) -> None:
    world.run("mv", "/etc/pam.d/cockpit", "/usr/lib/pam.d/cockpit")
    shipped = world.read("/usr/lib/pam.d/cockpit")
    drive("install")
    assert ours(world, "cockpit")[0] == "account required pam_rw2fa.so"
    assert world.read("/usr/lib/pam.d/cockpit") == shipped
    drive("remove")
    assert not world.path("/etc/pam.d/cockpit").exists()


def test_another_root_is_edited_and_this_one_is_not(world: World, drive: Drive) -> None:
    for folder in ("/etc", "/usr/share/pam-configs", "/var/lib/pam", str(MODULE.parent)):
        world.run("mkdir", "-p", f"/srv/image{folder}")
        world.run("cp", "-a", f"{folder}/.", f"/srv/image{folder}")
    before = snapshot(world)
    image = Path("/srv/image/etc/pam.d")
    whole = {path.name: path.read_bytes() for path in world.path(image).iterdir()}
    drive("install", "--root=/srv/image", "--scope=@staff")
    assert snapshot(world) == before
    assert "pam_rw2fa.so" in world.read(image / "sshd")
    assert "pam_rw2fa.so" in world.read(image / "common-auth")
    assert "Match Group staff" in world.read(f"/srv/image{DROPIN}")
    drive("remove", "--root=/srv/image")
    assert {path.name: path.read_bytes() for path in world.path(image).iterdir()} == whole


def test_a_service_without_lines_of_its_own_is_refused(world: World, drive: Drive) -> None:
    assert "no lines for the PAM service sudo" in drive("install", "sudo")["problem"]


def test_promise_5_without_the_module_nothing_is_put_in(world: World, drive: Drive) -> None:
    world.path(MODULE).unlink()
    before = snapshot(world)
    report = drive("install")
    assert "would lock everybody out" in report["problem"]
    assert "make install" in report["fix"]
    assert snapshot(world) == before


def test_without_the_profile_nothing_is_put_in(world: World, drive: Drive) -> None:
    world.path(PROFILE).unlink()
    assert PROFILE in drive("install")["problem"]
    assert not ours(world, "sshd")


def test_a_stack_that_could_be_entered_past_us_puts_everything_back(world: World, drive: Drive) -> None:
    sshd = world.read("/etc/pam.d/sshd")
    world.write("/etc/pam.d/sshd", "auth sufficient pam_ldap.so\n" + sshd)
    before = snapshot(world)
    report = drive("install")
    assert "can be entered past our line" in report["problem"]
    assert "pam_ldap.so (/etc/pam.d/sshd:2) = success" in report["problem"]
    assert snapshot(world) == before


def test_a_common_auth_of_an_administrators_own_puts_everything_back(world: World, drive: Drive) -> None:
    world.write(COMMON_AUTH, "auth required pam_unix.so\n")
    before = snapshot(world)
    report = drive("install")
    assert "lacks the comments" in report["problem"]
    assert "add `auth requisite pam_rw2fa.so`" in report["fix"]
    assert snapshot(world) == before


def test_a_line_in_common_auth_by_hand_is_as_good(world: World, drive: Drive) -> None:
    text = world.read(COMMON_AUTH)
    world.write(COMMON_AUTH, text + "auth requisite pam_rw2fa.so\n")
    assert COMMON_AUTH not in drive("install")["changed"]
    report = drive("remove")
    assert any("written by hand" in note for note in report["notes"])
    assert ours(world, "common-auth") == ["auth requisite pam_rw2fa.so"]
    assert not ours(world, "sshd")


def test_options_in_common_auth_survive_pam_auth_update(world: World, drive: Drive) -> None:
    drive("install")
    text = world.read(COMMON_AUTH)
    world.write(COMMON_AUTH, text.replace("pam_rw2fa.so", "pam_rw2fa.so console=root"))
    world.run("pam-auth-update", "--package", environment={"DEBIAN_FRONTEND": "noninteractive"})
    assert "console=root" in ours(world, "common-auth")[0]
    drive("install")
    assert "console=root" in ours(world, "common-auth")[0]
    drive("remove")
    assert not ours(world, "common-auth")


def test_a_file_that_cannot_be_written_puts_everything_back(world: World, drive: Drive) -> None:
    # A folder in its place, after all the other files.
    world.path(DROPIN).mkdir()
    before = snapshot(world)
    assert "problem" in drive("install")
    assert snapshot(world) == before


def test_promise_5_killed_at_any_moment_no_file_is_half_written(world: World, drive: Drive) -> None:
    whole = [world.read("/etc/pam.d/sshd")]
    drive("install")
    whole.append(world.read("/etc/pam.d/sshd"))
    environment = {"PYTHONPATH": str(REPOSITORY), "PYTHONDONTWRITEBYTECODE": "1"}
    for turn in range(12):
        action = "remove" if turn % 2 == 0 else "install"
        argv = (sys.executable, "-m", "tests.integration.pamstack.drive", action)
        process = world.start(*argv, environment=environment)
        try:
            process.wait(timeout=0.12 + 0.03 * turn)
        except subprocess.TimeoutExpired:
            world.kill(process, signal.SIGKILL)
        assert world.read("/etc/pam.d/sshd") in whole
    drive("install")
    assert world.read("/etc/pam.d/sshd") == whole[1]


def test_promise_5_a_daemon_that_does_not_answer_is_said(world: World, drive: Drive) -> None:
    assert any("logins are refused until it does" in note for note in drive("install")["notes"])


def test_promise_5_where_systemd_could_start_the_daemon_nothing_is_put_in_without_it(
    world: World, drive: Drive
) -> None:
    world.path("/run/systemd/system").mkdir(parents=True)
    before = snapshot(world)
    report = drive("install")
    assert "logins would be refused" in report["problem"]
    assert "systemctl start rw2fad.socket" in report["fix"]
    assert snapshot(world) == before


def test_another_socket_is_named_on_every_line(world: World, drive: Drive) -> None:
    before = snapshot(world)
    drive("install", "--socket=/run/rw2fa-2/pam.sock")
    for service in ("sshd", "xrdp-sesman", "cockpit", "common-auth"):
        assert ours(world, service)
        assert all(line.endswith("socket=/run/rw2fa-2/pam.sock") for line in ours(world, service))
    assert drive("install", "--socket=/run/rw2fa-2/pam.sock")["changed"] == []
    drive("remove")
    assert snapshot(world) == before


def test_sshd_asks_the_scope_for_a_second_method_and_nobody_else(world: World, drive: Drive, people: None) -> None:
    drive("install", "--scope=@staff-2fa", "--scope=ben", "--exempt=@machines", "--network=198.51.100.0/24")
    two = "publickey,keyboard-interactive:pam keyboard-interactive:pam"
    assert effective(world, "amy")["authenticationmethods"] == two
    assert effective(world, "ben")["authenticationmethods"] == two
    assert effective(world, "root")["authenticationmethods"] == "any"
    assert effective(world, "robot")["authenticationmethods"] == "any"
    assert effective(world, "amy", "198.51.100.9")["authenticationmethods"] == "any"
    assert effective(world, "ben", "198.51.100.9")["authenticationmethods"] == "any"
    assert effective(world, "amy")["kbdinteractiveauthentication"] == "yes"
    assert effective(world, "root")["kbdinteractiveauthentication"] == "no"


def test_another_scope_makes_another_drop_in(world: World, drive: Drive, people: None) -> None:
    drive("install")
    assert effective(world, "ben")["authenticationmethods"] == "any"
    assert drive("refresh", "--scope=ben")["changed"] == [DROPIN]
    assert effective(world, "ben")["authenticationmethods"] != "any"
    drive("refresh")
    assert effective(world, "ben")["authenticationmethods"] == "any"


def test_promise_14_a_refresh_that_would_open_what_the_host_closed_leaves_the_old_drop_in(
    world: World, drive: Drive
) -> None:
    for name in ("amy", "ben"):
        world.run("useradd", name)
    drive("install", "--scope=amy")
    before = world.read(DROPIN)
    world.write(
        "/etc/ssh/sshd_config.d/00-policy.conf",
        "Match User ben\n    PasswordAuthentication no\n    AuthenticationMethods any\n",
    )
    assert "ben can log in by keyboard-interactive" in drive("refresh", "--scope=amy", "--scope=ben")["problem"]
    assert world.read(DROPIN) == before


def test_a_refresh_for_the_same_users_writes_nothing_and_asks_sshd_nothing(
    world: World, drive: Drive, people: None
) -> None:
    drive("install", "--scope=ben")
    world.write("/etc/ssh/sshd_config.d/00-wrong.conf", "NoSuchKeyword yes\n")
    assert drive("refresh", "--scope=ben") == {"changed": [], "notes": []}


def test_a_refresh_says_that_sshd_refuses_the_rest_of_its_configuration(
    world: World, drive: Drive, people: None
) -> None:
    drive("install")
    world.write("/etc/ssh/sshd_config.d/00-wrong.conf", "NoSuchKeyword yes\n")
    report = drive("refresh", "--scope=ben")
    assert report["changed"] == [DROPIN]
    assert any("sshd refuses the rest of its configuration" in note for note in report["notes"])


def test_promise_14_a_drop_in_that_sshd_refuses_is_not_left_behind(world: World, drive: Drive, people: None) -> None:
    drive("install")
    before = world.read(DROPIN)
    # As an sshd that does not know the keyword.
    world.write(
        "/usr/local/sbin/sshd",
        '#!/bin/sh\ngrep -qs AuthenticationMethods /etc/ssh/sshd_config.d/10-* && [ "$1" = -t ] && {\n'
        "    echo Bad configuration option: AuthenticationMethods >&2; exit 255; }\n"
        'exec /usr/sbin/sshd "$@"\n',
        mode=0o755,
    )
    assert "sshd refuses" in drive("refresh", "--scope=ben")["problem"]
    assert world.read(DROPIN) == before


def test_refreshing_installs_nothing(world: World, drive: Drive) -> None:
    assert drive("refresh", "--scope=@staff")["changed"] == []
    assert not world.path(DROPIN).exists()


def test_promise_14_a_host_that_takes_keys_only_still_takes_no_passwords(
    world: World, drive: Drive, people: None
) -> None:
    world.write("/etc/ssh/sshd_config.d/50-keys.conf", "PasswordAuthentication no\nKbdInteractiveAuthentication no\n")
    for _ in range(2):  # the second time our own drop-in is there already
        drive("install", "--scope=@staff-2fa")
        assert effective(world, "root")["kbdinteractiveauthentication"] == "no"
        assert effective(world, "amy")["authenticationmethods"] == "publickey,keyboard-interactive:pam"
        assert effective(world, "amy")["kbdinteractiveauthentication"] == "yes"


def test_promise_14_what_a_match_closed_stays_closed_in_the_scope_and_out_of_it(
    world: World, drive: Drive, people: None
) -> None:
    world.run("useradd", "-G", "staff-2fa", "deploy")
    world.write(
        "/etc/ssh/sshd_config.d/50-policy.conf",
        "Match User deploy,ben # machines of ours\n    PasswordAuthentication no\n"
        "Match Group staff-2fa Address 198.51.100.0/24\n    AuthenticationMethods publickey,password\n",
    )
    assert "problem" not in drive("install", "--scope=@staff-2fa")
    key, password = "publickey,keyboard-interactive:pam", "keyboard-interactive:pam"
    assert effective(world, "amy")["authenticationmethods"] == f"{key} {password}"
    assert effective(world, "amy", "198.51.100.9")["authenticationmethods"] == key
    assert effective(world, "deploy")["authenticationmethods"] == key
    # Passwords are off for this one, wherever from.
    assert effective(world, "deploy", "198.51.100.9")["kbdinteractiveauthentication"] == "no"
    assert effective(world, "ben")["authenticationmethods"] == "any"
    assert effective(world, "ben")["kbdinteractiveauthentication"] == "no"


def test_promise_14_what_comes_before_the_drop_in_and_would_open_a_password_is_refused(
    world: World, drive: Drive, people: None
) -> None:
    world.write(
        "/etc/ssh/sshd_config.d/00-policy.conf",
        "Match User amy\n    PasswordAuthentication no\n    AuthenticationMethods any\n",
    )
    before = snapshot(world)
    report = drive("install", "--scope=@staff-2fa")
    assert "amy can log in by keyboard-interactive, and without it by publickey" in report["problem"]
    assert "after it" in report["fix"]
    after = snapshot(world)
    assert {path for path in after if after[path] != before[path]} <= {"var/lib/pam/seen"}


def test_promise_5_methods_that_sshd_would_not_have_after_ours_are_refused(
    world: World, drive: Drive, people: None
) -> None:
    place = "/etc/ssh/sshd_config.d/50-policy.conf"
    world.write(place, "AuthenticationMethods any\n")
    report = drive("install", "--scope=@staff-2fa")
    assert f"{place} sets `AuthenticationMethods any`" in report["problem"]
    assert "remove that line" in report["fix"]
    assert not world.path(DROPIN).exists()
    assert "problem" not in drive("install")  # nobody is in the scope
    world.path(place).rename(world.path("/etc/ssh/sshd_config.d/00-policy.conf"))
    assert "problem" not in drive("install", "--scope=@staff-2fa")
    assert effective(world, "amy")["authenticationmethods"].startswith("publickey,keyboard-interactive:pam")


def test_promise_14_match_blocks_that_overlap_without_end_are_refused(world: World, drive: Drive, people: None) -> None:
    blocks = [f"Match Group g{number}\n    PasswordAuthentication no\n" for number in range(16)]
    world.write("/etc/ssh/sshd_config.d/50-policy.conf", "".join(blocks))
    before = snapshot(world)
    assert "too many Match blocks" in drive("install", "--scope=@staff-2fa")["problem"]
    after = snapshot(world)
    assert {path for path in after if after[path] != before[path]} <= {"var/lib/pam/seen"}


@pytest.mark.parametrize("group", ["domain users", "it,ops", "r&d", "entwickler-ä"])
def test_sshd_accepts_whatever_a_group_is_called(world: World, drive: Drive, group: str) -> None:
    with world.path("/etc/group").open("a") as file:
        file.write(f"{group}:x:4711:ben\n")
    world.run("useradd", "ben")
    assert "problem" not in drive("install", f"--scope=@{group}")
    assert effective(world, "ben")["authenticationmethods"] != "any"
    assert effective(world, "root")["authenticationmethods"] == "any"


def test_sshd_configuration_that_was_broken_before_is_said_and_left_alone(world: World, drive: Drive) -> None:
    world.write("/etc/ssh/sshd_config.d/50-broken.conf", "Frobnicate yes\n")
    assert any("refuses the rest of its configuration" in note for note in drive("install")["notes"])


def test_the_drop_in_of_a_world_never_reaches_the_host(world: World, drive: Drive) -> None:
    drive("install")
    assert not Path(DROPIN).exists()
    assert shutil.which("sshd", path="/usr/sbin")
