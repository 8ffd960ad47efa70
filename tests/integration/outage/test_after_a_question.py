"""A question was asked, then the daemon fails: no exception of the PAM line holds for that login (promise 5)."""

from collections.abc import Iterator

import pytest

from tests.integration import prompts
from tests.integration.outage.lines import with_argument
from tests.support.world.accounts import User
from tests.support.world.site import Member, Site
from tests.support.world.terminal import Terminal

pytestmark = pytest.mark.namespaces


@pytest.fixture
def root(site: Site) -> Iterator[Member]:
    """Root is in the scope and has a phone; the console is kept open for it."""
    password = "the root of the matter"
    site.world.run("chpasswd", "--crypt-method=SHA512", "--sha-rounds=1000", stdin=f"root:{password}\n")
    site.rw2fa.command("users", "add", "root")
    phone = site.enrol("root")
    with site.edited_pam("common-auth", lambda line: with_argument(line, "console=root unreachable=allow")):
        yield Member(User("root", password), phone)
    site.rw2fa.command("users", "remove", "root", "--yes")


def asked_at_the_console(site: Site, root: Member) -> Terminal:
    """login(1) on the console, where root has been asked for a code."""
    terminal = site.world.console("login")
    terminal.answer("login: ", root.user.name)
    terminal.answer(prompts.PASSWORD, root.user.password)
    terminal.expect(prompts.CODE)
    return terminal


def test_promise_5_a_daemon_silent_after_the_question_leaves_the_console_shut(site: Site, root: Member) -> None:
    terminal = asked_at_the_console(site, root)
    site.rw2fa.pause()
    try:
        terminal.type(root.phone.wrong())
        terminal.expect("Login incorrect")
    finally:
        site.rw2fa.resume()
    terminal.hang_up()
    assert "LET IN" not in site.log.text


def test_promise_5_a_daemon_killed_after_the_question_leaves_the_whole_login_shut(site: Site, root: Member) -> None:
    terminal = asked_at_the_console(site, root)
    site.rw2fa.kill()
    try:
        terminal.type(root.phone.wrong())
        # login(1) goes on with the same PAM handle: with nobody there to ask it was open from here on.
        terminal.answer("login: ", root.user.name)
        terminal.answer(prompts.PASSWORD, root.user.password)
        terminal.expect("Login incorrect")
        terminal.hang_up()
        assert "LET IN" not in site.log.text
        # Another login is open, as the line says.
        terminal = site.world.console("login")
        terminal.answer("login: ", root.user.name)
        terminal.answer(prompts.PASSWORD, root.user.password)
        terminal.answer(r"# $", "exit")
        terminal.end()
    finally:
        site.rw2fa.start()
