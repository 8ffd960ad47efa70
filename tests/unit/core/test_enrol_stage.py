"""Setting up a device: what each step of it shows and stores."""

from dataclasses import replace

import pytest

from rw2fa_daemon.core import sessions
from rw2fa_daemon.core.account import Account, Credential
from rw2fa_daemon.core.clients import Client, Qr, ServiceClass
from rw2fa_daemon.core.enrol_stage import first_code_of_another_hour, judge_first_code, next_picture, noted
from rw2fa_daemon.core.far_clock import Far
from rw2fa_daemon.core.otp import code_at
from rw2fa_daemon.core.page_text import read_page_text
from rw2fa_daemon.core.policy import Rc
from rw2fa_daemon.core.prompts import Prompt
from rw2fa_daemon.core.recovery_codes import CodeSet
from rw2fa_daemon.core.rule import Rule
from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.core.transitions import Ask, Context, ConversationState, End, Stage
from tests.unit.core.sms import NOW, TERMINAL, context_of

PORTAL = Client(ServiceClass.CODE, qr=Qr.URI, portal=True)
PENDING = Credential(Secret(b"s" * 20), active=False)
ALICE = Account("alice", 1000, 77, credential=PENDING)
OFFERED = ConversationState(Stage.ENROL, offered=PENDING)
CODES = CodeSet(("abcd-efgh-jkmn", "pqrs-tuvw-xyz2"), (b"1" * 32, b"2" * 32))
NOW_STEP = int(NOW) // 30


def _context(client: Client = TERMINAL, **changes: object) -> Context:
    context = context_of(client=client, rules=None)
    login = replace(context.login, boot="boot", pid=42, parent=41)
    return replace(context, login=login, **changes)  # type: ignore[arg-type]  # names and values belong together


def _logon_of(account: Account | None, now: float) -> int | None:
    """The second of the code that a logon of the portal's process takes up."""
    assert account is not None
    return sessions.take_logon(account.counters.sessions, "boot", 42, now=now, booted_at=1.0)[1]


@pytest.mark.parametrize("client", [TERMINAL, PORTAL])
def test_the_recovery_codes_are_shown_each_in_a_line_of_its_own(client: Client) -> None:
    context = _context(client, recovery=CODES)
    shown = judge_first_code(OFFERED, ALICE, PENDING, code_at(PENDING.secret, NOW_STEP, 6), context)
    assert isinstance(shown.say, Ask)
    lines = [line.strip() for line in read_page_text(shown.say.text).lines]
    assert [line for line in lines if line in CODES.codes] == list(CODES.codes)
    if client is PORTAL:
        assert lines == list(CODES.codes), "the page needs nothing else"


def test_at_the_portal_the_time_for_the_logon_begins_once_the_codes_were_noted() -> None:
    at_the_portal = noted(ALICE, _context(PORTAL).at(NOW + 1_000))
    assert at_the_portal.say == End(Rc.SUCCESS, Rule.ACTIVATED, Prompt.ACTIVATED.value, 1000)
    assert _logon_of(at_the_portal.account, NOW + 1_001) == int(NOW) + 1_000
    assert _logon_of(noted(ALICE, _context()).account, NOW + 1) is None, "a terminal has no logon"


def test_enter_asks_the_next_question_with_the_next_of_the_pictures() -> None:
    context = _context()
    texts = []
    state = OFFERED
    for pictures in range(1, 5):
        again = next_picture(state, ALICE, context)
        assert isinstance(again.say, Ask)
        assert again.state == replace(OFFERED, n=1 + pictures, pictures=pictures)
        assert again.say.n == 1 + pictures
        texts.append(again.say.text)
        state = again.state
    assert len(set(texts)) == 4


@pytest.mark.parametrize(("steps", "told"), [(240, "2 hours"), (-240, "2 hours"), (-1_500, "12 hours and 30 minutes")])
def test_a_phone_that_is_hours_off_is_told_by_how_much(steps: int, told: str) -> None:
    look = Far(PENDING, "123456", NOW, 960)
    asked = first_code_of_another_hour(OFFERED, ALICE, NOW_STEP + steps, look)
    assert isinstance(asked.say, Ask)
    assert asked.say.text == Prompt.ENROL_CLOCK.value.format(minutes=told)
    assert asked.account == ALICE
