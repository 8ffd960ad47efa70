"""The answer to the question for a code: what is asked next, and what is remembered of a right one."""

from dataclasses import replace

import pytest

from rw2fa_daemon.core import sessions
from rw2fa_daemon.core.account import Account, Credential
from rw2fa_daemon.core.clients import Client, Information, ServiceClass
from rw2fa_daemon.core.code_stage import judge_code, remember_session
from rw2fa_daemon.core.otp import code_at
from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.core.transitions import Ask, Context, ConversationState, End, Stage
from tests.unit.core.sms import NOW, TERMINAL, context_of

SUDO = Client(ServiceClass.CODE, information=Information.AT_ONCE, remembers_session=True)
PORTAL = Client(ServiceClass.CODE, portal=True)
KEY = Credential(Secret(b"s" * 20), active=True, digits=10)
ALICE = Account("alice", 1000, 77, credential=KEY)
ASKED = ConversationState(Stage.CODE)
NOW_STEP = int(NOW) // 30
BOOTED = NOW - 1_000


def _context(client: Client, session: str = "") -> Context:
    context = context_of(client=client, rules=None, digits=10)
    return replace(context, login=replace(context.login, boot="boot", pid=42, parent=41, session=session))


def test_after_a_wrong_code_the_next_question_has_the_next_number() -> None:
    state = ASKED
    for wrong in (1, 2):
        asked = judge_code(state, ALICE, KEY, "0000000000", _context(TERMINAL))
        assert isinstance(asked.say, Ask)
        assert asked.state is not None
        assert (asked.say.n, asked.state.n, asked.state.wrong) == (1 + wrong, 1 + wrong, wrong)
        state = asked.state
    assert isinstance(judge_code(state, ALICE, KEY, "0000000000", _context(TERMINAL)).say, End)


def test_after_a_used_code_the_next_question_has_the_next_number() -> None:
    code = code_at(KEY.secret, NOW_STEP, 10)
    used = judge_code(ASKED, ALICE, KEY, code, _context(TERMINAL)).account
    assert used is not None
    asked = judge_code(ASKED, used, KEY, code, _context(TERMINAL))
    assert isinstance(asked.say, Ask)
    assert asked.state == replace(ASKED, n=2, used=1)
    assert asked.say.n == 2


@pytest.mark.parametrize(
    ("offset", "reason"),
    [
        (0, ""),
        (1, ""),
        (-1, ""),
        (2, "valid, 1 minute early"),
        (-2, "valid, 1 minute late"),
        (240, "valid, 2 hours early"),
    ],
)
def test_the_audit_says_how_far_off_a_right_code_was_beyond_one_step(offset: int, reason: str) -> None:
    code = code_at(KEY.secret, NOW_STEP + offset, 10)
    (record,) = judge_code(ASKED, ALICE, KEY, code, _context(TERMINAL)).records
    assert (record.rule, record.reason) == ("code-right", reason)


def test_a_code_for_ssh_counts_in_the_session_that_it_opens() -> None:
    remembered = remember_session(ALICE, _context(TERMINAL)).counters.sessions
    opened = sessions.opened(remembered, "boot:5", 42, now=NOW + 1, booted_at=BOOTED)
    assert sessions.accepted_at(opened, "boot:5") == NOW


def test_promise_4_a_code_for_sudo_counts_in_its_own_session_and_opens_none() -> None:
    remembered = remember_session(ALICE, _context(SUDO, "boot:4")).counters.sessions
    assert sessions.accepted_at(remembered, "boot:4") == NOW
    opened = sessions.opened(remembered, "boot:5", 42, now=NOW + 1, booted_at=BOOTED)
    assert sessions.accepted_at(opened, "boot:5") is None


def test_promise_4_a_code_for_the_portal_serves_one_logon_and_no_session() -> None:
    remembered = remember_session(ALICE, _context(PORTAL, "boot:4")).counters.sessions
    assert sessions.accepted_at(remembered, "boot:4") is None
    left, judged_at = sessions.take_logon(remembered, "boot", 42, now=NOW + 1, booted_at=BOOTED)
    assert judged_at == NOW
    assert sessions.take_logon(left, "boot", 42, now=NOW + 2, booted_at=BOOTED)[1] is None
