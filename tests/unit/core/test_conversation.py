"""Conversations as whole: what is asked, what is stored, what is said."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import count

import pytest
from hypothesis import assume, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, precondition, rule

from rw2fa_daemon.core import sessions
from rw2fa_daemon.core.account import Account, Bypass, Counters, Credential
from rw2fa_daemon.core.audit import Event
from rw2fa_daemon.core.budget import Guessing
from rw2fa_daemon.core.clients import Client, Information, Prompts, Qr, ServiceClass
from rw2fa_daemon.core.code_cache import CodeCache
from rw2fa_daemon.core.code_stage import CODE_TRIES, USED_ASKS
from rw2fa_daemon.core.conversation import begin, crowded, reply, still_asked
from rw2fa_daemon.core.enrol_stage import PICTURES_MAX
from rw2fa_daemon.core.enrolment import DAY_SECONDS, ENROL_TRIES, ENROL_TRIES_A_WINDOW
from rw2fa_daemon.core.lockout import FAILURES_MAX, FIRST_LOCK_SECONDS, FREE_FAILURES
from rw2fa_daemon.core.login import Login, Phase, Slot
from rw2fa_daemon.core.login_settings import LoginSettings
from rw2fa_daemon.core.otp import code_at
from rw2fa_daemon.core.policy import Rc, facts_of
from rw2fa_daemon.core.qr import RENDERINGS
from rw2fa_daemon.core.recovery_codes import CodeSet, HashedAttempt
from rw2fa_daemon.core.rule import Rule
from rw2fa_daemon.core.scope import ScopeResult, ScopeStatus
from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.core.transitions import Ask, Context, ConversationState, End, NoReply, Resources, Stage, Transition
from rw2fa_daemon.core.uri import base32_key, spaced_key

START = 1_790_000_000.0
SECRETS = [Secret(bytes([number]) * 20) for number in range(1, 200)]
TERMINAL = Client(ServiceClass.CODE, information=Information.AT_ONCE, qr=Qr.BLOCKS)
ELSEWHERE = Client(ServiceClass.CODE, information=Information.AT_ONCE)


def _context(
    now: float = START,
    client: Client = TERMINAL,
    *,
    uid: int = 1000,
    fresh: Iterator[Secret] | None = None,
    discrepancy: int = 480,
) -> Context:
    login = Login(Phase.AUTH, Slot.MAIN, "sshd", "alice", rhost="192.0.2.1")
    secrets = fresh if fresh is not None else iter(SECRETS)
    return Context(
        now=now,
        booted_at=START - 1_000,
        login=login,
        facts=facts_of(login, client, on=True, where=ScopeResult(ScopeStatus.ENABLED)),
        client=client,
        name="alice",
        uid=uid,
        settings=LoginSettings(
            Guessing(discrepancy, 0.003), 6, "host - remote-work", window_days=7, session_seconds=900
        ),
        scope_since=int(START),
        resources=Resources(CodeCache(), lambda: next(secrets), lambda: 77),
    )


def _code(account: Account | None, now: float, offset: int = 0) -> str:
    assert account is not None
    assert account.credential is not None
    credential = account.credential
    return code_at(credential.secret, int(now) // credential.period + offset, credential.digits)


def _wrong(account: Account | None, now: float) -> str:
    """A code that belongs to no step anywhere near."""
    assert account is not None
    assert account.credential is not None
    near = {_code(account, now, offset) for offset in range(-1000, 1000)}
    return next(code for code in (f"{number:06d}" for number in count()) if code not in near)


def _end(transition: Transition) -> End:
    assert isinstance(transition.say, End)
    return transition.say


def _ask(transition: Transition) -> tuple[Ask, ConversationState]:
    assert isinstance(transition.say, Ask)
    assert transition.state is not None
    assert transition.state.n == transition.say.n
    return transition.say, transition.state


def _activated() -> Account:
    offer = begin(None, _context())
    account = reply(_ask(offer)[1], offer.account, _code(offer.account, START), _context()).account
    assert account is not None
    assert account.activated
    return account


def test_a_first_login_shows_qr_key_and_prompt_in_one_question() -> None:
    transition = begin(None, _context())
    ask, _ = _ask(transition)
    assert transition.account is not None
    assert transition.account.credential is not None
    assert spaced_key(transition.account.credential.secret) in ask.text
    assert "█" in ask.text
    assert ask.form == "digits:6-6"
    assert not transition.account.activated


def test_an_unfinished_enrolment_keeps_its_secret() -> None:
    first = begin(None, _context())
    dropped = reply(_ask(first)[1], first.account, NoReply.EOF, _context())
    assert _end(dropped).rc is Rc.AUTH_ERR
    second = begin(dropped.account, _context(START + 60))
    assert _ask(second)[0].text == _ask(first)[0].text


def test_the_right_first_code_activates_and_is_spent() -> None:
    account = _activated()
    asked = begin(account, _context())
    again = reply(_ask(asked)[1], account, _code(account, START), _context())
    assert "used already" in _ask(again)[0].text


def test_a_first_code_further_out_tells_about_the_clock_and_activates_nobody() -> None:
    offer = begin(None, _context())
    far = reply(_ask(offer)[1], offer.account, _code(offer.account, START, 20), _context())
    assert "10 minutes" in _ask(far)[0].text
    assert far.account is not None
    assert not far.account.activated


def test_promise_11_enter_shows_each_picture_of_the_same_key_so_many_times_and_costs_nothing() -> None:
    offer = transition = begin(None, _context())
    sms = [_ask(transition)[0].text]
    while isinstance((transition := reply(_ask(transition)[1], offer.account, NoReply.EMPTY, _context())).say, Ask):
        sms.append(transition.say.text)
        assert transition.account == offer.account
    assert len(sms) == 1 + PICTURES_MAX
    assert len(set(sms)) == len(RENDERINGS[TERMINAL.qr, TERMINAL.colour])
    assert offer.account is not None
    assert offer.account.credential is not None
    assert all(spaced_key(offer.account.credential.secret) in text for text in sms)
    assert _end(transition).rc is Rc.AUTH_ERR


def test_enter_shows_no_secret_but_the_one_on_the_screen() -> None:
    offer = begin(None, _context())
    _, state = _ask(offer)
    assert offer.account is not None
    reset = replace(offer.account, credential=None, token=b"t" * 32)
    opened = replace(offer.account, credential=Credential(SECRETS[9], active=False))
    for account in (reset, opened):
        assert _end(reply(state, account, NoReply.EMPTY, _context())).rc is Rc.AUTH_ERR


def _answer_wrongly_to_the_end(transition: Transition) -> Account | None:
    for asks in count():
        if isinstance(transition.say, End):
            assert asks <= ENROL_TRIES
            return transition.account
        transition = reply(_ask(transition)[1], transition.account, _wrong(transition.account, START), _context())
    raise AssertionError("it asks for ever")


def test_promise_10_first_codes_are_limited_per_conversation_and_per_window_and_the_secret_stays() -> None:
    account: Account | None = None
    conversations = 0
    transition = begin(account, _context())
    while isinstance(transition.say, Ask):
        conversations += 1
        account = _answer_wrongly_to_the_end(transition)
        transition = begin(account, _context())
    assert _end(transition).rule == "enrol-closed"
    assert conversations == ENROL_TRIES_A_WINDOW // ENROL_TRIES
    assert account is not None
    assert account.credential is not None
    assert account.credential.secret == SECRETS[0]


def test_the_window_closes_and_a_reset_opens_it_again() -> None:
    late = START + 7 * DAY_SECONDS
    assert _end(begin(None, _context(late))).rule == "enrol-closed"
    account = _activated().reset(generation=5, now=int(late))
    assert isinstance(begin(account, _context(late)).say, Ask)


def test_promise_3_a_client_that_logs_or_hides_messages_gets_nothing_secret() -> None:
    transition = begin(None, _context(client=ELSEWHERE))
    assert _end(transition).rule == "enrol-elsewhere"
    assert transition.account is None
    assert "SSH" in _end(transition).text
    pending = begin(None, _context()).account
    assert pending is not None
    assert pending.credential is not None
    again = begin(pending, _context(client=ELSEWHERE))
    assert base32_key(pending.credential.secret) not in _end(again).text.replace(" ", "")


def test_a_right_code_lets_in_and_mints_for_the_uid() -> None:
    account = _activated()
    now = START + 60
    transition = reply(_ask(begin(account, _context(now)))[1], account, _code(account, now), _context(now))
    assert (_end(transition).rc, _end(transition).rule, _end(transition).mint) == (Rc.SUCCESS, "code-right", 1000)
    assert [record.event for record in transition.records] == [Event.ACCEPTED]


def test_promise_2_a_client_that_answers_blindly_is_charged_nothing() -> None:
    account = _activated()
    _, state = _ask(begin(account, _context()))
    for silence in NoReply:
        transition = reply(state, account, silence, _context())
        assert _end(transition).rc is Rc.AUTH_ERR
        assert transition.account == account


def test_three_wrong_codes_end_a_conversation_and_all_are_charged() -> None:
    account = _activated()
    now = START + 60
    transition = begin(account, _context(now))
    for _ in range(CODE_TRIES):
        transition = reply(_ask(transition)[1], transition.account, _wrong(account, now), _context(now))
    assert _end(transition).rule == "code-wrong"
    assert transition.account is not None
    assert transition.account.counters.failures == CODE_TRIES


def test_a_used_code_is_asked_for_again_twice_at_most_and_costs_nothing() -> None:
    account = _activated()
    transition = begin(account, _context())
    asked = 0
    while isinstance(transition.say, Ask):
        transition = reply(_ask(transition)[1], transition.account, _code(account, START), _context())
        asked += 1
    assert asked == USED_ASKS + 1
    assert transition.account == account


def test_promise_8_wrong_codes_in_a_row_lock_and_a_locked_login_is_not_asked() -> None:
    account: Account | None = replace(_activated(), counters=Counters(failures=FREE_FAILURES))
    now = START + 60
    transition = reply(_ask(begin(account, _context(now)))[1], account, _wrong(account, now), _context(now))
    assert (_end(transition).rc, _end(transition).rule) == (Rc.MAXTRIES, "locked")
    assert "for 1 minute" in transition.records[-1].reason
    assert _end(begin(transition.account, _context(now))).rule == "locked"
    assert isinstance(begin(transition.account, _context(now + FIRST_LOCK_SECONDS)).say, Ask)


@pytest.mark.parametrize(
    ("left", "told"),
    [
        (1, "Login refused. Try again in 1 minute."),
        (61, "Login refused. Try again in 2 minutes."),
        (7200, "Login refused. Try again in 2 hours."),
    ],
)
def test_the_portal_alone_tells_who_is_locked_until_when(left: int, told: str) -> None:
    account = _activated()
    now = START + 100
    locked = replace(account, counters=replace(account.counters, locked_until=int(now) + left))
    portal = Client(ServiceClass.CODE, information=Information.AT_ONCE, qr=Qr.URI, portal=True)
    assert _end(begin(locked, _context(now, client=portal))).text == told
    assert _end(begin(locked, _context(now))).text == "Login refused. Try again later."
    for_good = replace(account, counters=replace(account.counters, failures=FAILURES_MAX))
    assert _end(begin(for_good, _context(now, client=portal))).text == "Login refused. Ask your administrator."


def test_promise_8_after_a_hundred_in_a_row_only_an_administrator_unlocks() -> None:
    account = replace(_activated(), counters=Counters(failures=FAILURES_MAX - 1))
    now = START + 60
    transition = reply(_ask(begin(account, _context(now)))[1], account, _wrong(account, now), _context(now))
    assert "until an administrator" in transition.records[-1].reason
    assert transition.account is not None
    assert _end(begin(transition.account, _context(now + 300 * DAY_SECONDS))).rule == "locked"
    assert isinstance(begin(transition.account.unlocked(), _context(now)).say, Ask)


def test_promise_9_a_spent_budget_leaves_the_codes_around_now_and_around_the_usual_drift() -> None:
    account = _activated()
    now, late = START + 600, -10
    transition = reply(_ask(begin(account, _context(now)))[1], account, _code(account, now, late), _context(now))
    assert _end(transition).rc is Rc.SUCCESS
    assert transition.account is not None
    assert transition.account.counters.drift == late
    spent = replace(transition.account, counters=replace(transition.account.counters, wide_guesses=3, wide_at=int(now)))
    now += 3600
    for offset, wanted in (
        (late - 1, "code-right"),
        (0, "code-right"),
        (1, "code-right"),
        (late + 5, "code-outside-window"),
    ):
        transition = reply(_ask(begin(spent, _context(now)))[1], spent, _code(spent, now, offset), _context(now))
        assert _end(transition).rule == wanted, offset


def test_promise_9_a_success_gives_no_guess_back_and_an_administrator_does() -> None:
    account = replace(_activated(), counters=Counters(wide_guesses=3, wide_at=int(START), failures=2))
    now = START + 60
    transition = reply(_ask(begin(account, _context(now)))[1], account, _code(account, now), _context(now))
    assert transition.account is not None
    assert (transition.account.counters.failures, transition.account.counters.wide_guesses) == (0, 3)
    assert transition.account.unlocked().counters.wide_guesses == 0


def _with_recovery() -> Account:
    return replace(_activated(), recovery=tuple(bytes([number]) * 32 for number in range(5)))


def test_activation_hands_out_recovery_codes_once_and_stores_only_digests() -> None:
    words = CodeSet(("abcd-efgh-jkmn", "pqrs-tuvw-xyz2"), (b"1" * 32, b"2" * 32))
    offer = begin(None, _context())
    given = reply(_ask(offer)[1], offer.account, _code(offer.account, START), replace(_context(), recovery=words))
    ask, state = _ask(given)
    assert "abcd-efgh-jkmn" in ask.text
    assert given.account is not None
    assert given.account.activated
    assert given.account.recovery == words.digests
    assert _end(reply(state, given.account, NoReply.EMPTY, _context())).rc is Rc.SUCCESS
    assert _end(reply(state, given.account, NoReply.EOF, _context())).rc is Rc.AUTH_ERR


def test_a_recovery_code_signs_in_once_and_the_person_is_told_when_few_are_left() -> None:
    account = _with_recovery()
    left = []
    for number in range(5):
        ask, state = _ask(begin(account, _context()))
        assert "word:" in ask.form
        transition = reply(state, account, HashedAttempt(bytes([number]) * 32), _context())
        assert _end(transition).rule == "recovery-code"
        left.append("Recovery codes left" in _end(transition).text)
        assert transition.account is not None
        again = reply(state, transition.account, HashedAttempt(bytes([number]) * 32), _context())
        assert isinstance(again.say, Ask)
        account = transition.account
    assert left == [False, True, True, True, True]
    assert "word:" not in _ask(begin(account, _context()))[0].form


def test_a_wrong_recovery_code_is_charged_like_a_code() -> None:
    account = _with_recovery()
    transition = reply(_ask(begin(account, _context()))[1], account, HashedAttempt(b"x" * 32), _context())
    assert transition.account is not None
    assert (transition.account.counters.failures, transition.account.counters.wide_guesses) == (1, 1)


def test_a_bypass_lets_in_without_a_code_until_it_ends_or_once() -> None:
    account = replace(_activated(), bypass=Bypass(int(START) + 60))
    assert (_end(begin(account, _context())).rule, _end(begin(account, _context())).mint) == ("bypass", 1000)
    assert isinstance(begin(account, _context(START + 60)).say, Ask)
    once = begin(replace(account, bypass=Bypass(int(START) + 60, once=True)), _context())
    assert _end(once).rc is Rc.SUCCESS
    assert isinstance(begin(once.account, _context()).say, Ask)


def test_a_token_is_asked_for_before_the_secret_is_shown_and_stays_until_the_enrolment_is_finished() -> None:
    account = replace(Account("alice", 1000, 7), token=b"t" * 32, enrol_opened_at=int(START))
    ask, state = _ask(begin(account, _context()))
    assert "█" not in ask.text
    wrong = reply(state, account, HashedAttempt(b"x" * 32), _context())
    assert _end(wrong).rule == "enrol-failed"
    assert wrong.account is not None
    assert wrong.account.counters.enrol_failures == 1
    right = reply(state, account, HashedAttempt(b"t" * 32), _context())
    shown, next_talk = _ask(right)
    assert "█" in shown.text
    assert _ask(begin(right.account, _context()))[0].text == ask.text
    done = reply(next_talk, right.account, _code(right.account, START), _context())
    assert done.account is not None
    assert done.account.activated
    assert done.account.token is None


def test_promise_10_where_a_token_is_needed_nobody_enrols_who_was_given_none() -> None:
    context = _context()
    needed = replace(context, settings=replace(context.settings, token_needed=True))
    assert _end(begin(None, needed)).rule == "enrol-closed"
    known = Account("alice", 1000, 7, enrol_opened_at=int(START))
    assert _end(begin(known, needed)).rule == "enrol-closed"
    assert _ask(begin(replace(known, token=b"t" * 32), needed))[0].form.startswith("word:")
    assert "█" in _ask(begin(known, _context()))[0].text


def test_sudo_does_not_ask_again_in_a_session_that_has_shown_a_code() -> None:
    sudo = Client(ServiceClass.CODE, remembers_session=True)

    def context(now: float, session: str, client: Client = sudo) -> Context:
        made = _context(now, client)
        return replace(made, login=replace(made.login, session=session))

    account = _activated()
    now = START + 60
    asked = begin(account, context(now, "5"))
    shown = reply(_ask(asked)[1], account, _code(account, now), context(now, "5")).account
    assert _end(begin(shown, context(now + 899, "5"))).rule == "recent-code"
    assert isinstance(begin(shown, context(now + 900, "5")).say, Ask)
    for other in ("6", ""):
        assert isinstance(begin(shown, context(now + 1, other)).say, Ask)
    assert isinstance(begin(shown, context(now + 1, "5", TERMINAL)).say, Ask)
    assert isinstance(begin(shown, replace(context(now + 9, "5"), booted_at=now + 1)).say, Ask)


def test_a_client_that_asks_once_is_told_that_it_cannot_ask() -> None:
    once = Client(ServiceClass.CODE, prompts=Prompts.ONE)
    assert _end(begin(_activated(), _context(client=once))).rule == "cannot-ask"


def test_a_code_outside_the_window_is_told_apart_in_the_audit() -> None:
    account = _activated()
    now = START + 10 * DAY_SECONDS
    _, state = _ask(begin(account, _context(now)))
    transition = reply(state, account, _code(account, now, -500), _context(now))
    assert _end(transition).rule == "code-outside-window"
    assert "4 hours and 10 minutes late: the phone is about 4 hours and 10 minutes slow" in transition.records[0].reason


def test_promise_13_a_name_whose_uid_changed_is_refused() -> None:
    assert _end(begin(_activated(), _context(uid=1001))).rule == "uid-changed"


@pytest.mark.parametrize("change", ["removed", "reset", "locked", "uid"])
def test_an_account_that_changes_during_the_login_ends_it(change: str) -> None:
    account = _activated()
    now = START + 60
    _, state = _ask(begin(account, _context(now)))
    changed = {
        "removed": None,
        "reset": account.reset(generation=3, now=int(now)),
        "locked": replace(account, counters=replace(account.counters, locked_until=int(now) + 100)),
        "uid": replace(account, uid=5),
    }[change]
    transition = reply(state, changed, _code(account, now), _context(now))
    assert _end(transition).rc is not Rc.SUCCESS
    assert transition.account == changed


class Logins(RuleBasedStateMachine):
    """Any number of logins of one person at once, with time moving both ways (promises 1, 8)."""

    talks = Bundle("talks")

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.fresh = iter(SECRETS)
        self.account: Account | None = None
        self.accepted: set[tuple[Secret, int]] = set()

    def _context(self) -> Context:
        return _context(self.now, fresh=self.fresh, discrepancy=20)

    @rule(seconds=st.integers(-600, 1200))
    def time_passes(self, seconds: int) -> None:
        self.now = max(START, self.now + seconds)

    @rule(target=talks)
    def open(self) -> object:
        transition = begin(self.account, self._context())
        self.account = transition.account
        return transition.state if transition.state is not None else multiple()

    @rule(target=talks, state=talks, offset=st.integers(-45, 45))
    def answer_with_a_real_code(self, state: ConversationState, offset: int) -> object:
        assume(self.account is not None and self.account.credential is not None)
        assert self.account is not None
        assert self.account.credential is not None
        step, secret = int(self.now) // 30 + offset, self.account.credential.secret
        transition = reply(state, self.account, _code(self.account, self.now, offset), self._context())
        self.account = transition.account
        if isinstance(transition.say, End) and transition.say.rc is Rc.SUCCESS:
            assert (secret, step) not in self.accepted
            assert abs(offset) <= 20
            self.accepted.add((secret, step))
        return transition.state if transition.state is not None else multiple()

    @rule(target=talks, state=talks, silence=st.sampled_from(NoReply))
    def answer_with_silence(self, state: ConversationState, silence: NoReply) -> object:
        before = self.account
        transition = reply(state, self.account, silence, self._context())
        assert transition.account == before
        if state.stage is Stage.ENROL and silence is NoReply.EMPTY and isinstance(transition.say, Ask):
            assert state.pictures < PICTURES_MAX
            return transition.state
        assert isinstance(transition.say, End)
        assert transition.say.rc is not Rc.SUCCESS
        return multiple()

    @precondition(lambda self: self.account is not None and self.account.credential is not None)
    @rule(target=talks, state=talks)
    def answer_wrongly(self, state: ConversationState) -> object:
        transition = reply(state, self.account, _wrong(self.account, self.now), self._context())
        self.account = transition.account
        assert not isinstance(transition.say, End) or transition.say.rc is not Rc.SUCCESS
        return transition.state if transition.state is not None else multiple()

    @precondition(lambda self: self.account is not None)
    @rule()
    def reset(self) -> None:
        assert self.account is not None
        self.account = self.account.reset(generation=int(self.now), now=int(self.now))

    @invariant()
    def what_is_kept_is_bounded(self) -> None:
        if self.account is not None:
            assert len(self.account.counters.used) <= 64
            assert self.account.counters.enrol_failures <= ENROL_TRIES_A_WINDOW


TestLogins = pytest.mark.slow(Logins.TestCase)
TestLogins.settings = settings(max_examples=60)


LATE = Client(ServiceClass.CODE, information=Information.WITH_PROMPT)


@pytest.mark.parametrize("answer", ["1", NoReply.EMPTY, NoReply.BLIND, NoReply.EOF])
def test_a_client_that_shows_messages_late_is_given_the_reason_as_a_last_question(answer: str | NoReply) -> None:
    refused = begin(None, _context(client=ELSEWHERE))
    transition = begin(None, _context(client=LATE))
    ask, state = _ask(transition)
    assert ask.text == f"{_end(refused).text}\nPress Enter: "
    assert [record.rule for record in transition.records] == ["enrol-elsewhere"], "decided and audited before"
    # Even if all is well by then.
    ended = reply(state, _activated(), answer, _context(client=LATE))
    assert (ended.say, ended.records) == (replace(_end(refused), text=""), ())


def test_the_reason_for_the_end_of_a_conversation_is_its_next_question() -> None:
    account, context = _activated(), _context(START + 10 * DAY_SECONDS, LATE)
    _, state = _ask(begin(account, context))
    ask, told = _ask(reply(state, account, _code(account, context.now, -500), context))
    assert (ask.n, told.end) == (2, End(Rc.AUTH_ERR, Rule.CODE_OUTSIDE_WINDOW))


def test_nobody_is_kept_who_is_gone_or_has_nothing_to_read() -> None:
    account, context = _activated(), _context(START + 60, LATE)
    _, state = _ask(begin(account, context))
    for silence in NoReply:
        assert _end(reply(state, account, silence, context)).rule == "no-answer"


def test_promise_10_before_the_password_no_reason_is_told() -> None:
    context = _context(client=LATE)
    first = replace(context, login=replace(context.login, slot=Slot.FIRST))
    assert _end(begin(None, first)).rc is Rc.AUTH_ERR
    once = _context(client=replace(LATE, prompts=Prompts.ONE))
    assert _end(begin(None, once)).rc is Rc.AUTH_ERR


def test_promise_8_a_recovery_code_is_not_hashed_once_the_login_is_overtaken() -> None:
    account = _with_recovery()
    _, state = _ask(begin(account, _context()))
    assert still_asked(state, account, _context()) == Transition(account, None)
    locked = replace(account, counters=Counters(failures=FAILURES_MAX))
    assert _end(still_asked(state, locked, _context())).rule is Rule.LOCKED
    assert _end(still_asked(state, None, _context())).rc is Rc.AUTH_ERR


def test_promise_11_too_many_recovery_codes_at_once_end_the_login_and_store_nothing() -> None:
    state = ConversationState(Stage.CODE)
    refused = crowded(state, _context())
    assert refused.account is None
    assert _end(refused) == End(Rc.AUTH_ERR, Rule.TOO_MANY_AT_ONCE, _end(refused).text)
    assert [record.event for record in refused.records] == [Event.REFUSED]


@pytest.mark.parametrize("portal", [True, False])
def test_a_bypass_at_the_portal_serves_the_logon_that_it_is_for(portal: bool) -> None:
    client = replace(TERMINAL, portal=portal)
    context = _context(client=client)
    context = replace(context, login=replace(context.login, boot="boot", pid=42, parent=41))
    account = replace(_activated(), bypass=Bypass(int(START) + 60))
    let_in = begin(account, context).account
    assert let_in is not None
    _, taken = sessions.take_logon(let_in.counters.sessions, "boot", 42, now=START + 1, booted_at=1.0)
    assert taken == (int(START) if portal else None)
