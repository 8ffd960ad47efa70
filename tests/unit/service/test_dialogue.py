"""A dialogue alone: which job each answer becomes, and what each outcome leads to."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from rw2fa_daemon.config.load import load
from rw2fa_daemon.config.rules import Rules, make_rules
from rw2fa_daemon.core import conversation
from rw2fa_daemon.core.account import Account, Method
from rw2fa_daemon.core.audit import Event, Record
from rw2fa_daemon.core.clients import Qr
from rw2fa_daemon.core.far_clock import Far
from rw2fa_daemon.core.otp import code_at
from rw2fa_daemon.core.page_text import page_text
from rw2fa_daemon.core.policy import Rc
from rw2fa_daemon.core.recovery_codes import RECOVERY_CODES, CodeSet
from rw2fa_daemon.core.rule import Rule
from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.core.sms import DeliveryState, SmsError
from rw2fa_daemon.core.sms_stage import BLIND_SECONDS
from rw2fa_daemon.core.transitions import Ask, Context, ConversationState, End, NoReply, Stage, Transition
from rw2fa_daemon.service.dialogue import Dialogue
from rw2fa_daemon.service.hashing import Full
from rw2fa_daemon.store.store import StateProblem
from rw2fa_daemon.wire.login import write_ask, write_end
from rw2fa_daemon.wire.message import Message, ProtocolError
from tests.support.daemon import Site
from tests.support.expected_calls import ANY, Call, ExpectedCalls
from tests.unit.core.sms import PHONE, context_of
from tests.unit.service.logins import ALICE, DIGEST, NOW, SECRET, context, services

RECORD = Record(Event.REFUSED, NOW, "alice")
REFUSED = Transition(ALICE, End(Rc.AUTH_ERR, Rule.CODE_WRONG, "no"), records=(RECORD,))
WORD = "abcd-efgh-jkmn"


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: NOW)


@dataclass
class Talk:
    """A dialogue and what is around it."""

    calls: ExpectedCalls
    dialogue: Dialogue

    def asked(self, account: Account | None = ALICE) -> Transition:
        """Begin, and be asked."""
        look = self.calls.expect("batcher.look", "alice", ANY, ANY)
        self.dialogue.begin()
        asking: Transition = look.callback(1)(account)
        assert isinstance(asking.say, Ask)
        for record in asking.records:
            self.calls.expect("services.audit", record)
        self.calls.expect("connection.say", write_ask(asking.say))
        look.callback()(asking)
        return asking

    def reply(self, **fields: str) -> None:
        self.dialogue.take(Message("reply", {"n": "1", **fields}))

    def expect_told(self, transition: Transition) -> None:
        """Let each record be audited, and then the end be said."""
        for record in transition.records:
            self.calls.expect("services.audit", record)
        assert isinstance(transition.say, End)
        self.calls.expect("connection.say_last", write_end(transition.say))

    def expect_end(self, rule: Rule, rc: Rc) -> Callable[[], None]:
        """Let one record be audited and the end be said; what is returned compares both."""
        audited = self.calls.expect("services.audit", ANY)
        said = self.calls.expect("connection.say_last", ANY)

        def compare() -> None:
            assert audited.arguments[0].rule == rule
            assert said.arguments[0].startswith(f"end\0rc={rc}\0rule={rule}".encode())

        return compare


def talk(calls: ExpectedCalls, *, code_hasher: object = "hasher", about: Context | None = None) -> Talk:
    connection = calls.double("connection", busy=False, partner=None)
    return Talk(calls, Dialogue(services(calls, code_hasher=code_hasher), connection, about or context()))


def _code(offset: int = 0) -> str:
    return code_at(SECRET, int(NOW) // 30 + offset, 6)


def test_a_dialogue_begins_with_a_look_at_the_account(calls: ExpectedCalls) -> None:
    asking = talk(calls).asked()
    assert asking == conversation.begin(ALICE, context())


def test_an_answer_before_any_question_is_none(calls: ExpectedCalls) -> None:
    begun = talk(calls)
    calls.expect("batcher.look", "alice", ANY, ANY)
    begun.dialogue.begin()
    with pytest.raises(ProtocolError, match="without a question"):
        begun.reply(value="123456")


def test_a_code_is_judged_in_a_job_that_changes_the_account(calls: ExpectedCalls) -> None:
    asked = talk(calls)
    asked.asked()
    job = calls.expect("batcher.submit", "alice", ANY, ANY)
    asked.reply(value=_code())
    right: Transition = job.callback(1)(ALICE)
    assert isinstance(right.say, End)
    assert (right.say.rc, right.say.rule) == (Rc.SUCCESS, Rule.CODE_RIGHT)
    asked.expect_told(right)
    job.callback()(right)


def test_an_answer_is_judged_as_of_when_it_came(calls: ExpectedCalls, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = talk(calls)
    asked.asked()
    job = calls.expect("batcher.submit", "alice", ANY, ANY)
    monkeypatch.setattr("time.time", lambda: NOW + 60)
    asked.reply(value=_code(2))
    assert job.callback(1)(ALICE).records[0].at == NOW + 60


def test_records_are_audited_before_the_end_is_said(calls: ExpectedCalls) -> None:
    asked = talk(calls)
    asked.asked()
    job = calls.expect("batcher.submit", "alice", ANY, ANY)
    asked.reply(value="000000")
    both = replace(REFUSED, records=(RECORD, replace(RECORD, reason="second")))
    asked.expect_told(both)
    job.callback()(both)


def test_the_next_answer_is_to_the_next_question(calls: ExpectedCalls) -> None:
    asked = talk(calls)
    asked.asked()
    job = calls.expect("batcher.submit", "alice", ANY, ANY)
    asked.reply(value="000000")
    again = Transition(ALICE, Ask(2, "once more", "digits:6-6"), ConversationState(Stage.CODE, 2))
    calls.expect("connection.say", write_ask(Ask(2, "once more", "digits:6-6")))
    job.callback()(again)
    with pytest.raises(ProtocolError, match="another question"):
        asked.reply(value="000000")


@pytest.mark.parametrize("none", list(NoReply))
def test_no_answer_is_only_told(calls: ExpectedCalls, none: NoReply) -> None:
    asked = talk(calls)
    asked.asked()
    look = calls.expect("batcher.look", "alice", ANY, ANY)
    asked.reply(none=none.value)
    assert none.value in look.callback(1)(ALICE).records[0].reason


def test_who_hangs_up_at_a_question_has_given_no_answer(calls: ExpectedCalls) -> None:
    asked = talk(calls)
    asked.asked()
    look = calls.expect("batcher.look", "alice", ANY, ANY)
    asked.dialogue.hung_up()
    (record,) = look.callback(1)(ALICE).records
    assert (record.event, record.reason) == (Event.NO_ANSWER, "no code: eof")


def test_who_hangs_up_before_any_question_is_forgotten(calls: ExpectedCalls) -> None:
    calls.expect("connection.close")
    talk(calls).dialogue.hung_up()


def test_while_something_is_worked_out_it_is_not_the_peers_turn(calls: ExpectedCalls) -> None:
    connection = calls.double("connection", busy=False)
    dialogue = Dialogue(services(calls), connection, context())
    asked = Talk(calls, dialogue)
    look = calls.expect("batcher.look", "alice", ANY, ANY)
    dialogue.begin()
    assert connection.busy
    calls.expect("connection.say", ANY)
    look.callback()(look.callback(1)(ALICE))
    for value, job in ((_code(), "batcher.submit"), (WORD, "hashing.take_turn")):
        connection.busy = False
        calls.expect(job, "alice", ANY, ANY, *((1,) if job == "hashing.take_turn" else ()))
        asked.reply(value=value)
        assert connection.busy


def test_where_the_state_cannot_be_used_nobody_gets_in(calls: ExpectedCalls) -> None:
    begun = talk(calls)
    look = calls.expect("batcher.look", "alice", ANY, ANY)
    begun.dialogue.begin()
    compare = begun.expect_end(Rule.STATE_UNUSABLE, Rc.AUTHINFO_UNAVAIL)
    look.callback()(StateProblem("the disk is full", "make room"))
    compare()


# A recovery code in place of a code


def _to_be_hashed(calls: ExpectedCalls) -> tuple[Talk, Call]:
    asked = talk(calls)
    asked.asked()
    turn = calls.expect("hashing.take_turn", "alice", ANY, ANY, 1)
    asked.reply(value=WORD)
    return asked, turn


def test_a_recovery_code_is_hashed_in_turn_and_then_judged(calls: ExpectedCalls) -> None:
    asked, taken = _to_be_hashed(calls)
    look = calls.expect("batcher.look", "alice", ANY, ANY)
    taken.callback(1)(calls.double("turn"))
    hashing = calls.expect("turn.hash", ANY, ANY)
    look.callback()(look.callback(1)(ALICE))
    calls.expect("hasher.digest", "alice", WORD, gives=DIGEST)
    digest = hashing.callback(0)()
    job = calls.expect("batcher.submit", "alice", ANY, ANY)
    hashing.callback()(digest)
    right: Transition = job.callback(1)(ALICE)
    assert right.account is not None
    assert right.account.recovery == ()
    asked.expect_told(right)
    job.callback()(right)


def test_what_would_not_be_judged_any_more_is_not_hashed_and_keeps_no_turn(calls: ExpectedCalls) -> None:
    asked, taken = _to_be_hashed(calls)
    look = calls.expect("batcher.look", "alice", ANY, ANY)
    taken.callback(1)(calls.double("turn"))
    removed: Transition = look.callback(1)(None)
    calls.expect("turn.end")
    asked.expect_told(removed)
    look.callback()(removed)


@pytest.mark.parametrize(
    ("full", "rule", "rc"),
    [
        (Full.HOST, Rule.STATE_UNUSABLE, Rc.AUTHINFO_UNAVAIL),
        (Full.USER, Rule.TOO_MANY_AT_ONCE, Rc.AUTH_ERR),
    ],
)
def test_where_too_much_waits_to_be_hashed_it_ends(calls: ExpectedCalls, full: Full, rule: Rule, rc: Rc) -> None:
    asked, taken = _to_be_hashed(calls)
    compare = asked.expect_end(rule, rc)
    taken.callback(2)(full)
    compare()


def test_without_a_key_no_recovery_code_is_judged(calls: ExpectedCalls) -> None:
    asked = talk(calls, code_hasher=None)
    asked.asked()
    compare = asked.expect_end(Rule.STATE_UNUSABLE, Rc.AUTHINFO_UNAVAIL)
    asked.reply(value=WORD)
    compare()


# The first code


def test_recovery_codes_are_made_once_the_first_code_is_right_and_judged_as_of_then(
    calls: ExpectedCalls, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = talk(calls)
    offered = asked.asked(None).account
    assert offered is not None
    look = calls.expect("batcher.look", "alice", ANY, ANY)
    asked.reply(value=_code())
    taken = calls.expect("hashing.take_turn", "alice", ANY, ANY, RECOVERY_CODES)
    look.callback()(look.callback(1)(offered))
    hashing = calls.expect("turn.hash", ANY, ANY)
    taken.callback(1)(calls.double("turn"))
    made = CodeSet((WORD,), (DIGEST,))
    calls.expect("hasher.new", "alice", gives=made)
    job = calls.expect("batcher.submit", "alice", ANY, ANY)
    # Hashing took longer than any code is good for.
    monkeypatch.setattr("time.time", lambda: NOW + 1_000_000)
    hashing.callback()(hashing.callback(0)())
    active: Transition = job.callback(1)(offered)
    assert active.account is not None
    assert active.account.activated
    assert active.account.recovery == (DIGEST,)


def test_no_recovery_codes_are_made_for_a_first_code_that_is_wrong(calls: ExpectedCalls) -> None:
    asked = talk(calls)
    asked.asked(None)
    look = calls.expect("batcher.look", "alice", ANY, ANY)
    asked.reply(value="000000")
    asked.expect_told(REFUSED)
    look.callback()(REFUSED)


def test_without_a_key_nobody_is_activated(calls: ExpectedCalls) -> None:
    asked = talk(calls, code_hasher=None)
    asked.asked(None)
    compare = asked.expect_end(Rule.STATE_UNUSABLE, Rc.AUTHINFO_UNAVAIL)
    asked.reply(value=_code())
    compare()


# What a client makes a page of


def _by_pages() -> Context:
    about = context()
    return replace(about, client=replace(about.client, qr=Qr.URI))


def test_a_client_that_makes_pages_is_told_what_is_asked_and_others_are_asked_in_words(calls: ExpectedCalls) -> None:
    for about in (_by_pages(), context()):
        asked = talk(calls, about=about)
        look = calls.expect("batcher.look", "alice", ANY, ANY)
        asked.dialogue.begin()
        asking: Transition = look.callback(1)(ALICE)
        assert isinstance(asking.say, Ask)
        text = page_text(Stage.CODE, asking.say.text) if about.client.qr is Qr.URI else asking.say.text
        calls.expect("connection.say", write_ask(replace(asking.say, text=text)))
        look.callback()(asking)
        job = calls.expect("batcher.submit", "alice", ANY, ANY)
        asked.reply(value=_code())
        right: Transition = job.callback(1)(ALICE)
        asked.expect_told(right)
        job.callback()(right)


def test_promise_4_an_enrolment_token_is_hashed_before_it_is_judged(calls: ExpectedCalls) -> None:
    about = context()
    about = replace(about, settings=replace(about.settings, token_needed=True))
    invited = Account("alice", 1000, 77, token=DIGEST)
    asked = talk(calls, about=about)
    assert asked.asked(invited).state == ConversationState(Stage.TOKEN)
    turn = calls.expect("hashing.take_turn", "alice", ANY, ANY, 1)
    asked.reply(value=WORD)
    look = calls.expect("batcher.look", "alice", ANY, ANY)
    turn.callback(1)(calls.double("turn"))
    calls.expect("turn.hash", ANY, ANY)
    look.callback()(look.callback(1)(invited))


def test_while_a_first_code_is_looked_at_it_is_not_the_peers_turn(calls: ExpectedCalls) -> None:
    asked = talk(calls)
    asked.asked(None)
    connection = asked.dialogue._connection
    connection.busy = False
    calls.expect("batcher.look", "alice", ANY, ANY)
    asked.reply(value=_code())
    assert connection.busy


# A code of another hour


def _wrong(calls: ExpectedCalls) -> tuple[Talk, Call, Transition]:
    asked = talk(calls)
    asked.asked()
    job = calls.expect("batcher.submit", "alice", ANY, ANY)
    asked.reply(value=_code(2_000))
    wrong: Transition = job.callback(1)(ALICE)
    assert isinstance(wrong.far, Far)
    return asked, job, wrong


@pytest.mark.parametrize("taken", [False, True])
def test_a_wrong_code_that_is_of_no_other_hour_is_called_wrong(calls: ExpectedCalls, *, taken: bool) -> None:
    _, job, wrong = _wrong(calls)
    look = calls.expect("pieces.run", ANY, ANY, gives=taken)
    assert isinstance(wrong.say, Ask)
    if not taken:
        _expect_asked_again(calls, wrong)
    job.callback()(wrong)
    if taken:
        _expect_asked_again(calls, wrong)
        look.callback()(None)


def _expect_asked_again(calls: ExpectedCalls, wrong: Transition) -> None:
    assert isinstance(wrong.say, Ask)
    for record in wrong.records:
        calls.expect("services.audit", record)
    calls.expect("connection.say", write_ask(wrong.say))


def test_the_step_of_another_hour_is_stored_before_anything_is_said(calls: ExpectedCalls) -> None:
    _, job, wrong = _wrong(calls)
    look = calls.expect("pieces.run", ANY, ANY, gives=True)
    job.callback()(wrong)
    step = int(NOW) // 30 + 2_000
    stored = calls.expect("batcher.submit", "alice", ANY, ANY)
    look.callback()(step)
    outcome: Transition = stored.callback(1)(wrong.account)
    assert outcome.far is None
    assert outcome.account != wrong.account
    calls.expect("services.audit", ANY)
    said = calls.expect("connection.say_last" if isinstance(outcome.say, End) else "connection.say", ANY)
    stored.callback()(replace(outcome, records=outcome.records[:1]))
    assert said.came


def test_what_is_audited_of_a_broken_conversation_names_its_login(calls: ExpectedCalls) -> None:
    about = talk(calls).dialogue.about
    assert (about.user, about.service, about.address) == ("alice", "sshd", "192.0.2.1")


# A code by SMS


TEXTED = replace(ALICE, method=Method.SMS, phone=Secret(PHONE.encode()), phone_confirmed=True)


@pytest.fixture
def rules(tmp_path: Path) -> Rules:
    site = Site(tmp_path)
    site.write_config(scope=["alice"])
    return make_rules(load(site.config))


def _sms_talk(calls: ExpectedCalls, rules: Rules) -> tuple[Talk, Any, Call]:
    """A login by SMS that has begun: the talk, its connection, and the look for what stands in the way of a message."""
    connection = calls.double("connection", busy=False)
    dialogue = Dialogue(services(calls, rules), connection, context_of())
    connection.partner = dialogue
    begun = Talk(calls, dialogue)
    look = calls.expect("batcher.look", "alice", ANY, ANY)
    dialogue.begin()
    asking: Transition = look.callback(1)(TEXTED)
    assert asking.state is not None
    assert asking.state.stage is Stage.SMS
    way = calls.expect("sms.look", ANY, rules.config, TEXTED.phone, ANY)
    look.callback()(asking)
    return begun, connection, way


def _sms_asked(calls: ExpectedCalls, rules: Rules) -> tuple[Talk, Call]:
    """The same, asked for the code of a message; the timer after which that goes out."""
    begun, connection, way = _sms_talk(calls, rules)
    said = calls.expect("connection.say", ANY)
    timer = calls.expect("loop.call_later", BLIND_SECONDS, ANY, ANY, ANY, gives=calls.double("timer"))
    way.callback()(None)
    assert said.arguments[0].startswith(b"ask\0n=1")
    assert connection.busy, "say() is a double, which changes nothing"
    return begun, timer


def test_an_sms_is_announced_only_if_nothing_stands_in_its_way(calls: ExpectedCalls, rules: Rules) -> None:
    _sms_asked(calls, rules)


def test_what_stands_in_the_way_of_an_sms_is_told_in_place_of_a_question(calls: ExpectedCalls, rules: Rules) -> None:
    _, _, way = _sms_talk(calls, rules)
    again = calls.expect("batcher.look", "alice", ANY, ANY)
    way.callback()(SmsError(Rule.SMS_DOWN, "No message can be sent now.", "Twilio is down"))
    told: Transition = again.callback(1)(TEXTED)
    assert told.records[-1].rule == Rule.SMS_DOWN
    for record in told.records:
        calls.expect("services.audit", record)
    said = calls.expect("connection.say", ANY)
    again.callback()(told)
    assert b"No message can be sent now." in said.arguments[0]


def test_who_answers_before_a_message_goes_out_is_sent_none(calls: ExpectedCalls, rules: Rules) -> None:
    begun, _ = _sms_asked(calls, rules)
    calls.expect("timer.cancel")
    calls.expect("batcher.look", "alice", ANY, ANY)
    begun.reply(none="blind")


def test_who_hangs_up_before_a_message_goes_out_is_sent_none(calls: ExpectedCalls, rules: Rules) -> None:
    begun, _ = _sms_asked(calls, rules)
    calls.expect("timer.cancel")
    calls.expect("batcher.look", "alice", ANY, ANY)
    begun.dialogue.hung_up()


def test_a_message_goes_out_for_a_login_that_goes_on_and_for_no_other(calls: ExpectedCalls, rules: Rules) -> None:
    begun, timer = _sms_asked(calls, rules)
    connection = begun.dialogue._connection
    connection.partner = None
    timer.callback(1)(*timer.arguments[2:])
    connection.partner = begun.dialogue
    calls.expect("batcher.submit", "alice", ANY, ANY)
    timer.callback(1)(*timer.arguments[2:])


def test_an_answer_is_judged_by_how_the_message_fares(calls: ExpectedCalls, rules: Rules) -> None:
    begun, timer = _sms_asked(calls, rules)
    calls.expect("batcher.submit", "alice", ANY, ANY)
    timer.callback(1)(*timer.arguments[2:])
    calls.expect("batcher.look", "alice", ANY, ANY)
    begun.reply(none="empty")
    assert begun.dialogue._context.sms_attempt.report.state is DeliveryState.UNDER_WAY
