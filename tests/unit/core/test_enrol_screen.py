"""What fits a terminal of 80 columns and 24 lines while a user enrols there."""

import pytest

from rw2fa_daemon.core.account import Credential
from rw2fa_daemon.core.clients import Client, Information, Qr, ServiceClass
from rw2fa_daemon.core.enrol_screen import COLUMNS, SCREEN_BYTES_MAX, enrolment_screen
from rw2fa_daemon.core.page_text import read_page_text
from rw2fa_daemon.core.prompts import Prompt
from rw2fa_daemon.core.qr import HALF_LINES, RENDERINGS, Shape
from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.core.transitions import Context
from rw2fa_daemon.core.uri import spaced_key
from tests.unit.core.sms import context_of

KEY = Credential(Secret(b"s" * 20), active=False)
WAYS = [(qr, turn) for qr in (Qr.BLOCKS, Qr.ASCII) for turn in range(4)]


def _context(qr: Qr) -> Context:
    return context_of(client=Client(ServiceClass.CODE, information=Information.AT_ONCE, qr=qr), rules=None)


@pytest.mark.parametrize(("qr", "turn"), WAYS)
def test_each_rendering_comes_with_key_account_and_prompt(qr: Qr, turn: int) -> None:
    screen = enrolment_screen("alice", KEY, _context(qr), turn)
    lines = screen.split("\n")
    assert lines[0] == "", "the picture begins on a line of its own"
    assert f"key  {spaced_key(KEY.secret)}" in lines
    assert "host:alice" in screen
    assert "6 digits" in screen
    assert screen.endswith(Prompt.ENROL_PROMPT.value)
    assert len(screen.encode()) <= SCREEN_BYTES_MAX + 1_000
    if RENDERINGS[qr, False][turn].shape is Shape.HALF:
        assert max(map(len, lines)) < COLUMNS
        assert len(lines) <= HALF_LINES + 3


@pytest.mark.parametrize("qr", [Qr.BLOCKS, Qr.ASCII])
def test_the_text_stands_in_paragraphs_beside_the_picture_or_below_it(qr: Qr) -> None:
    """Beside it what is typed by hand is apart from why: there a line has only the picture."""
    lines = enrolment_screen("alice", KEY, _context(qr), 0).split("\n")
    why = next(at for at, line in enumerate(lines) if Prompt.ENROL_WHY.value.split()[0] in line)
    account = next(at for at, line in enumerate(lines) if "account  host:alice" in line)
    width = lines[account].index("account")
    apart = [at for at in range(why, account) if not lines[at][width:].strip()]
    assert len(apart) == 1, "one line between what to scan and what to type instead"


def test_the_renderings_go_round_and_each_names_the_next() -> None:
    context = _context(Qr.BLOCKS)
    screens = [enrolment_screen("alice", KEY, context, turn) for turn in range(5)]
    assert screens[4] == screens[0]
    assert len(set(screens[:4])) == 4


def test_a_client_that_draws_the_picture_itself_gets_address_and_key_alone() -> None:
    uri, key = read_page_text(enrolment_screen("alice", KEY, _context(Qr.URI), 0)).lines
    assert uri.startswith("otpauth://totp/")
    assert key == spaced_key(KEY.secret)


def test_promise_11_a_picture_that_no_message_holds_is_left_out_and_the_key_stays() -> None:
    context = _context(Qr.BLOCKS)
    large = enrolment_screen("a" * 250, KEY, context, 2)
    assert "##" in large
    too_large = enrolment_screen("a" * 900, KEY, context, 2)
    assert "##" not in too_large
    assert len(too_large.encode()) < SCREEN_BYTES_MAX
    assert spaced_key(KEY.secret) in too_large
    assert too_large.endswith(Prompt.ENROL_PROMPT.value)
