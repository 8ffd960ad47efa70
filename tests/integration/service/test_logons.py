"""Portal logons and passes, asked of a real daemon as rw2fa-session and xrdp-sesman ask it, on both engines."""

import os
import pwd
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from rw2fa_daemon.core.account import Account
from rw2fa_daemon.core.lockout import FAILURES_MAX
from rw2fa_daemon.core.logon import ATTEMPTS_MAX, LOGON_SECONDS, Logons, LogonSettings
from rw2fa_daemon.core.recovery_codes import RECOVERY_CODES
from tests.support.daemon import BOOT, NAMESPACES, Hook, Site, wait_until

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="the daemon takes logins from root only")

PORTAL = "rw2fa-portal"
XRDP = "xrdp-sesman"
USER = "daemon"
OTHER = "bin"
HERE, THERE = "127.0.0.2", "127.0.0.3"
MAPPED = f"::ffff:{HERE}"

Report = dict[str, str]


class Portal:
    """What rw2fa-session does for one person. Both PAM's conversation and the verbs come from this process."""

    def __init__(self, site: Site, user: str = USER) -> None:
        self.site = site
        self.user = user
        self.identifier = ""

    def ask(self, verb: str, **fields: str) -> Report:
        with self.site.hook() as hook:
            hook.send(verb, v="1", user=self.user, **{"boot": BOOT, "namespaces": NAMESPACES, **fields})
            return hook.receive()

    def about(self, verb: str, **fields: str) -> Report:
        return self.ask(verb, logon=self.identifier, **fields)

    def type_code(self, offset: int = 0, service: str = PORTAL) -> None:
        assert self.site.login(self.user, self.site.code(self.user, offset), service)["rc"] == "SUCCESS"

    def register(self) -> Report:
        report = self.ask("logon", service=PORTAL, address=MAPPED)
        self.identifier = report.get("logon", "")
        return report

    def log_on(self, offset: int = 0) -> "Portal":
        self.type_code(offset)
        assert self.register()["result"] == "ok"
        return self

    def arm(self, address: str = HERE) -> Report:
        return self.about("pass", address=address)


def rdp(site: Site, address: str = MAPPED, user: str = USER) -> tuple[str, str]:
    """The auth phase of an RDP login: return code, and the rule that it leaves as evidence."""
    with site.hook() as hook:
        end = hook.open(user, XRDP, slot="first", rhost=address)
        return end["rc"], end["rule"] if "mint" in end else ""


def account(site: Site, rule: str, address: str = MAPPED, user: str = USER) -> tuple[str, str]:
    """The account phase of one that has shown the right password, in a process that ends then, as does its session."""
    evidence = {"evidence": rule, "evidence_uid": str(pwd.getpwnam(user).pw_uid)} if rule else {}
    reading, writing = os.pipe()
    if (pid := os.fork()) == 0:
        try:
            with site.hook() as hook:
                end = hook.open(user, XRDP, "account", rhost=address, **evidence)
            os.write(writing, f"{end['rc']} {end['rule']}".encode())
        finally:
            os._exit(0)
    os.close(writing)
    os.waitpid(pid, 0)
    with os.fdopen(reading, encoding="ascii") as told:
        rc, ended_by = told.read().split()
    return rc, ended_by


def enters(site: Site, address: str = MAPPED) -> bool:
    """Whether a whole RDP login with the right password gets in."""
    rc, rule = rdp(site, address)
    return rc == "IGNORE" and account(site, rule, address)[0] == "IGNORE"


BOTH_ENGINES = pytest.mark.parametrize("running", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def running(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    """A running daemon, two people enrolled."""
    made = Site(tmp_path)
    if getattr(request, "param", "sqlite") == "postgresql":
        made.cluster = cluster = request.getfixturevalue("cluster")
        cluster.empty()
    made.write_config()
    made.initialise()
    made.enrol(USER, OTHER)
    with made.daemon():
        yield made


def reconfigure(site: Site, text: str = "", **more: object) -> None:
    site.write_config(text, **more)  # type: ignore[arg-type]  # the keywords of write_config
    with site.hook() as hook:
        hook.send("reload")
        assert hook.receive()["result"] == "ok"


def aged(site: Site, seconds: int, user: str = USER) -> None:
    """Let the logons be so many seconds older than they are."""

    def work(known: Account | None, logons: Logons) -> tuple[Account | None, Logons, None]:
        older = tuple(
            replace(
                one,
                began_at=one.began_at - seconds,
                code_at=None if one.code_at is None else one.code_at - seconds,
                first_session_at=None if one.first_session_at is None else one.first_session_at - seconds,
                rdp_pass=None
                if one.rdp_pass is None
                else replace(
                    one.rdp_pass, armed_at=one.rdp_pass.armed_at - seconds, until=one.rdp_pass.until - seconds
                ),
            )
            for one in logons.logons
        )
        return known, replace(logons, logons=older), None

    store = site.store()
    store.with_logons(user, work, LogonSettings(3600, 28_800, 120, without_address=False), time.time())
    store.close()


@BOTH_ENGINES
def test_a_logon_opens_sessions_until_a_code_is_due_and_then_with_another_code(running: Site) -> None:
    portal = Portal(running).log_on()
    shown = portal.about("logon_show")
    assert (shown["result"], shown["sessions"], shown["pass"], shown["asked"]) == ("ok", "0", "none", "yes")
    first = portal.about("logon_session")
    assert (first["result"], first["sessions"]) == ("ok", "1")
    assert int(first["sessions_until"]) - time.time() > 28_000
    aged(running, 28_800)
    due = portal.about("logon_session")
    assert (due["result"], due["rule"]) == ("code", "logon-needs-code")
    assert "sessions_until" not in due
    assert portal.arm()["result"] == "code"
    assert portal.about("logon_code")["result"] == "refused", "no code was typed"
    portal.type_code(1, "rw2fa-portal-code")
    assert portal.about("logon_code")["result"] == "ok"
    assert portal.about("logon_session")["result"] == "ok"
    aged(running, LOGON_SECONDS)
    assert portal.about("logon_session")["result"] == "over"


def test_promise_4_new_recovery_codes_take_a_code_of_their_own_and_make_the_old_ones_void(running: Site) -> None:
    portal = Portal(running).log_on()
    assert portal.about("logon_account")["recovery"] == "0"
    without = portal.about("logon_recovery")
    assert (without["result"], without["rule"], "codes" in without) == ("refused", "logon-without-code", False)
    made = []
    for offset in (1, 2):
        portal.type_code(offset, "rw2fa-portal-code")
        report = portal.about("logon_recovery")
        assert (report["result"], report["rule"]) == ("ok", "logon-recovery")
        made.append(report["codes"].split())
        assert portal.about("logon_recovery")["result"] == "refused", "a code counts once"
    old, new = made
    assert len(new) == RECOVERY_CODES
    assert portal.about("logon_account")["recovery"] == str(RECOVERY_CODES)
    assert "rc" not in running.login(USER, old[0], "sshd"), "an old code"
    assert running.login(USER, new[0], "sshd")["rc"] == "SUCCESS"
    assert portal.about("logon_account")["recovery"] == str(RECOVERY_CODES - 1)


@pytest.mark.parametrize("verb", ["logon_account", "logon_recovery"])
def test_promise_4_nobody_is_told_or_given_anything_of_another_user(running: Site, verb: str) -> None:
    mine, other = Portal(running).log_on(), Portal(running, OTHER).log_on()
    other.type_code(1, "rw2fa-portal-code")
    foreign = other.ask(verb, logon=mine.identifier)
    assert foreign == {"verb": "report", "result": "over", "rule": "logon-over"}


def test_a_user_sees_when_and_from_where_logons_began_and_how_they_ended(running: Site) -> None:
    first, _second, third = (Portal(running).log_on(offset) for offset in range(3))
    first.about("logon_end")
    lines = [line.split(" ") for line in third.about("logon_account")["logons"].splitlines()]
    assert [how for _, how, _, _ in lines] == ["current", "open", "signed-out"]
    assert {address for _, _, _, address in lines} == {HERE}
    assert all(abs(int(began) - time.time()) < 3600 for began, _, _, _ in lines)


def test_row_18_the_first_session_has_to_be_opened_in_time(running: Site) -> None:
    portal = Portal(running).log_on()
    aged(running, 3600)
    assert portal.about("logon_session")["result"] == "code"


@BOTH_ENGINES
def test_promise_4_a_logon_takes_a_code_that_was_judged_in_the_process_that_asks(running: Site) -> None:
    portal = Portal(running)
    assert portal.register() | {"text": ""} == {
        "verb": "report",
        "result": "refused",
        "rule": "logon-without-code",
        "text": "",
    }
    running.login(USER, running.code(USER))  # sshd's
    assert portal.register()["result"] == "refused", "a code for sshd"
    elsewhere = (
        "import sys; from pathlib import Path; from tests.support.daemon import Hook; hook = Hook(Path(sys.argv[1]));"
        f"asked = hook.open('{USER}', '{PORTAL}', parent='1'); assert hook.reply(sys.argv[2])['rc'] == 'SUCCESS'"
    )
    subprocess.run([sys.executable, "-c", elsewhere, str(running.socket), running.code(USER, 1)], check=True)
    assert portal.register()["rule"] == "logon-without-code", "a code of another process"
    portal.type_code(2)
    assert Portal(running, OTHER).register()["result"] == "refused", "a code of another user"
    assert portal.register()["result"] == "ok"
    assert portal.register()["result"] == "refused", "one code is one logon"


def test_promise_4_a_code_at_the_portal_opens_nothing_else(running: Site) -> None:
    portal = Portal(running).log_on()
    assert portal.about("logon_session")["result"] == "ok"
    with running.hook() as hook:
        hook.send("session", v="1", user=USER, session="7", boot=BOOT, namespaces=NAMESPACES)
        hook.receive()
    with running.hook() as hook:
        assert hook.open(USER, "sudo", session="7")["verb"] == "ask"
    with running.hook() as hook:
        assert hook.open(USER, "sshd")["verb"] == "ask"
    assert not enters(running), "no RDP without a pass"


def test_somebody_who_is_not_asked_logs_on_and_needs_no_pass(running: Site) -> None:
    reconfigure(running, scope=[OTHER])
    portal = Portal(running)
    report = portal.register()
    assert (report["result"], report["asked"]) == ("ok", "no")
    armed = portal.arm()
    assert (armed["result"], armed["pass"]) == ("ok", "none")
    assert enters(running)
    reconfigure(running)
    assert portal.about("logon_session")["result"] == "over", "now a code is asked for"


@BOTH_ENGINES
def test_a_pass_lets_one_login_in_and_is_shown(running: Site) -> None:
    portal = Portal(running).log_on()
    assert rdp(running) == ("AUTH_ERR", "")
    assert portal.arm()["pass"] == "armed"
    assert rdp(running) == ("IGNORE", "pass")
    assert rdp(running) == ("IGNORE", "pass"), "the password was mistyped"
    assert account(running, "pass") == ("IGNORE", "pass-used")
    assert account(running, "pass") == ("PERM_DENIED", "pass-gone"), "another that got as far as the password"
    assert portal.about("logon_show")["pass"] == "used"
    assert portal.arm()["pass"] == "armed"
    aged(running, 120)
    assert rdp(running) == ("AUTH_ERR", "")
    assert portal.about("logon_show")["pass"] == "expired"


def test_promise_4_a_pass_is_for_its_user_and_address(running: Site) -> None:
    Portal(running).log_on().arm()
    for address in (THERE, "", "127.0.0.22", "localhost"):
        assert rdp(running, address) == ("AUTH_ERR", "")
        assert account(running, "pass", address)[0] == "PERM_DENIED"
    assert rdp(running, user=OTHER) == ("AUTH_ERR", "")
    assert account(running, "pass", user=OTHER)[0] == "PERM_DENIED"
    assert account(running, "")[1] == "no-evidence"
    assert enters(running, HERE), "nobody else's attempts burn it"


@BOTH_ENGINES
def test_promise_1_a_pass_raced_through_two_daemons_is_used_once_and_stays_used(running: Site) -> None:
    beside = running.beside()
    beside.cluster = running.cluster
    with beside.daemon(), ThreadPoolExecutor(16) as pool:
        portal = Portal(running).log_on()
        portal.arm()
        results = list(pool.map(lambda n: account((running, beside)[n % 2], "pass", HERE)[1], range(32)))
        assert sorted(results) == ["pass-gone"] * 31 + ["pass-used"]
    with beside.daemon():
        assert account(beside, "pass", HERE) == ("PERM_DENIED", "pass-gone")


def test_a_session_that_lives_is_reached_again_from_its_address_without_another_pass(running: Site) -> None:
    portal = Portal(running).log_on()
    portal.arm()
    script = (
        "import sys; from pathlib import Path; from tests.support.daemon import Hook; hook = Hook(Path(sys.argv[1]));"
        f"end = hook.open('{USER}', '{XRDP}', 'account', rhost='{HERE}', evidence='pass', evidence_uid=sys.argv[2]);"
        "print(end['rule'], flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", script, str(running.socket), str(pwd.getpwnam(USER).pw_uid)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as session:
        assert session.stdout is not None
        assert session.stdout.readline() == "pass-used\n"
        assert rdp(running) == ("IGNORE", "pass-reconnect")
        assert account(running, "pass-reconnect") == ("IGNORE", "pass-continued")
        assert rdp(running, THERE) == ("AUTH_ERR", "")
        assert account(running, "pass-reconnect", THERE)[0] == "PERM_DENIED"
        session.communicate()
    assert rdp(running) == ("AUTH_ERR", ""), "the session has ended"
    assert account(running, "pass-reconnect")[0] == "PERM_DENIED"


def sign_out(_site: Site, portal: Portal) -> None:
    assert portal.about("logon_end")["result"] == "ok"
    assert portal.about("logon_end")["result"] == "ok"


def reset(site: Site, portal: Portal) -> None:
    store = site.store()
    known = store.read(portal.user)
    assert known is not None
    store.transact(portal.user, lambda _: (replace(known, generation=known.generation + 1), None))
    store.close()


def remove(site: Site, portal: Portal) -> None:
    reconfigure(site, scope=[OTHER])
    store = site.store()
    store.discard(portal.user)
    store.close()
    reconfigure(site)
    site.enrol(portal.user)


def change_uid(site: Site, portal: Portal) -> None:
    store = site.store()
    known = store.read(portal.user)
    assert known is not None
    store.transact(portal.user, lambda _: (replace(known, uid=known.uid + 1), None))
    store.close()


def lock_and_unlock(site: Site, portal: Portal) -> None:
    for _ in range(FAILURES_MAX):
        with site.hook() as hook:
            asked = hook.open(portal.user, "sshd")
            if asked.get("verb") != "ask":
                break
            hook.reply("0000000000")
    store = site.store()
    store.transact(portal.user, lambda known: (known and known.unlocked(), None))
    store.close()


@pytest.mark.parametrize("end", [sign_out, reset, remove, change_uid, lock_and_unlock])
def test_promise_4_what_ends_a_logon_ends_it_and_its_pass_at_once(
    running: Site, end: Callable[[Site, Portal], None]
) -> None:
    portal = Portal(running).log_on()
    portal.arm()
    _, evidence = rdp(running)
    assert evidence == "pass"
    end(running, portal)
    assert portal.about("logon_session")["result"] == "over"
    assert portal.about("logon_show")["result"] == "over"
    assert portal.arm()["result"] == "over"
    assert rdp(running)[0] == "AUTH_ERR"
    assert account(running, "pass")[0] == "PERM_DENIED", "also of a login that had found the pass before"


def test_without_addresses_passes_are_off_unless_they_are_switched_on(running: Site) -> None:
    portal = Portal(running).log_on()
    portal.arm()
    assert rdp(running, "") == ("AUTH_ERR", "")
    assert portal.arm("")["rule"] == "pass-without-address"
    reconfigure(running, "[rdp]\nwithout_address = true\n")
    portal.arm()
    assert rdp(running, "") == ("IGNORE", "pass"), "the wrong password"
    assert enters(running, "")
    assert rdp(running, "") == ("AUTH_ERR", "")
    knocked = portal.arm()
    assert (knocked["result"], knocked["rule"]) == ("refused", "pass-knocked")
    assert "remote-desktop client just now" in knocked["text"]


def test_without_addresses_knocking_cancels_a_pass_and_its_user_is_told(running: Site) -> None:
    reconfigure(running, "[rdp]\nwithout_address = true\n")
    portal = Portal(running).log_on()
    portal.arm()
    for _ in range(ATTEMPTS_MAX):
        assert rdp(running, "") == ("IGNORE", "pass")
    assert rdp(running, "") == ("AUTH_ERR", "")
    assert account(running, "pass", "")[0] == "PERM_DENIED"
    assert portal.about("logon_show")["pass"] == "cancelled"


def test_promise_10_a_peer_that_is_not_root_has_no_verb(running: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    portal = Portal(running).log_on()
    # From inside, since the folders above are root's alone.
    running.folder.chmod(0o755)
    monkeypatch.chdir(running.folder)
    for verb in ("logon_session", "pass", "logon_end"):
        os.seteuid(pwd.getpwnam("nobody").pw_uid)
        try:
            with Hook(Path(running.socket.name)) as hook:
                hook.send(verb, v="1", user=USER, logon=portal.identifier, address=HERE)
                assert hook.receive() == {}
        finally:
            os.seteuid(0)
    shown = portal.about("logon_show")
    assert (shown["result"], shown["sessions"], shown["pass"]) == ("ok", "0", "none")


def metrics(site: Site) -> str:
    with site.hook() as hook:
        hook.send("metrics")
        return hook.receive()["text"]


@BOTH_ENGINES
def test_promise_3_the_identifier_is_in_no_file_and_no_record(running: Site) -> None:
    portal = Portal(running).log_on()
    portal.arm()
    found = [
        path for path in running.folder.rglob("*") if path.is_file() and portal.identifier.encode() in path.read_bytes()
    ]
    assert found == []
    wait_until(lambda: "rw2fa_logons 1" in metrics(running), 20)
    text = metrics(running)
    assert 'rw2fa_audit_records_total{event="pass-armed"} 1' in text
    assert 'rw2fa_audit_records_total{event="logon"} 1' in text
