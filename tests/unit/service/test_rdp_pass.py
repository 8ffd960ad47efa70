"""Which RDP logins a pass lets in: once, from its address, in its time, and while its logon stands."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rw2fa_daemon.config.rules import Rules
from rw2fa_daemon.core.audit import Event
from rw2fa_daemon.core.login import Evidence, Login, Phase, Slot
from rw2fa_daemon.core.logon import ATTEMPTS_MAX, Logons, Pass, PassStatus
from rw2fa_daemon.core.policy import Decision
from rw2fa_daemon.core.prompts import Prompt
from rw2fa_daemon.core.rule import Rule
from rw2fa_daemon.core.user import User
from rw2fa_daemon.service.admission import admit
from rw2fa_daemon.store.store import StateProblem
from tests.support.expected_calls import ExpectedCalls
from tests.unit.service.logins import NOW
from tests.unit.service.portal import HERE, THERE, USERS, Connected, Host, rules_of

XRDP = "xrdp-sesman"
PID = 5_005
PASS_SECONDS = 60
MAPPED = f"::ffff:{HERE}"


@pytest.fixture(scope="module")
def alice_in_scope(tmp_path_factory: pytest.TempPathFactory) -> Rules:
    return rules_of(tmp_path_factory.mktemp("rules"), f"[rdp]\npass_seconds = {PASS_SECONDS}\n")


@pytest.fixture(scope="module")
def nowhere(tmp_path_factory: pytest.TempPathFactory) -> Rules:
    """Where logins have no address."""
    return rules_of(tmp_path_factory.mktemp("rules"), "[rdp]\nwithout_address = true\n")


@pytest.fixture
def host(calls: ExpectedCalls, alice_in_scope: Rules, monkeypatch: pytest.MonkeyPatch) -> Host:
    made = Host(calls, alice_in_scope)
    monkeypatch.setattr("time.time", lambda: made.now)
    return made


def begin(host: Host, address: str, phase: Phase, evidence: str = "", user: str = "alice") -> Connected:
    """A phase of an RDP login, not decided before the state had its turn."""
    connected = Connected(PID)
    connection: Any = connected
    slot = Slot.FIRST if phase is Phase.AUTH else Slot.MAIN
    left = Evidence(evidence, USERS[user].uid) if evidence else None
    admit(host.services, connection, Login(phase, slot, XRDP, user, rhost=address, evidence=left), alone=False)
    return connected


def told(host: Host, address: str, phase: Phase, evidence: str = "", user: str = "alice") -> tuple[str, str]:
    """Return code and rule of one."""
    connected = begin(host, address, phase, evidence, user)
    host.work()
    (end,) = connected.said
    assert end.verb == "end"
    return end.fields["rc"], end.fields["rule"]


def auth(host: Host, address: str = MAPPED, user: str = "alice") -> tuple[str, str]:
    """What is said before the password."""
    return told(host, address, Phase.AUTH, user=user)


def account(host: Host, address: str = MAPPED, evidence: str = "pass", user: str = "alice") -> tuple[str, str]:
    """What is said once the right password was shown, with this evidence of auth."""
    return told(host, address, Phase.ACCOUNT, evidence, user)


FOUND = ("IGNORE", "pass")
NONE = ("AUTH_ERR", "rdp-refused")
USED = ("IGNORE", "pass-used")
GONE = ("PERM_DENIED", "pass-gone")


@pytest.fixture
def armed(host: Host) -> str:
    """The identifier of a logon from HERE with a pass."""
    identifier = host.log_on()
    assert host.ask("pass", logon=identifier, address=HERE)["result"] == "ok"
    host.records.clear()
    return identifier


def status(host: Host) -> PassStatus:
    return host.kept.logons["alice"].logons[0].pass_status(host.now)


def test_promise_4_without_a_pass_no_rdp_login_of_an_enabled_user_is_let_in(host: Host) -> None:
    host.log_on()
    assert auth(host) == NONE
    assert account(host) == GONE
    assert account(host, evidence="") == ("PERM_DENIED", "no-evidence")
    assert host.alive.began_with == []


@pytest.mark.usefixtures("armed")
def test_promise_1_a_pass_lets_one_login_in_however_often_the_password_was_mistyped(host: Host) -> None:
    assert [auth(host) for _ in range(ATTEMPTS_MAX + 2)] == [FOUND] * (ATTEMPTS_MAX + 2)
    assert status(host) is PassStatus.ARMED
    assert account(host) == USED
    assert status(host) is PassStatus.USED
    assert account(host) == GONE, "another that got as far as the password"
    assert len(host.alive.began_with) == 1


@pytest.mark.usefixtures("armed")
def test_promise_1_a_pass_is_used_up_before_the_login_is_told(host: Host) -> None:
    connected = begin(host, HERE, Phase.ACCOUNT, "pass")
    assert connected.busy
    assert connected.said == []
    assert host.alive.began_with == []
    host.work()
    assert status(host) is PassStatus.USED
    assert len(connected.said) == 1


@pytest.mark.usefixtures("armed")
def test_promise_4_evidence_of_another_user_uses_no_pass(host: Host) -> None:
    host.directory.users["alice"] = User("alice", 1002, frozenset({1002}))
    assert account(host) == ("PERM_DENIED", "no-evidence")
    host.directory.users["alice"] = USERS["alice"]
    assert status(host) is PassStatus.ARMED


@pytest.mark.usefixtures("armed")
@pytest.mark.parametrize(
    ("address", "why"),
    [
        (THERE, Rule.PASS_ADDRESS),
        (f"::ffff:{THERE}", Rule.PASS_ADDRESS),
        ("192.0.2.11", Rule.PASS_ADDRESS),
        ("", Rule.PASS_WITHOUT_ADDRESS),
        ("localhost", Rule.PASS_WITHOUT_ADDRESS),
    ],
)
def test_promise_4_a_pass_is_for_no_other_address_and_the_reason_is_audited(
    host: Host, address: str, why: Rule
) -> None:
    before = dict(host.kept.logons)
    assert auth(host, address) == NONE
    (record,) = host.records
    assert (record.event, record.reason) == (Event.REFUSED, why.meaning)
    assert account(host, address) == GONE
    assert host.kept.logons == before, "nobody else's attempts burn it"
    assert account(host, HERE) == USED


@pytest.mark.usefixtures("armed")
def test_a_pass_counts_in_its_time(host: Host) -> None:
    host.now = NOW + PASS_SECONDS - 1
    assert auth(host) == FOUND
    host.now = NOW + PASS_SECONDS
    assert auth(host) == NONE
    assert account(host) == GONE, "of a login that had found it in time"
    host.now = NOW + PASS_SECONDS - 1
    assert account(host) == USED


def sign_out(host: Host, identifier: str) -> None:
    assert host.ask("logon_end", logon=identifier)["result"] == "ok"


def reset(host: Host, _identifier: str) -> None:
    host.kept.accounts["alice"] = replace(host.kept.accounts["alice"], generation=78)


def remove(host: Host, _identifier: str) -> None:
    del host.kept.accounts["alice"]


def lock(host: Host, _identifier: str) -> None:
    host.lock()


def change_uid(host: Host, _identifier: str) -> None:
    host.kept.accounts["alice"] = replace(host.kept.accounts["alice"], uid=1002)


@pytest.mark.parametrize("end", [sign_out, reset, remove, lock, change_uid])
def test_promise_4_what_ends_a_logon_ends_its_pass_and_leave_to_reconnect(host: Host, armed: str, end: Any) -> None:
    assert account(host) == USED
    assert host.ask("pass", logon=armed, address=HERE)["pass"] == "armed"
    end(host, armed)
    assert auth(host) == NONE
    assert account(host) == GONE, "of a login that had found the pass before"
    assert account(host, evidence="pass-reconnect") == GONE
    assert len(host.alive.began_with) == 1


def test_a_login_that_uses_a_pass_is_remembered_as_a_session_of_its_logon(host: Host, armed: str) -> None:
    account(host)
    (logon,) = host.kept.logons["alice"].logons
    assert host.kept.logons["alice"].find(armed) == logon
    assert host.alive.began_with == [("alice", logon.digest, HERE, PID)]
    (record,) = host.records
    assert (record.event, record.rule, record.decision) == (Event.PASS_USED, Rule.PASS_USED, Decision.IGNORE)
    assert record.reason == f"logon at {logon.host} from {HERE}"


def test_a_session_that_lives_is_reached_again_from_its_address_and_begins_no_other(host: Host, armed: str) -> None:
    account(host)
    host.now += PASS_SECONDS
    assert auth(host) == ("IGNORE", "pass-reconnect")
    assert account(host, evidence="pass-reconnect") == ("IGNORE", "pass-continued")
    assert len(host.alive.began_with) == 1
    assert auth(host, THERE) == NONE
    assert account(host, THERE, "pass-reconnect") == GONE
    host.alive.began_with.clear()
    assert auth(host) == NONE, "it has ended"
    assert account(host, evidence="pass-reconnect") == GONE
    assert host.kept.logons["alice"].find(armed) is not None


@pytest.mark.usefixtures("armed")
def test_promise_1_leave_to_reconnect_uses_no_pass_and_a_pass_reaches_no_session(host: Host) -> None:
    assert account(host, evidence="pass-reconnect") == GONE, "no session lives"
    assert status(host) is PassStatus.ARMED
    account(host)
    assert account(host, evidence="pass") == GONE, "the pass is used, though the session lives"


def test_a_pass_whose_user_is_known_by_no_address_is_named_so(host: Host, nowhere: Rules) -> None:
    host.rules = nowhere
    host.code_judged()
    identifier = host.register(address="")["logon"]
    host.ask("pass", logon=identifier, address="")
    host.records.clear()
    assert account(host, "") == USED
    assert host.records[0].reason.endswith(" from an unknown address")
    assert host.alive.began_with == [], "nothing would tell its client from others"


def test_what_happens_to_one_logon_keeps_the_others(host: Host, armed: str) -> None:
    other = host.log_on()
    assert account(host) == USED
    logons = host.kept.logons["alice"]
    assert [logons.find(each) is not None for each in (armed, other)] == [True, True]
    assert logons.logons[1].rdp_pass is None


def test_a_logon_that_may_begin_to_count_is_kept_though_its_pass_does_not_count_yet(host: Host) -> None:
    identifier = host.log_on()
    host.ask("pass", logon=identifier, address=HERE)
    host.now = NOW - 1_000
    assert auth(host) == NONE
    assert account(host) == GONE
    assert host.kept.logons["alice"].find(identifier) is not None


def test_where_logins_have_no_address_knocking_cancels_a_pass_and_that_is_audited(host: Host, nowhere: Rules) -> None:
    host.rules = nowhere
    identifier = host.log_on()
    host.ask("pass", logon=identifier, address=HERE)
    assert [auth(host, "") for _ in range(ATTEMPTS_MAX)] == [FOUND] * ATTEMPTS_MAX
    host.records.clear()
    assert auth(host, "") == NONE
    cancelled, refused = host.records
    assert (cancelled.event, cancelled.decision) == (Event.PASS_CANCELLED, Decision.DENY)
    assert (cancelled.rule, cancelled.reason) == (Rule.PASS_CANCELLED, Rule.PASS_CANCELLED.meaning)
    assert (refused.event, refused.rule) == (Event.REFUSED, Rule.RDP_REFUSED)
    assert status(host) is PassStatus.CANCELLED
    assert account(host, "") == GONE
    assert host.ask("logon_show", logon=identifier)["pass"] == "cancelled"


def test_where_logins_have_no_address_who_is_refused_has_knocked(host: Host, nowhere: Rules) -> None:
    host.rules = nowhere
    identifier = host.log_on()
    assert auth(host, "") == NONE
    assert host.kept.logons["alice"].knocked_at == int(NOW)
    assert host.ask("pass", logon=identifier, address=HERE)["rule"] == "pass-knocked"


def test_where_passes_are_for_addresses_who_knocks_changes_nothing(host: Host) -> None:
    assert auth(host) == NONE
    assert host.kept.logons == {"alice": Logons()}
    (record,) = host.records
    assert record.reason == "", "there is no pass that would not count"


@pytest.mark.usefixtures("armed")
def test_promise_5_where_the_state_cannot_be_used_nobody_is_let_in_and_the_reason_is_audited(host: Host) -> None:
    host.problem = StateProblem("the disk is full", "make room")
    assert auth(host) == NONE
    assert account(host) == GONE
    assert account(host, evidence="pass-reconnect") == GONE
    assert ["the disk is full" in record.reason for record in host.records] == [True] * 3
    assert host.alive.began_with == []


def test_what_is_shown_to_who_is_refused_is_the_same_whatever_the_reason(host: Host, armed: str) -> None:
    texts = set()
    for address in (THERE, "", HERE):
        connected = begin(host, address, Phase.AUTH)
        if address == HERE:
            host.problem = StateProblem("the disk is full", "make room")
        host.work()
        texts.add(connected.said[0].fields["text"])
    assert texts == {Prompt.RDP_REFUSED.value}
    assert host.kept.logons["alice"].find(armed) is not None


@pytest.mark.usefixtures("armed")
def test_promise_14_who_is_not_in_the_scope_needs_no_pass(host: Host) -> None:
    assert auth(host, user="bob") == ("IGNORE", "not-enabled")
    assert account(host, evidence="", user="bob") == ("IGNORE", "not-enabled")


def test_who_is_on_the_whitelist_leaves_the_pass_alone(host: Host, armed: str, tmp_path: Path) -> None:
    host.rules = rules_of(tmp_path, '[rdp]\nwhitelist = ["alice"]\n')
    before = host.kept.logons["alice"]
    assert auth(host) == ("IGNORE", "whitelisted")
    assert host.kept.logons["alice"] == before
    assert before.find(armed) is not None


def test_a_pass_that_is_used_keeps_its_times(host: Host, armed: str) -> None:
    host.now += 10
    account(host)
    logon = host.kept.logons["alice"].find(armed)
    assert logon is not None
    assert logon.rdp_pass == Pass(int(NOW), int(NOW) + PASS_SECONDS, HERE, PassStatus.USED)
