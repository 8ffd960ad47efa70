"""A login that becomes a session, at a real daemon: whose code counts where, and for how long."""

import os
import subprocess
import sys
from dataclasses import replace

import pytest

from rw2fa_daemon.core.account import Account
from tests.support.daemon import BOOT, HOST_USERS, NAMESPACES, Site

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="the daemon takes logins from root only")
NAME, OTHER = HOST_USERS[:2]


def signed_in(site: Site, name: str = NAME) -> None:
    """A login by SSH in this process."""
    with site.hook() as hook:
        assert hook.open(name)["verb"] == "ask"
        assert hook.reply(site.code(name))["rc"] == "SUCCESS"


def begin(site: Site, session: str, name: str = NAME, boot: str = BOOT, namespaces: str = NAMESPACES) -> dict[str, str]:
    with site.hook() as hook:
        hook.send("session", v="1", user=name, session=session, boot=boot, namespaces=namespaces)
        return hook.receive()


def sudo_asks(site: Site, session: str, name: str = NAME, boot: str = BOOT, namespaces: str = NAMESPACES) -> bool:
    with site.hook() as hook:
        answer = hook.open(name, service="sudo", session=session, boot=boot, namespaces=namespaces)
        assert answer["verb"] == "ask" or answer["rule"] == "recent-code"
        return answer["verb"] == "ask"


def elsewhere(site: Site, what: str, *arguments: str) -> str:
    """What a process of its own prints that has a hook."""
    hook = "import sys; from pathlib import Path; from tests.support.daemon import Hook; hook = Hook(Path(sys.argv[1]))"
    code = f"{hook}; {what}"
    command = [sys.executable, "-c", code, str(site.socket), NAME, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_the_code_of_a_login_counts_in_its_session_and_in_no_other(site: Site) -> None:
    site.enrol(NAME)
    with site.daemon():
        signed_in(site)
        assert sudo_asks(site, "7")
        assert begin(site, "7") == {"verb": "end", "rc": "IGNORE", "rule": "session"}
        assert not sudo_asks(site, "7")
        assert sudo_asks(site, "8")
        begin(site, "8")
        assert sudo_asks(site, "8"), "one login is one session"
    with site.daemon():
        assert not sudo_asks(site, "7"), "a restart forgets nothing"


def test_promise_4_after_sudo_minutes_sudo_asks_again(site: Site) -> None:
    site.enrol(NAME)

    def age(account: Account | None) -> tuple[Account | None, None]:
        assert account is not None
        place, _, at = account.counters.sessions.rpartition("@")
        older = f"{place}@{int(at) - 15 * 60}"
        return replace(account, counters=replace(account.counters, sessions=older)), None

    with site.daemon():
        signed_in(site)
        begin(site, "7")
        store = site.store()
        store.transact(NAME, age)
        store.close()
        assert sudo_asks(site, "7")


def test_promise_4_a_session_of_another_process_or_person_gets_no_code(site: Site) -> None:
    site.enrol(NAME, OTHER)
    told = "hook.send('session', v='1', user=sys.argv[2], session='7', boot=sys.argv[3], "
    told += "namespaces=sys.argv[4]); print(hook.receive()['rule'])"
    with site.daemon():
        signed_in(site)
        begin(site, "7", OTHER)
        assert elsewhere(site, told, BOOT, NAMESPACES) == "session"
        assert sudo_asks(site, "7")
        assert sudo_asks(site, "7", OTHER)


def test_the_parent_of_who_asked_begins_the_session_as_in_sshd(site: Site) -> None:
    site.enrol(NAME)
    asked = "hook.open(sys.argv[2], parent=sys.argv[3]); print(hook.reply(sys.argv[4])['rc'])"
    with site.daemon():
        assert elsewhere(site, asked, str(os.getpid()), site.code(NAME)) == "SUCCESS"
        begin(site, "7")
        assert not sudo_asks(site, "7")


def test_a_session_of_somebody_unknown_or_not_enrolled_is_answered_alike(site: Site) -> None:
    with site.daemon():
        for name in ("nobody-of-that-name", OTHER):
            assert begin(site, "7", name) == {"verb": "end", "rc": "IGNORE", "rule": "session"}


@pytest.mark.parametrize("session", ["-1", "7x", "12345678901"])
def test_what_is_no_session_is_no_message(site: Site, session: str) -> None:
    with site.daemon():
        assert begin(site, session) == {}


def test_promise_4_a_session_of_another_host_or_boot_with_the_same_number_gets_no_code(site: Site) -> None:
    """Several hosts may share a state, and each counts its sessions and processes from one."""
    site.enrol(NAME)
    other = BOOT.replace("0011", "ffff")
    with site.daemon():
        signed_in(site)
        begin(site, "7", boot=other)
        begin(site, "7", boot="")
        assert sudo_asks(site, "7", boot=other)
        begin(site, "7")
        assert not sudo_asks(site, "7")
        assert sudo_asks(site, "7", boot=other)
        assert sudo_asks(site, "7", boot="")


@pytest.mark.parametrize("other", ["4026531837-4026532290", "4026532289-4026531836", "4026532289-4026532290", ""])
def test_promise_4_a_session_that_goes_on_in_a_container_gets_no_code(site: Site, other: str) -> None:
    """The number of the session goes along into a container, and so does the boot."""
    site.enrol(NAME)
    with site.daemon():
        signed_in(site)
        begin(site, "7", namespaces=other)
        assert sudo_asks(site, "7", namespaces=other), "the login was outside"
        begin(site, "7")
        assert not sudo_asks(site, "7")
        assert sudo_asks(site, "7", namespaces=other)


@pytest.mark.parametrize("boot", [BOOT[:-1] + "x", BOOT[:-1], BOOT + "0"])
def test_what_is_no_boot_is_no_message(site: Site, boot: str) -> None:
    with site.daemon():
        assert begin(site, "7", boot=boot) == {}


@pytest.mark.parametrize("namespaces", ["x", "4026531837 4026531836", "4026531837:4026531836", "1" * 22])
def test_what_are_no_namespaces_is_no_message(site: Site, namespaces: str) -> None:
    with site.daemon():
        assert begin(site, "7", namespaces=namespaces) == {}
