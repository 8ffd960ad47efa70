"""Logins by text message at the real programs: sshd, sudo, login (issue 4), and clients that answer blindly."""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from rw2fa_daemon.core.sms_stage import BLIND_SECONDS, RESEND_SECONDS
from tests.integration import prompts
from tests.support.fake_twilio import ACCOUNT_SID, SENDER, TOKEN
from tests.support.world.accounts import User, allow_key
from tests.support.world.cockpit import Cockpit
from tests.support.world.installation import DAEMON_LOG
from tests.support.world.paths import AUTH_LOG
from tests.support.world.secrecy import assert_absent, process_lists
from tests.support.world.site import Site
from tests.support.world.sshd import Sshd
from tests.support.world.terminal import Terminal
from tests.support.world.twilio import WorldTwilio
from tests.support.world.waiting import wait_until

pytestmark = pytest.mark.namespaces

ON_ITS_WAY = r"A verification code is on its way to the number ending \d\d\."
MESSAGE_SECONDS = 20.0
OPTED_OUT = "+14155552999"
"""Its owner answered STOP."""
RECIPIENT_STOPPED = "21610"
QUIET_SECONDS = BLIND_SECONDS + 1.5


@dataclass
class Texts:
    """A host that sends messages, and what its people's phones show."""

    site: Site
    twilio: WorldTwilio
    numbers: dict[str, str] = field(default_factory=dict)

    def user(self, number: str = "") -> User:
        """Somebody whose codes come by SMS, and who has not signed in yet."""
        user = self.site.newcomer()
        number = self.numbers[user.name] = number or f"+1415555{3000 + len(self.numbers)}"
        self.site.rw2fa.command("users", "edit", user.name, "--sms", number)
        return user

    def confirmed(self) -> User:
        """Somebody who has signed in once."""
        user = self.user()
        terminal = self.reach_the_question(user)
        terminal.answer(prompts.CODE, self.code(user))
        terminal.answer(prompts.ACKNOWLEDGED, "")
        assert terminal.end() == 0
        return user

    def reach_the_question(self, user: User) -> Terminal:
        terminal = self.site.sshd.login(user, timeout=MESSAGE_SECONDS)
        terminal.answer(prompts.PASSWORD, user.password)
        terminal.expect(ON_ITS_WAY)
        return terminal

    def count(self, user: User) -> int:
        """How many messages went to the person."""
        return len(self.twilio.messages(self.numbers[user.name]))

    def code(self, user: User, count: int = 1) -> str:
        """The code in the latest message, once there are so many."""
        wait_until("a message", lambda: self.count(user) >= count, MESSAGE_SECONDS)
        return self.twilio.messages(self.numbers[user.name])[-1].body.split()[-1]

    def stays_quiet(self, user: User) -> bool:
        """Whether no message goes to the person in the time in which one would."""
        before = self.count(user)
        time.sleep(QUIET_SECONDS)
        return self.count(user) == before


@pytest.fixture(scope="session")
def session_texts(session_site: Site) -> Texts:
    """One for the whole run: these tests may come in several goes, and a number must be nobody else's in any."""
    return Texts(session_site, WorldTwilio(session_site.world, "--refuse", OPTED_OUT, RECIPIENT_STOPPED))


@pytest.fixture(scope="module")
def texting(session_texts: Texts) -> Iterator[Texts]:
    site = session_texts.site
    if not site.rw2fa.is_running():
        site.rw2fa.start()
    site.rw2fa.command("settings", "set", "sms.api_url", session_texts.twilio.url)
    site.rw2fa.command("sms", "configure", "--account-sid", ACCOUNT_SID, "--from", SENDER, stdin=f"{TOKEN}\n")
    site.rw2fa.command("sms", "enable")
    yield session_texts
    site.rw2fa.command("sms", "disable", "--yes")


@pytest.fixture
def texts(texting: Texts, site: Site) -> Texts:
    """After `site`, which sees to it that the daemon runs."""
    assert texting.site is site
    return texting


def test_a_first_login_over_ssh_confirms_the_number_and_hands_out_recovery_codes(texts: Texts) -> None:
    user = texts.user()
    assert texts.site.show(user)["activated"] is False
    terminal = texts.reach_the_question(user)
    terminal.answer(prompts.CODE, texts.code(user))
    terminal.answer(prompts.ACKNOWLEDGED, "")
    assert terminal.end() == 0
    assert f"you-are-in-as-{user.name}" in terminal.screen
    shown = texts.site.show(user)
    assert (shown["activated"], shown["method"], shown["recovery_codes_left"]) == (True, "sms", 10)
    assert shown["phone"].endswith(texts.numbers[user.name][-2:])
    assert texts.numbers[user.name] not in str(shown)


def test_wrong_codes_are_refused_and_charged(texts: Texts) -> None:
    user = texts.confirmed()
    terminal = texts.reach_the_question(user)
    code = texts.code(user, 2)
    wrong = code[:-1] + ("0" if code[-1] != "0" else "1")
    for _ in range(3):
        terminal.answer(prompts.CODE, wrong)
    assert terminal.end() != 0
    assert "you-are-in" not in terminal.screen
    assert texts.site.show(user)["failures"] == 3


def test_a_recovery_code_that_is_pasted_at_once_lets_in_and_no_message_goes_out(texts: Texts) -> None:
    user = texts.confirmed()
    recovery = texts.site.rw2fa.json("users", "recovery", user.name)["recovery_codes"]
    terminal = texts.reach_the_question(user)
    terminal.answer(prompts.CODE, recovery[0])
    assert terminal.end() == 0
    assert f"you-are-in-as-{user.name}" in terminal.screen
    assert texts.stays_quiet(user)


def test_enter_too_soon_says_how_long_to_wait(texts: Texts) -> None:
    user = texts.confirmed()
    terminal = texts.reach_the_question(user)
    code = texts.code(user, 2)
    terminal.answer(prompts.CODE, "")
    if "still being sent" in terminal.expect("still being sent", "A message was sent"):
        terminal.answer(prompts.CODE, "")
        terminal.expect("A message was sent")
    terminal.answer(prompts.CODE, code)
    assert terminal.end() == 0
    assert texts.count(user) == 2


def test_enter_after_half_a_minute_sends_another_code_and_only_that_counts(texts: Texts) -> None:
    user = texts.confirmed()
    terminal = texts.reach_the_question(user)
    first = texts.code(user, 2)
    time.sleep(RESEND_SECONDS)
    terminal.answer(prompts.CODE, "")
    terminal.expect("Another code is on its way")
    second = texts.code(user, 3)
    terminal.answer(prompts.CODE, first)
    terminal.expect("not accepted")
    terminal.answer(prompts.CODE, second)
    assert terminal.end() == 0
    assert f"you-are-in-as-{user.name}" in terminal.screen


def test_who_answered_stop_is_told_so_at_the_next_key(texts: Texts) -> None:
    user = texts.user(OPTED_OUT)
    terminal = texts.reach_the_question(user)
    audit = ("audit", "--user", user.name)
    wait_until("the refusal", lambda: "STOP" in texts.site.rw2fa.command(*audit).stdout, MESSAGE_SECONDS)
    terminal.answer(prompts.CODE, "")
    terminal.expect("has replied STOP")
    terminal.answer("Press Enter", "")
    assert terminal.end() != 0
    assert "you-are-in" not in terminal.screen
    assert texts.count(user) == 0


def test_a_key_and_a_code_need_no_password(texts: Texts) -> None:
    user = texts.confirmed()
    key = allow_key(texts.site.world, user)
    terminal = texts.site.sshd.login(user, methods="publickey,keyboard-interactive", key=key, timeout=MESSAGE_SECONDS)
    terminal.answer(prompts.CODE, texts.code(user, 2))
    assert terminal.end() == 0
    assert "assword" not in terminal.screen


def test_promise_2_the_password_method_of_sshd_makes_no_message_go_out_and_is_charged_nothing(
    texts: Texts, bare_sshd: Sshd
) -> None:
    user = texts.confirmed()
    for _ in range(2):
        terminal = bare_sshd.login(user, methods="password")
        terminal.answer(prompts.PASSWORD, user.password)
        assert terminal.end() != 0
    assert texts.stays_quiet(user)
    assert texts.site.show(user)["failures"] == 0
    assert texts.site.rw2fa.command("audit", "--user", user.name).stdout.count("(no-answer)") == 2


def test_promise_10_a_wrong_password_makes_no_message_go_out(texts: Texts) -> None:
    user = texts.confirmed()
    terminal = texts.site.sshd.login(user)
    terminal.answer(prompts.PASSWORD, "not the password")
    assert terminal.end() != 0
    assert texts.stays_quiet(user)


def test_promise_10_a_key_alone_and_a_remote_desktop_make_no_message_go_out(texts: Texts) -> None:
    user = texts.confirmed()
    key = allow_key(texts.site.world, user)
    assert texts.site.sshd.login(user, methods="publickey", key=key, batch=True).end() != 0
    texts.site.sesman.verdict(user)
    assert texts.stays_quiet(user)


@pytest.fixture
def sudoer(texts: Texts) -> Iterator[User]:
    """Somebody with a confirmed number who may run everything as root, with the own password."""
    user = texts.confirmed()
    rule = f"/etc/sudoers.d/{user.name}"
    texts.site.world.write(rule, f"{user.name} ALL=(ALL:ALL) ALL\n", mode=0o440)
    yield user
    texts.site.world.path(rule).unlink()


def test_sudo_asks_for_a_code_by_text_message(texts: Texts, sudoer: User) -> None:
    terminal = texts.site.world.terminal("sudo", "-k", "id", "-un", user=sudoer.name, timeout=MESSAGE_SECONDS)
    terminal.answer(prompts.PASSWORD, sudoer.password)
    terminal.answer(prompts.CODE, texts.code(sudoer, 2))
    assert terminal.end() == 0
    assert terminal.screen.rstrip().endswith("root")


def test_promise_2_sudo_that_reads_a_password_from_a_pipe_makes_no_message_go_out(texts: Texts, sudoer: User) -> None:
    """As Ansible and scripts do: sudo -S."""
    done = texts.site.world.run(
        "sudo", "-k", "-S", "id", "-un", user=sudoer.name, stdin=f"{sudoer.password}\n" * 2, check=False
    )
    assert done.returncode != 0
    assert "root" not in done.stdout
    assert texts.stays_quiet(sudoer)
    assert texts.site.show(sudoer)["failures"] == 0


def test_promise_2_sudo_whose_helper_does_not_answer_makes_no_message_go_out(texts: Texts, sudoer: User) -> None:
    """As Cockpit's later versions do: the question waits for a page that nobody has opened."""
    helper = "/usr/local/bin/waits"
    texts.site.world.write(
        helper, f"#!/bin/sh\ncase $1 in *erification*) sleep 4;; *) echo '{sudoer.password}';; esac\n", mode=0o755
    )
    done = texts.site.world.run(
        "sudo", "-k", "-A", "id", "-un", user=sudoer.name, environment={"SUDO_ASKPASS": helper}, check=False
    )
    assert done.returncode != 0
    assert texts.stays_quiet(sudoer)
    assert texts.count(sudoer) == 1, "the one of the first login"


def test_promise_2_sudo_with_a_helper_that_knows_the_password_makes_no_message_go_out(
    texts: Texts, sudoer: User
) -> None:
    """As Cockpit's automatic sudo does: sudo -A."""
    helper = "/usr/local/bin/knows-the-password"
    texts.site.world.write(helper, f"#!/bin/sh\nsleep 0.2\necho '{sudoer.password}'\n", mode=0o755)
    done = texts.site.world.run(
        "sudo", "-k", "-A", "id", "-un", user=sudoer.name, environment={"SUDO_ASKPASS": helper}, check=False
    )
    assert done.returncode != 0
    assert texts.stays_quiet(sudoer)
    assert texts.site.show(sudoer)["failures"] == 0


def test_promise_2_cockpit_asks_for_a_code_and_its_automatic_sudo_makes_no_message_go_out(
    texts: Texts, sudoer: User
) -> None:
    cockpit = Cockpit(texts.site.world)
    logon = cockpit.logon(sudoer, lambda _: texts.code(sudoer, 2))
    assert logon.is_in
    assert any("number ending" in prompt for prompt in logon.prompts)

    def sudo_is_through() -> bool:
        """As with an app: asked in vain, or not asked, since a code was given in this session."""
        told = texts.site.rw2fa.command("audit", "--user", sudoer.name).stdout
        return re.search(r"sudo auth .*(no code: (blind|eof)|recent-code)", told) is not None

    wait_until("the end of sudo's conversation with us", sudo_is_through, seconds=40)
    assert texts.stays_quiet(sudoer)
    cockpit.stop()
    assert texts.count(sudoer) == 2
    assert texts.site.show(sudoer)["failures"] == 0


def test_promise_3_number_code_and_token_reach_no_log_and_no_process_list(texts: Texts) -> None:
    user = texts.user()
    terminal = texts.reach_the_question(user)
    code = texts.code(user)
    # The relay has just sent; every process of the login waits.
    assert_absent({texts.numbers[user.name], TOKEN}, process_lists(texts.site.world))
    terminal.answer(prompts.CODE, code)
    terminal.answer(prompts.ACKNOWLEDGED, "")
    assert terminal.end() == 0
    logs = {name: texts.site.world.read(name) for name in (str(AUTH_LOG), DAEMON_LOG)}
    logs["audit"] = texts.site.rw2fa.command("audit", "--json").stdout
    assert_absent({texts.numbers[user.name], TOKEN}, logs)
    assert not any(code in text.split() for text in logs.values())
    assert f"the number ending {texts.numbers[user.name][-2:]}" in logs["audit"]


def test_explain_says_that_a_code_comes_by_text_message(texts: Texts) -> None:
    user = texts.confirmed()
    explained = texts.site.rw2fa.json("explain", user.name, "--service", "sshd")
    assert (explained["decision"], explained["rule"]) == ("code", "sms")
    assert any("number ending" in remark for remark in explained["remarks"])
