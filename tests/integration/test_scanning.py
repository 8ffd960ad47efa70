"""The QR code of a first login as it arrives at each client, on dark and light terminals, read by a strict reader."""

import re
from collections.abc import Callable

import pytest

from tests.integration import prompts
from tests.support.world.accounts import User
from tests.support.world.phone import Phone
from tests.support.world.qr import COLUMNS, ROWS
from tests.support.world.screen import Background, strictly_read, visible
from tests.support.world.site import Site
from tests.support.world.terminal import Terminal

pytestmark = pytest.mark.namespaces

EITHER = list(Background)
LARGE = {"rows": ROWS, "columns": COLUMNS}
"""A window that whoever is told to enlarge it has."""
C_LOCALE = {"LC_ALL": "C", "LANG": "C"}
OCTAL = re.compile(r"\\[0-3][0-7]{2}")
HALF_DARK, HALF_LIGHT, FULL_LIGHT = 1, 2, 3
"""How often Enter is pressed, over SSH, until that picture is shown: block characters, plain letters."""


def openssh(site: Site, user: User, environment: dict[str, str] | None = None) -> Terminal:
    return site.sshd.login(user, environment=environment)


def dropbear(site: Site, user: User) -> Terminal:
    argv = ("dbclient", "-y", "-y", "-l", user.name, "127.0.0.1", f"echo you-are-in-as-{user.name}")
    return site.world.terminal(*argv)


def login(site: Site, user: User) -> Terminal:
    terminal = site.world.terminal("login")
    terminal.answer("login: ", user.name)
    return terminal


def su(site: Site, user: User) -> Terminal:
    return site.world.terminal("su", user.name, "-c", "id -un", user="daemon")


def first_question(terminal: Terminal, user: User) -> str:
    """What the person sees from the password on, up to the question for the first code."""
    terminal.answer(prompts.PASSWORD, user.password)
    before = len(terminal.screen)
    terminal.expect(prompts.FIRST_CODE)
    return terminal.screen[before:]


def after_enter(terminal: Terminal, times: int) -> str:
    """What the last of so many presses of Enter shows."""
    before = 0
    for _ in range(times):
        before = len(terminal.screen)
        terminal.type("")
        terminal.expect(prompts.FIRST_CODE)
    return terminal.screen[before:]


def key_in(shown: str) -> str:
    key = re.search(r"(?m)^key  ((?:[A-Z2-7]{4} ?){8})$", shown)
    assert key is not None, shown
    return key[1].replace(" ", "")


def pending(site: Site, user: User) -> str:
    """The URI of the secret that was shown; an unfinished enrolment keeps it."""
    return str(site.rw2fa.json("users", "enrol", user.name)["uri"])


def finish(terminal: Terminal, uri: str) -> None:
    terminal.type(Phone(uri).code())
    terminal.answer(prompts.ACKNOWLEDGED, "")


@pytest.mark.parametrize("program", [login, su])
def test_on_a_terminal_of_80_by_24_picture_key_and_prompt_are_all_there_and_scan(
    site: Site, newcomer: User, program: Callable[[Site, User], Terminal]
) -> None:
    terminal = program(site, newcomer)
    shown = first_question(terminal, newcomer)
    uri = pending(site, newcomer)
    screen = visible(shown)
    for background in EITHER:
        assert strictly_read(screen, background) == uri, background
    lines = "\n".join(line.rstrip() for line in screen.display)
    assert "Two-factor authentication is" in lines, "why"
    assert key_in(lines) == Phone(uri).secret
    assert lines.endswith(prompts.FIRST_CODE.rstrip())
    # For a terminal that knows no block characters: coloured blanks.
    other = after_enter(terminal, 1)
    assert other.isascii()
    for background in EITHER:
        assert strictly_read(visible(other, **LARGE), background) == uri, background
    finish(terminal, uri)
    terminal.hang_up()


def test_over_ssh_the_first_picture_is_plain_letters_and_enter_brings_the_others(site: Site, newcomer: User) -> None:
    terminal = openssh(site, newcomer)
    shown = first_question(terminal, newcomer)
    uri = pending(site, newcomer)
    assert strictly_read(visible(shown, **LARGE), Background.DARK) == uri
    assert key_in(shown) == Phone(uri).secret
    assert "enlarge the window" in shown
    assert "Press Enter for a small picture" in shown
    assert strictly_read(visible(after_enter(terminal, HALF_DARK)), Background.DARK) == uri, (
        "in 80 columns and 24 lines"
    )
    light = after_enter(terminal, HALF_LIGHT - HALF_DARK)
    assert strictly_read(visible(light), Background.LIGHT) == uri, "in 80 columns and 24 lines"
    assert strictly_read(visible(light), Background.DARK) is None, "or the reader is not strict"
    large = after_enter(terminal, FULL_LIGHT - HALF_LIGHT)
    assert strictly_read(visible(large, **LARGE), Background.LIGHT) == uri
    finish(terminal, uri)
    assert terminal.end() == 0


def test_openssh_in_a_c_locale_shows_no_octal_and_a_picture_that_scans(site: Site, newcomer: User) -> None:
    terminal = openssh(site, newcomer, C_LOCALE)
    shown = first_question(terminal, newcomer)
    uri = pending(site, newcomer)
    assert not OCTAL.search(shown)
    assert len(shown) < 6_000
    assert strictly_read(visible(shown, **LARGE), Background.DARK) == uri
    assert key_in(shown) == Phone(uri).secret
    assert strictly_read(visible(after_enter(terminal, FULL_LIGHT), **LARGE), Background.LIGHT) == uri
    finish(terminal, uri)
    assert terminal.end() == 0


def test_dropbears_client_shows_a_picture_that_scans(site: Site, newcomer: User) -> None:
    terminal = dropbear(site, newcomer)
    shown = first_question(terminal, newcomer)
    uri = pending(site, newcomer)
    assert strictly_read(visible(shown, **LARGE), Background.DARK) == uri
    assert key_in(shown) == Phone(uri).secret
    assert strictly_read(visible(after_enter(terminal, FULL_LIGHT), **LARGE), Background.LIGHT) == uri
    finish(terminal, uri)
    assert terminal.end() == 0
    assert f"you-are-in-as-{newcomer.name}" in terminal.screen


def test_where_80_by_24_cannot_hold_the_picture_it_says_so_and_scans_in_a_larger_window(
    site: Site, newcomer: User
) -> None:
    site.rw2fa.command("settings", "set", "issuer", "Ä" * 32)
    try:
        terminal = login(site, newcomer)
        shown = first_question(terminal, newcomer)
        uri = pending(site, newcomer)
    finally:
        site.rw2fa.command("settings", "unset", "issuer")
    assert "enlarge the window" in shown
    assert Phone(uri).issuer == "Ä" * 32
    for background in EITHER:
        assert strictly_read(visible(shown, **LARGE), background) == uri, background
    lines = visible(shown).display
    assert any(line.startswith("key  ") for line in lines), "the key is in sight"
    terminal.hang_up()
