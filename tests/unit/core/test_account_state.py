"""Bypass, sessions and locks together: what the state says about somebody, over whatever may be stored."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rw2fa_daemon.core.account import Account, Bypass, Counters, Credential, Method
from rw2fa_daemon.core.account_state import account_state, enrolment_end, lock_of, method_in_force, must_enrol
from rw2fa_daemon.core.budget import PERIOD_SECONDS, Guessing
from rw2fa_daemon.core.clients import Client, Qr, ServiceClass
from rw2fa_daemon.core.code_cache import CodeCache
from rw2fa_daemon.core.conversation import begin, reply
from rw2fa_daemon.core.enrolment import DAY_SECONDS, ENROL_TRIES_A_WINDOW
from rw2fa_daemon.core.lock_status import LockReason, LockStatus, lock_status
from rw2fa_daemon.core.lockout import FAILURES_MAX, LONGEST_LOCK_SECONDS
from rw2fa_daemon.core.login import Evidence, Login, Phase, Slot
from rw2fa_daemon.core.login_settings import LoginSettings
from rw2fa_daemon.core.logon import PassFound
from rw2fa_daemon.core.policy import AccountState, Decision, Rc, decide, facts_of, with_account, with_pass
from rw2fa_daemon.core.rule import Rule
from rw2fa_daemon.core.scope import Lists, ScopeStatus, scope_result
from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.core.sms import SmsRules
from rw2fa_daemon.core.transitions import Ask, Context, End, Resources
from rw2fa_daemon.core.user import User, UserList

NOW = 1_790_000_000
UID = 1000
SECRET = Secret(b"s" * 20)
MINUTE = 60

near_now = st.one_of(st.integers(-3, 3), st.integers(-3 * PERIOD_SECONDS, 3 * PERIOD_SECONDS)).map(
    lambda off: NOW + off
)
sessions = st.sampled_from(["", "5", "6"])
counters = st.builds(
    Counters,
    failures=st.sampled_from([0, 3, 5, FAILURES_MAX - 1, FAILURES_MAX]),
    locked_until=st.one_of(st.just(0), near_now, st.integers(-10, LONGEST_LOCK_SECONDS).map(lambda off: NOW + off)),
    wide_guesses=st.integers(0, 4),
    wide_at=near_now,
    narrow_guesses=st.sampled_from([0, 499, 500, 1_000]),
    narrow_at=near_now,
    sessions=st.lists(
        st.tuples(
            sessions.filter(bool),
            st.one_of(st.just(NOW), near_now, st.integers(-2_000, 2_000).map(lambda off: NOW + off)),
        ),
        max_size=3,
        unique_by=lambda code: code[0],
    ).map(lambda codes: " ".join(f"{session}@{at}" for session, at in codes)),
)
accounts = st.builds(
    Account,
    name=st.just("alice"),
    uid=st.sampled_from([UID, UID, UID, UID + 1]),
    generation=st.just(1),
    credential=st.sampled_from([None, Credential(SECRET, True), Credential(SECRET, False), Credential(SECRET, True)]),
    counters=counters,
    bypass=st.one_of(st.none(), st.builds(Bypass, near_now, st.booleans())),
)
clients = st.builds(
    Client,
    st.sampled_from([ServiceClass.CODE, ServiceClass.CODE, ServiceClass.RDP, ServiceClass.IGNORE]),
    remembers_session=st.booleans(),
    qr=st.sampled_from(Qr),
)
logins = st.builds(
    Login,
    st.sampled_from([Phase.AUTH, Phase.AUTH, Phase.ACCOUNT]),
    st.sampled_from(Slot),
    st.just("service"),
    st.just("alice"),
    rhost=st.sampled_from(["", "192.0.2.1"]),
    first=st.sampled_from([(), ("publickey",)]),
    evidence=st.sampled_from([None, None, Evidence("code-right", UID)]),
    session=sessions,
)
rosters = st.sampled_from([UserList(), UserList(frozenset({"alice"}))])
lists = st.builds(Lists, st.just(UserList(frozenset({"alice"}))), rosters, rosters)


def context_of(
    login: Login, client: Client, which: Lists, *, booted_at: int = NOW - 1_000, minutes: int = 15
) -> Context:
    where = scope_result(which, User("alice", UID, frozenset()), login.rhost, lambda _: False)
    return Context(
        now=float(NOW),
        booted_at=float(booted_at),
        login=login,
        facts=facts_of(login, client, on=True, where=where, evidence=login.evidence is not None),
        client=client,
        name="alice",
        uid=UID,
        settings=LoginSettings(
            Guessing(480, 0.003), 6, "host - remote-work", window_days=7, session_seconds=MINUTE * minutes
        ),
        scope_since=NOW - 1,
        resources=Resources(CodeCache(), lambda: SECRET, lambda: 77),
    )


@settings(max_examples=400)
@given(accounts, logins, clients, st.sampled_from([0, 15]), st.integers(-2_000, 0))
def test_promise_4_a_recent_code_spares_one_only_in_the_same_session_for_a_while_since_the_boot(
    account: Account, login: Login, client: Client, minutes: int, booted: int
) -> None:
    context = context_of(login, client, Lists(UserList(frozenset({"alice"}))), booted_at=NOW + booted, minutes=minutes)
    if account_state(account, context) is AccountState.RECENT:
        assert client.remembers_session
        [at] = [
            int(code.partition("@")[2])
            for code in account.counters.sessions.split()
            if code.partition("@")[0] == login.session != ""
        ]
        assert 0 <= NOW - at < MINUTE * minutes
        assert at >= NOW + booted
        assert account.activated
        assert account.uid == UID
        assert lock_status(account, context.settings.guessing, NOW) is None


@settings(max_examples=400)
@given(accounts, logins, clients)
def test_promise_4_a_bypass_holds_for_this_uid_until_its_end(account: Account, login: Login, client: Client) -> None:
    state = account_state(account, context_of(login, client, Lists(UserList(frozenset({"alice"})))))
    holds = account.uid == UID and account.bypass is not None and account.bypass.until > NOW
    assert (state is AccountState.BYPASSED) is holds


@settings(max_examples=400)
@given(accounts, logins, clients, lists)
def test_promise_4_whatever_is_stored_nobody_enabled_gets_in_without_a_reason(
    account: Account, login: Login, client: Client, which: Lists
) -> None:
    context = context_of(login, client, which)
    # A pass of the portal is looked for elsewhere, and is no account's.
    if decide(context.facts).rule is not Rule.STATE_NEEDED:
        return
    assert context.facts.scope_status is ScopeStatus.ENABLED
    assert (login.phase, context.facts.evidence) == (Phase.AUTH, False)
    state, transition = account_state(account, context), begin(account, context)
    if transition.state is not None and transition.state.end is not None:
        # The reason is shown first; what was decided is the end, whatever is answered.
        transition = reply(transition.state, transition.account, "1", context)
    if isinstance(transition.say, Ask):
        assert state in {AccountState.ACTIVATED, AccountState.MAY_ENROL}
        return
    assert isinstance(transition.say, End)
    assert (transition.say.rc in {Rc.SUCCESS, Rc.IGNORE}) is (state in {AccountState.BYPASSED, AccountState.RECENT})
    assert (transition.say.mint == UID) is (transition.say.rc in {Rc.SUCCESS, Rc.IGNORE})
    used_up = state is AccountState.BYPASSED and account.bypass is not None and account.bypass.once
    assert transition.account == (replace(account, bypass=None) if used_up else account), "nothing else is touched"


@given(accounts, logins, st.sampled_from([ServiceClass.RDP, ServiceClass.IGNORE]))
def test_promise_4_a_bypass_is_not_looked_at_by_remote_desktops(
    account: Account, login: Login, service_class: ServiceClass
) -> None:
    given_one = replace(account, bypass=Bypass(NOW + 1), uid=UID)
    context = context_of(login, Client(service_class), Lists(UserList(frozenset({"alice"}))))
    assert decide(context.facts).rule is not Rule.STATE_NEEDED
    row = decide(with_account(with_pass(context.facts, PassFound.NONE), AccountState.BYPASSED))
    assert row.decision is not Decision.LOOK
    assert row.rule != "bypass"
    assert account_state(given_one, context) is AccountState.BYPASSED, "it would have said so"


@pytest.mark.parametrize("state", [AccountState.BYPASSED, AccountState.RECENT])
def test_promise_4_account_wants_evidence_from_whoever_was_not_asked(state: AccountState) -> None:
    login = Login(Phase.ACCOUNT, Slot.MAIN, "service", "alice")
    context = context_of(login, Client(ServiceClass.CODE), Lists(UserList(frozenset({"alice"}))))
    assert decide(with_account(context.facts, state)).rule == "no-evidence"


# Who has to enrol, and until when: users show and doctor ask too


SMS = SmsRules(600, "%CODE%", ("+33",), 20, 20, 20, 20)
PHONE = Secret(b"+33612345678")
methods = st.sampled_from([(Method.APP, None), (Method.SMS, PHONE), (Method.APP, PHONE)])


@settings(max_examples=300)
@given(accounts, methods, st.booleans(), st.sampled_from([None, SMS]))
def test_only_who_must_enrol_depends_on_when_the_scope_began_to_name_them(
    account: Account, method: tuple[Method, Secret | None], confirmed: bool, sms: SmsRules | None
) -> None:
    account = replace(account, phone_confirmed=confirmed, method=method[0], phone=method[1])
    login, client = Login(Phase.AUTH, Slot.MAIN, "service", "alice"), Client(ServiceClass.CODE)
    context = context_of(login, client, Lists(UserList(frozenset({"alice"}))))
    context = replace(context, settings=replace(context.settings, sms=sms))
    states = [account_state(account, replace(context, scope_since=since)) for since in (0, NOW)]
    enrols = {AccountState.WINDOW_CLOSED, AccountState.MAY_ENROL}
    told_apart = {AccountState.UID_CHANGED, AccountState.BYPASSED, AccountState.LOCKED}
    if must_enrol(account, context.settings):
        assert states == [AccountState.WINDOW_CLOSED, AccountState.MAY_ENROL] or states[0] in told_apart
    else:
        assert states[0] is states[1]
        assert states[0] not in enrols
    by_sms = states[0] is AccountState.BY_SMS
    assert not by_sms or method_in_force(account, context.settings) is Method.SMS
    assert not by_sms or sms is not None


def _settings(*, token_needed: bool = False) -> LoginSettings:
    return LoginSettings(Guessing(480, 0.003), 6, "host", 7, 900, token_needed=token_needed)


def test_somebody_without_a_record_must_enrol_an_app_within_the_days_since_the_scope_names_them() -> None:
    assert method_in_force(None, _settings()) is Method.APP
    assert must_enrol(None, _settings())
    assert enrolment_end(None, _settings(), lambda: NOW) == NOW + 7 * DAY_SECONDS


def test_where_nobody_may_enrol_it_does_not_matter_since_when() -> None:
    account = Account("alice", UID, 1)
    exhausted = replace(account, counters=Counters(enrol_failures=ENROL_TRIES_A_WINDOW))
    for about, needed in ((exhausted, False), (account, True), (None, True)):
        assert enrolment_end(about, _settings(token_needed=needed), _never) is None
    assert enrolment_end(replace(account, token=b"t"), _settings(token_needed=True), lambda: NOW) is not None


def _never() -> int:
    raise AssertionError("that takes long, and counts for nothing here")


def test_promise_4_a_recent_code_holds_from_its_second_to_the_end_of_the_time_set() -> None:
    at = NOW - 100
    account = Account(
        "alice", UID, 7, credential=Credential(SECRET, active=True), counters=Counters(sessions=f"boot:5@{at}")
    )
    login = Login(Phase.AUTH, Slot.MAIN, "sudo", "alice", session="boot:5")
    client = Client(ServiceClass.CODE, remembers_session=True)
    context = context_of(login, client, Lists(UserList(frozenset({"alice"}))))
    moments = {at - 1: False, at: True, at + 15 * MINUTE - 1: True, at + 15 * MINUTE: False}
    for now, recent in moments.items():
        state = account_state(account, replace(context, now=float(now)))
        assert (state is AccountState.RECENT) is recent, now - at
    assert account_state(account, replace(context, booted_at=float(at))) is AccountState.RECENT
    assert account_state(account, replace(context, booted_at=at + 0.5)) is AccountState.ACTIVATED


PLAIN = context_of(
    Login(Phase.AUTH, Slot.MAIN, "service", "alice"),
    Client(ServiceClass.CODE, qr=Qr.BLOCKS),
    Lists(UserList(frozenset({"alice"}))),
)


def test_the_window_is_closed_from_the_second_on_at_which_it_ends() -> None:
    end = NOW + 7 * DAY_SECONDS
    open_until = replace(PLAIN, scope_since=NOW)
    assert account_state(None, open_until.at(end - 1)) is AccountState.MAY_ENROL
    assert account_state(None, open_until.at(end)) is AccountState.WINDOW_CLOSED


def test_promise_9_the_budget_that_locks_is_that_of_the_method_in_force() -> None:
    with_sms = replace(PLAIN.settings, sms=SmsRules(600, "%CODE%", ("+33",), 20, 20, 20, 20))
    by_app = Account("alice", UID, 1, credential=Credential(SECRET, active=True))
    by_sms = replace(by_app, method=Method.SMS, phone=Secret(b"+33612345678"))
    spent = Counters(narrow_guesses=100_000, narrow_at=NOW)
    # Only narrow guesses are spent: an app's codes go on in the wide window, and those by SMS have no other budget.
    assert lock_of(replace(by_sms, counters=spent), with_sms, NOW) == LockStatus(
        LockReason.GUESSES_SPENT, NOW + PERIOD_SECONDS
    )
    assert lock_of(replace(by_app, counters=spent), with_sms, NOW) is None
    assert lock_of(replace(by_sms, counters=spent), PLAIN.settings, NOW) is None, "SMS is off: the app is in force"
