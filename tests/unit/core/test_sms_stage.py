"""Logins by text message: when a code is made, what counts, what it costs, what the person is told."""

from dataclasses import replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from rw2fa_daemon.core.account import Account, Algorithm, Counters, Credential, Method
from rw2fa_daemon.core.audit import Event
from rw2fa_daemon.core.budget import PERIOD_SECONDS, allowance
from rw2fa_daemon.core.clients import Information
from rw2fa_daemon.core.code_stage import CODE_TRIES
from rw2fa_daemon.core.conversation import Answer, begin, reply, sms_due
from rw2fa_daemon.core.policy import Rc
from rw2fa_daemon.core.quota import Limit
from rw2fa_daemon.core.recovery_codes import CodeSet, HashedAttempt
from rw2fa_daemon.core.rule import Rule
from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.core.sms import DeliveryReport, DeliveryState, SmsAttempt, SmsError, SmsMessage
from rw2fa_daemon.core.sms_stage import ENTERED_MAX, RESEND_SECONDS
from rw2fa_daemon.core.transitions import Ask, Context, ConversationState, End, NoReply, Stage, Transition
from tests.unit.core.sms import DIGESTS, NOW, PHONE, RULES, SENT, TERMINAL, VALID_SECONDS, WEB, context_of


def _account(**changes: object) -> Account:
    account = Account("alice", 1000, 77, Method.SMS, Secret(PHONE.encode()), phone_confirmed=True)
    return replace(account, **changes)  # type: ignore[arg-type]  # names and values belong together in each call


def _ask(transition: Transition) -> tuple[Ask, ConversationState]:
    assert isinstance(transition.say, Ask)
    assert transition.state is not None
    assert transition.state.n == transition.say.n
    return transition.say, transition.state


def _end(transition: Transition) -> End:
    assert isinstance(transition.say, End)
    return transition.say


def _kept(transition: Transition) -> Account:
    assert transition.account is not None
    return transition.account


def _letter(transition: Transition) -> SmsMessage:
    assert transition.sms is not None
    return transition.sms


def _code_in(sms: SmsMessage) -> str:
    return sms.body.reveal().decode().rpartition(" ")[2]


def _sent(account: Account, context: Context | None = None) -> tuple[ConversationState, Account, str]:
    """A login whose message went out: where the conversation stands, what is stored, the code."""
    context = context or context_of()
    state = _ask(begin(account, context))[1]
    transition = sms_due(state, account, context)
    return state, _kept(transition), _code_in(_letter(transition))


def _answer(
    state: ConversationState, account: Account, answer: Answer, now: float = NOW, **context: object
) -> Transition:
    return reply(state, account, answer, context_of(now, **{"sms_attempt": SmsAttempt(1, SENT), **context}))  # type: ignore[arg-type]  # as above


# What is sent, and when


def test_promise_2_the_question_comes_before_anything_is_made_or_sent() -> None:
    account = _account()
    transition = begin(account, context_of())
    ask, state = _ask(transition)
    assert "number ending 78." in ask.text
    assert PHONE not in ask.text
    assert (transition.account, transition.sms, state.stage) == (account, None, Stage.SMS)


def test_the_message_goes_to_the_number_with_code_and_issuer_and_counts_against_every_limit() -> None:
    state = _ask(begin(_account(), context_of()))[1]
    sms = _letter(sms_due(state, _account(), context_of()))
    assert sms.to.reveal().decode() == PHONE
    assert sms.body.reveal().decode() == f"host: {_code_in(sms)}"
    assert [(quota.limit, quota.at_most) for quota in sms.quotas] == [
        (Limit.USER, 20),
        (Limit.NUMBER, 21),
        (Limit.SOURCE, 22),
        (Limit.HOST, 23),
    ]


@pytest.mark.parametrize("address", ["", "host.example"])
def test_an_address_that_is_none_is_not_counted(address: str) -> None:
    state = _ask(begin(_account(), context_of()))[1]
    sms = _letter(sms_due(state, _account(), context_of(address=address)))
    assert Limit.SOURCE not in [quota.limit for quota in sms.quotas]


def test_an_address_that_users_can_forge_is_not_counted() -> None:
    forgeable = replace(TERMINAL, forgeable_address=True)
    sms = _letter(sms_due(_ask(begin(_account(), context_of()))[1], _account(), context_of(client=forgeable)))
    assert Limit.SOURCE not in [quota.limit for quota in sms.quotas]


@pytest.mark.parametrize("silence", [NoReply.BLIND, NoReply.BADFORM, NoReply.EOF])
def test_promise_2_a_client_that_answers_blindly_is_charged_nothing_and_sent_nothing(silence: NoReply) -> None:
    account = _account()
    state = _ask(begin(account, context_of()))[1]
    transition = reply(state, account, silence, context_of())
    assert (_end(transition).rc, _end(transition).rule) == (Rc.AUTH_ERR, "no-answer")
    assert (transition.account, transition.sms) == (account, None)
    assert [record.event for record in transition.records] == [Event.NO_ANSWER]


def test_promise_2_a_client_that_answers_nothing_over_and_over_is_sent_nothing_and_ends() -> None:
    account = _account()
    transition = begin(account, context_of())
    for _ in range(ENTERED_MAX):
        transition = reply(_ask(transition)[1], account, NoReply.EMPTY, context_of())
        assert transition.sms is None
    assert _end(reply(_ask(transition)[1], account, NoReply.EMPTY, context_of())).rule == "no-answer"


def test_promise_2_a_terminal_program_without_a_terminal_is_sent_something_on_request_only() -> None:
    account = _account()
    context = replace(context_of(), login=replace(context_of().login, service="sudo", tty=""))
    ask, state = _ask(begin(account, context))
    assert state.on_request
    assert "press Enter to have it sent" in ask.text
    ask, asked = _ask(reply(state, account, NoReply.EMPTY, context))
    assert not asked.on_request
    assert "on its way" in ask.text
    for attended in (
        replace(context, login=replace(context.login, tty="/dev/pts/1")),
        replace(context, client=replace(TERMINAL, information=Information.WITH_PROMPT)),
    ):
        assert not _ask(begin(account, attended))[1].on_request


def test_nothing_is_sent_for_an_account_that_changed_meanwhile() -> None:
    state = _ask(begin(_account(), context_of()))[1]
    for changed in (
        None,
        _account(method=Method.APP),
        _account(uid=1001),
        _account(counters=Counters(failures=100)),
    ):
        transition = sms_due(state, changed, context_of())
        assert (transition.account, transition.say, transition.sms) == (changed, None, None)


# What counts


def test_a_right_code_lets_in_with_evidence_and_the_next_login_needs_another() -> None:
    state, account, code = _sent(_account())
    transition = _answer(state, account, code, NOW + 5)
    assert (_end(transition).rc, _end(transition).rule, _end(transition).mint) == (Rc.SUCCESS, "code-right", 1000)
    assert _kept(transition).sms_code is None


def test_promise_1_a_code_counts_once_in_one_login_and_never_in_another() -> None:
    state, account, code = _sent(_account())
    used = _kept(_answer(state, account, code))
    assert "not accepted" in _ask(_answer(state, used, code))[0].text
    other, _, _ = _sent(_account())
    assert "not accepted" in _ask(_answer(other, account, code))[0].text


def test_promise_1_a_new_code_takes_the_old_ones_place_whichever_login_asked() -> None:
    first, account, code = _sent(_account())
    second, account, newer = _sent(account)
    assert code != newer
    assert "not accepted" in _ask(_answer(first, account, code))[0].text
    assert _end(_answer(second, account, newer)).rc is Rc.SUCCESS


def test_promise_1_a_code_counts_for_no_other_account() -> None:
    state, account, code = _sent(_account())
    moved = replace(account, generation=78)
    assert "not accepted" in _ask(_answer(state, moved, code))[0].text


@pytest.mark.parametrize("late", [0, 1, 10_000])
def test_a_code_that_is_too_old_is_told_from_a_wrong_one_and_charged_nothing(late: int) -> None:
    state, account, code = _sent(_account())
    transition = _answer(state, account, code, NOW + VALID_SECONDS + late)
    assert "expired" in _ask(transition)[0].text
    assert _kept(transition).counters == account.counters
    assert _kept(transition).sms_code is None
    assert "not accepted" in _ask(_answer(_ask(transition)[1], _kept(transition), code, NOW))[0].text, (
        "a clock set back helps nobody"
    )


def test_a_code_counts_until_the_last_second_and_not_before_it_was_sent() -> None:
    state, account, code = _sent(_account())
    assert _end(_answer(state, account, code, NOW + VALID_SECONDS - 1)).rc is Rc.SUCCESS
    assert "expired" in _ask(_answer(state, account, code, NOW - 3600))[0].text


def test_codes_have_as_many_digits_as_the_settings_say() -> None:
    for digits in range(4, 13):
        context = context_of(digits=digits)
        ask, _ = _ask(begin(_account(), context))
        assert ask.form == f"digits:{digits}-{digits}"
        state, account, code = _sent(_account(), context)
        assert len(code) == max(digits, 6)  # the source of codes here has six
        assert _end(reply(state, account, code, context)).rc is Rc.SUCCESS


def test_the_state_holds_a_digest_and_not_the_code() -> None:
    _, account, code = _sent(_account())
    assert account.sms_code is not None
    assert code.encode() not in account.sms_code.digest + account.sms_code.login


# The first code


def test_a_first_code_activates_and_hands_out_recovery_codes() -> None:
    state, account, code = _sent(_account(phone_confirmed=False))
    assert state.activates
    words = CodeSet(tuple(f"word-{number}" for number in range(10)), DIGESTS)
    transition = _answer(state, account, code, recovery=words)
    ask, noted = _ask(transition)
    assert "word-7" in ask.text
    assert (_kept(transition).phone_confirmed, _kept(transition).activated, _kept(transition).recovery) == (
        True,
        True,
        DIGESTS,
    )
    assert [record.event for record in transition.records] == [Event.ACTIVATED]
    assert _end(_answer(noted, _kept(transition), NoReply.EMPTY)).rc is Rc.SUCCESS


def test_a_first_login_needs_neither_a_window_nor_a_word() -> None:
    context = context_of(NOW + 10**9)
    late = replace(context, settings=replace(context.settings, token_needed=True))
    assert _ask(begin(_account(phone_confirmed=False), late))[1].stage is Stage.SMS


def test_recovery_codes_are_shown_only_where_an_enrolment_could_be() -> None:
    context = context_of(client=WEB)
    state, account, code = _sent(_account(phone_confirmed=False), context)
    assert not state.activates
    transition = reply(state, account, code, replace(context, recovery=CodeSet(("word",), DIGESTS[:1])))
    assert (_end(transition).rule, _kept(transition).phone_confirmed, _kept(transition).recovery) == (
        "activated",
        True,
        (),
    )


def test_recovery_codes_that_are_there_stay() -> None:
    state, account, code = _sent(_account(phone_confirmed=False, recovery=DIGESTS[:4]))
    assert not state.activates
    assert _kept(_answer(state, account, code)).recovery == DIGESTS[:4]


# What wrong answers cost


def test_promise_8_wrong_codes_are_charged_and_a_right_one_clears_the_lock_not_the_budget() -> None:
    state, account, code = _sent(_account())
    for wrong in range(1, CODE_TRIES):
        transition = _answer(state, account, "000000")
        state, account = _ask(transition)[1], _kept(transition)
        assert (account.counters.failures, account.counters.narrow_guesses) == (wrong, wrong)
    right = _kept(_answer(state, account, code)).counters
    assert (right.failures, right.narrow_guesses) == (0, CODE_TRIES - 1)


def test_three_wrong_codes_end_the_login_and_its_code() -> None:
    state, account, code = _sent(_account())
    for _ in range(CODE_TRIES - 1):
        transition = _answer(state, account, "000000")
        state, account = _ask(transition)[1], _kept(transition)
    last = _answer(state, account, "000000")
    assert (_end(last).rc, _end(last).rule) == (Rc.AUTH_ERR, "code-wrong")
    again = _ask(begin(_kept(last), context_of()))[1]
    assert "not accepted" in _ask(_answer(again, _kept(last), code))[0].text


@pytest.mark.parametrize("digits", [4, 6, 8])
def test_promise_9_guessing_ends_when_the_budget_is_spent_whatever_else_the_person_has(digits: int) -> None:
    allowed = allowance(digits, context_of().settings.guessing).narrow
    credential = Credential(Secret(b"k" * 20), True, digits, 30, Algorithm.SHA1)
    for account in (_account(), _account(credential=credential)):
        spent = replace(account, counters=Counters(narrow_guesses=allowed, narrow_at=int(NOW)))
        assert _end(begin(spent, context_of(digits=digits))).rc is Rc.MAXTRIES
        assert allowed * 10.0**-digits <= 0.003
        assert begin(spent, context_of(NOW + PERIOD_SECONDS, digits=digits)).state is not None


def test_a_recovery_code_stands_in_before_a_message_goes_out_and_after() -> None:
    account = _account(recovery=DIGESTS)
    for state, known in ((_ask(begin(account, context_of()))[1], account), _sent(account)[:2]):
        transition = reply(state, known, HashedAttempt(DIGESTS[3]), context_of())
        assert (_end(transition).rule, transition.sms) == ("recovery-code", None)
        assert (len(_kept(transition).recovery), _kept(transition).sms_code) == (9, None)


def test_promise_8_a_wrong_recovery_code_is_charged() -> None:
    state, account, _ = _sent(_account(recovery=DIGESTS))
    transition = _answer(state, account, HashedAttempt(b"?" * 32))
    assert _kept(transition).counters.failures == 1
    assert "not accepted" in _ask(transition)[0].text


# Enter


def test_enter_sends_another_code_after_a_while_and_not_before() -> None:
    state, account, code = _sent(_account())
    soon = _answer(state, account, NoReply.EMPTY, NOW + 12)
    assert soon.sms is None
    assert "12 seconds ago" in _ask(soon)[0].text
    assert "another 18," in _ask(soon)[0].text
    later = _answer(_ask(soon)[1], account, NoReply.EMPTY, NOW + RESEND_SECONDS)
    newer = _code_in(_letter(later))
    assert "only that one is valid" in _ask(later)[0].text
    assert "not accepted" in _ask(_answer(_ask(later)[1], _kept(later), code))[0].text
    assert _end(_answer(_ask(later)[1], _kept(later), newer)).rc is Rc.SUCCESS


def test_enter_while_a_message_is_being_sent_says_so() -> None:
    state, account, _ = _sent(_account())
    transition = _answer(
        state, account, NoReply.EMPTY, NOW + 100, sms_attempt=SmsAttempt(1, DeliveryReport(DeliveryState.UNDER_WAY))
    )
    assert transition.sms is None
    assert "still being sent" in _ask(transition)[0].text


def test_enter_says_what_went_wrong_then_tries_again() -> None:
    state, account, _ = _sent(_account())
    sms_attempt = SmsAttempt(1, DeliveryReport(DeliveryState.FAILED, "Twilio is tired.", again=True))
    told = _answer(state, account, NoReply.EMPTY, NOW + 3, sms_attempt=sms_attempt)
    assert told.sms is None
    assert "Twilio is tired.\nPress Enter to try again." in _ask(told)[0].text
    again = _answer(_ask(told)[1], account, NoReply.EMPTY, NOW + 4, sms_attempt=sms_attempt)
    assert again.sms is not None
    failed = _answer(_ask(again)[1], _kept(again), NoReply.EMPTY, NOW + 5, sms_attempt=replace(sms_attempt, number=2))
    assert "Twilio is tired" in _ask(failed)[0].text, "the second message's failure is another one"


def test_a_message_that_may_have_gone_out_is_not_followed_by_another_at_once() -> None:
    state, account, _ = _sent(_account())
    sms_attempt = SmsAttempt(1, DeliveryReport(DeliveryState.UNKNOWN, "It may be late.", again=True))
    told = _answer(state, account, NoReply.EMPTY, NOW + 3, sms_attempt=sms_attempt)
    assert "It may be late." in _ask(told)[0].text
    waits = _answer(_ask(told)[1], account, NoReply.EMPTY, NOW + 4, sms_attempt=sms_attempt)
    assert waits.sms is None
    assert _answer(_ask(waits)[1], account, NoReply.EMPTY, NOW + 31, sms_attempt=sms_attempt).sms is not None


def test_what_will_not_pass_leaves_a_recovery_code_or_ends() -> None:
    sms_attempt = SmsAttempt(1, DeliveryReport(DeliveryState.FAILED, "This phone has replied STOP."))
    state, account, _ = _sent(_account(recovery=DIGESTS))
    transition = _answer(state, account, NoReply.EMPTY, sms_attempt=sms_attempt)
    ask, recovery = _ask(transition)
    assert "replied STOP" in ask.text
    assert (recovery.stage, ask.form.startswith("word:")) == (Stage.RECOVERY, True)
    assert _end(_answer(recovery, account, HashedAttempt(DIGESTS[0]))).rule == "recovery-code"
    assert _ask(_answer(recovery, account, HashedAttempt(b"?" * 32)))[1].stage is Stage.RECOVERY
    state, account, _ = _sent(_account())
    assert "replied STOP" in _end(_answer(state, account, NoReply.EMPTY, sms_attempt=sms_attempt)).text


def test_where_messages_come_with_the_next_prompt_the_end_has_one_for_its_reason() -> None:
    sms_attempt = SmsAttempt(1, DeliveryReport(DeliveryState.FAILED, "This phone has replied STOP."))
    late = replace(TERMINAL, information=Information.WITH_PROMPT)
    state, account, _ = _sent(_account())
    ask, told = _ask(_answer(state, account, NoReply.EMPTY, sms_attempt=sms_attempt, client=late))
    assert "replied STOP" in ask.text
    assert _end(_answer(told, account, NoReply.EMPTY)).rc is Rc.AUTH_ERR


# Trouble that is known


@pytest.mark.parametrize("limit", [False, True])
def test_trouble_that_is_known_is_told_in_place_of_the_question(limit: bool) -> None:
    context = context_of(error=SmsError(Rule.SMS_DOWN, "Not now.", "it is down", limit=limit))
    transition = begin(_account(), context)
    assert (_end(transition).rule, _end(transition).text) == ("sms-down", "Not now.")
    assert [record.event for record in transition.records] == [Event.SMS_REFUSED if limit else Event.SMS_FAILED]
    with_codes = begin(_account(recovery=DIGESTS), context)
    assert "Not now." in _ask(with_codes)[0].text
    assert _ask(with_codes)[1].stage is Stage.RECOVERY


def test_no_message_goes_to_a_country_that_is_not_allowed() -> None:
    for allowed in ((), ("+1", "+44")):
        transition = begin(_account(), context_of(rules=replace(RULES, allowed=allowed)))
        assert _end(transition).rule == "sms-country"
        assert [record.event for record in transition.records] == [Event.SMS_REFUSED], "nothing has failed"


# SMS switched off


def test_while_sms_are_off_the_app_is_asked_or_enrolled() -> None:
    off = context_of(rules=None)
    credential = Credential(Secret(b"k" * 20), active=True)
    assert _ask(begin(_account(credential=credential), off))[1].stage is Stage.CODE
    assert _ask(begin(_account(enrol_opened_at=int(NOW)), off))[1].stage is Stage.ENROL
    assert _end(begin(_account(), off)).rule == "enrol-closed"


def test_a_login_that_was_asked_for_a_text_code_ends_when_sms_are_switched_off_or_the_method_changes() -> None:
    credential = Credential(Secret(b"k" * 20), active=True)
    state, account, code = _sent(_account(credential=credential))
    assert _end(_answer(state, account.by_app(), code)).rc is Rc.AUTH_ERR


def test_a_reset_keeps_the_number_and_asks_for_another_first_code() -> None:
    _, account, _ = _sent(_account(recovery=DIGESTS))
    again = account.reset(generation=78, now=int(NOW))
    assert (again.phone, again.method, again.phone_confirmed, again.sms_code) == (
        account.phone,
        Method.SMS,
        False,
        None,
    )


class ManyLogins(RuleBasedStateMachine):
    """Logins of one person, by hand and by luck, over any time: no code lets in twice, or late, or elsewhere."""

    @initialize()
    def start(self) -> None:
        self.account = _account()
        self.now = NOW
        self.talks: list[tuple[ConversationState, int]] = []
        self.codes: list[tuple[str, bytes, float]] = []
        self.accepted: list[str] = []

    @precondition(lambda self: len(self.talks) < 4)
    @rule()
    def open(self) -> None:
        transition = begin(self.account, context_of(self.now))
        if isinstance(transition.say, Ask):
            self.talks.append((_ask(transition)[1], 0))

    @precondition(lambda self: self.talks)
    @rule(data=st.data())
    def wait(self, data: st.DataObject) -> None:
        index = data.draw(st.integers(0, len(self.talks) - 1))
        state, letters = self.talks[index]
        if letters:
            return
        transition = sms_due(state, self.account, context_of(self.now))
        self._store(transition)
        if transition.sms is not None:
            self.talks[index] = (state, 1)
            self.codes.append((_code_in(transition.sms), state.login, self.now))

    @precondition(lambda self: self.talks)
    @rule(data=st.data())
    def press_enter(self, data: st.DataObject) -> None:
        index = data.draw(st.integers(0, len(self.talks) - 1))
        state, letters = self.talks[index]
        sms_attempt = SmsAttempt(letters, SENT) if letters else SmsAttempt()
        transition = reply(state, self.account, NoReply.EMPTY, context_of(self.now, sms_attempt=sms_attempt))
        self._store(transition)
        if transition.sms is not None:
            self.codes.append((_code_in(transition.sms), state.login, self.now))
            letters += 1
        self._go_on(index, transition, letters)

    @precondition(lambda self: self.talks)
    @rule(data=st.data())
    def type_a_code(self, data: st.DataObject) -> None:
        index = data.draw(st.integers(0, len(self.talks) - 1))
        state, letters = self.talks[index]
        known = [code for code, _, _ in self.codes]
        typed = data.draw(st.sampled_from([*known, "000000"]))
        before = self.account.counters
        transition = reply(state, self.account, typed, context_of(self.now, sms_attempt=SmsAttempt(letters, SENT)))
        self._store(transition)
        if isinstance(transition.say, End) and transition.say.rc is Rc.SUCCESS:
            assert typed not in self.accepted
            code, login, sent_at = self.codes[-1]
            assert (typed, state.login) == (code, login)
            assert self.now < sent_at + VALID_SECONDS
            self.accepted.append(typed)
        else:
            assert self.account.counters.narrow_guesses >= before.narrow_guesses
        self._go_on(index, transition, letters)

    @rule(seconds=st.floats(0, 400))
    def pass_time(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def unlock(self) -> None:
        self.account = self.account.unlocked()

    @invariant()
    def one_code_is_outstanding(self) -> None:
        if self.account.sms_code is not None:
            assert self.account.sms_code.login == self.codes[-1][1]

    def _store(self, transition: Transition) -> None:
        self.account = _kept(transition)

    def _go_on(self, index: int, transition: Transition, letters: int) -> None:
        if isinstance(transition.say, Ask) and transition.state is not None:
            self.talks[index] = (transition.state, letters)
        else:
            del self.talks[index]


TestManyLogins = ManyLogins.TestCase
TestManyLogins.settings = settings(stateful_step_count=40)
