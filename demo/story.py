"""The story that the demo tells, the same on every stage."""

import json
import random
import re
import time
from typing import Final

from playwright.sync_api import Page, expect

from demo.narration import Narrator
from demo.stage import TERMINAL, Actor, Stage
from rw2fa_portal.desktop.ending import SENTENCES as ENDINGS
from rw2fa_portal.desktop.ending import Ending
from rw2fa_portal.web.logon import REFUSED
from tests.support.browser import chromium, window
from tests.support.fake_twilio import ACCOUNT_SID, SENDER, TOKEN
from tests.support.world.phone import Phone
from tests.support.world.qr import read_code
from tests.support.world.terminal import Terminal
from tests.support.world.waiting import wait_until

PASSWORD: Final = "assword: ?"
CODE: Final = "Verification code: "
FIRST_CODE: Final = "Code that the app shows now: "
ACKNOWLEDGED: Final = "Press Enter when you have written them down: "
USED: Final = "That code was used already"

BOBS_NUMBER: Final = "+12025550123"
"""555-01xx is kept for stories."""
SMS_SECONDS: Final = 10.0

KILLS: Final = 6
"""How often the daemon dies in the middle of two logins with one code."""


def inside(actor: Actor) -> str:
    """What the remote shell prints for somebody who is in."""
    return f"you-are-in-as-{actor.name}"


class Story:
    """Plays every step on a stage, telling a narrator. Each step checks what it claims."""

    def __init__(self, stage: Stage, narrator: Narrator) -> None:
        self._stage, self._tell = stage, narrator
        self._alice = stage.actor("alice")
        self._bob = stage.actor("bob", group="staff")
        self._carol = stage.actor("carol")
        self._phone: Phone | None = None
        self._last_code = ""
        self.portal = ""
        """The address of the web portal, once it was shown."""

    def play(self) -> None:
        """All steps, in order."""
        self._set_up()
        self._first_login()
        self._second_login()
        self._same_code()
        self._key_alone()
        self._key_and_code()
        self._remote_desktop()
        self._whitelist()
        self._sms()
        self._kill()
        self._look_back()
        self._portal()

    def guest(self) -> Actor:
        """Somebody for the spectator to be: in the scope, with no phone yet."""
        dave = self._stage.actor("dave")
        self._stage.rw2fa("users", "add", dave.name)
        return dave

    # The steps

    def _set_up(self) -> None:
        tell, stage = self._tell, self._stage
        tell.step("Check, enable, add")
        tell.say(
            "It is off by default. The administrator adds the lines to the PAM configuration, names the users who\n"
            "need a second factor, and switches it on."
        )
        before = self._command("status")
        tell.claim("two-factor authentication is off", true=not self._json("status")["enabled"], because=before)
        if stage.pam_command:
            missing = self._command("pam", "check", check=False, most=6)
            tell.claim("nothing asks for a second factor yet: our lines are missing", true="sshd" in missing)
            self._command("pam", "install")
        else:
            tell.say("The lines that `rw2fa pam install` writes go into a private PAM folder here.")
            stage.put_lines()
        stage.start_daemon()
        self._command("users", "add", self._alice.name, "@staff")
        self._command(*stage.enable)
        stage.open_doors()
        if stage.pam_command:
            found = self._command("pam", "check")
            tell.claim("every way in now asks for a code", true="BAD" not in found, because=found)
        status = self._json("status")
        tell.claim(
            "it is on, and the daemon is running",
            true=bool(status["enabled"] and status["daemon"]),
            because=str(status),
        )
        bob = self._json("users", "show", self._bob.name)
        tell.claim("bob is enabled too, by his group staff", true=bool(bob["enabled"]), because=str(bob))
        carol = self._json("users", "show", self._carol.name)
        tell.claim("carol is not: she was not added", true=not carol["enabled"], because=str(carol))

    def _first_login(self) -> None:
        tell, stage, alice = self._tell, self._stage, self._alice
        tell.step("Alice's first SSH login")
        tell.say("Her password is right, but she has no device yet: the terminal says so, and shows a QR code.")
        terminal = self._ssh(alice)
        terminal.answer(PASSWORD, alice.password)
        terminal.expect(FIRST_CODE)
        tell.shows(terminal.screen)
        uri = read_code(terminal.screen)
        self._phone = phone = Phone(uri)
        tell.claim("a QR decoder reads the code from the terminal's output:", true=uri.startswith("otpauth://totp/"))
        tell.shows(uri.replace(phone.secret, "…"))
        tell.claim(
            "it names alice and this host",
            true=phone.name == alice.name and phone.issuer == f"{stage.host_name} - remote-work",
        )
        tell.claim(
            "the key is shown as text, for a phone without a camera",
            true=phone.secret in terminal.screen.replace(" ", ""),
        )
        tell.say("Her phone shows a first code. She types it.")
        seen = len(terminal.screen)
        self._last_code = phone.fresh()
        terminal.type(self._last_code)
        terminal.answer(ACKNOWLEDGED, "")
        status = terminal.end()
        tell.shows("Code that the app shows now: " + terminal.screen[seen:])
        words = re.findall(r"\b\w{4}-\w{4}-\w{4}\b", terminal.screen[seen:])
        tell.claim("ten recovery codes are printed, in case the phone is lost", true=len(set(words)) == 10)
        tell.claim("she is in", true=status == 0 and inside(alice) in terminal.screen, because=terminal.screen)
        shown = self._json("users", "show", alice.name)
        tell.claim("and her phone is activated", true=bool(shown["activated"]), because=str(shown))

    def _second_login(self) -> None:
        tell, alice = self._tell, self._alice
        tell.step("Her second login: password and code")
        tell.say("The phone runs some minutes ahead, so its next codes need no waiting; the window accepts them.")
        terminal = self._ssh(alice)
        terminal.answer(PASSWORD, alice.password)
        self._last_code = self._fresh()
        terminal.answer(CODE, self._last_code)
        self._ends(terminal, alice, welcome=True, claim="she is in")

        tell.say("Carol was not added: nothing has changed for her.")
        terminal = self._ssh(self._carol)
        terminal.answer(PASSWORD, self._carol.password)
        self._ends(terminal, self._carol, welcome=True, claim="carol is in with her password alone")

    def _same_code(self) -> None:
        tell, alice = self._tell, self._alice
        tell.step("The same code again")
        tell.say("Somebody has looked over her shoulder, and types the password and the same code seconds later.")
        terminal = self._ssh(alice)
        terminal.answer(PASSWORD, alice.password)
        terminal.answer(CODE, self._last_code)
        terminal.expect(USED)
        for _ in range(2):
            terminal.answer(CODE, self._last_code)
        self._ends(terminal, alice, welcome=False, claim="refused, however often it is typed")

    def _key_alone(self) -> None:
        tell, alice = self._tell, self._alice
        tell.step("A key alone")
        tell.say("A stolen laptop has alice's SSH key, but the thief does not have her phone.")
        tell.types(self._stage.ssh_command(alice, key=True).replace("ssh ", "ssh -o BatchMode=yes "))
        self._ends(self._stage.ssh_batch(alice), alice, welcome=False, claim="refused")
        tell.types(self._stage.ssh_command(self._carol, key=True).replace("ssh ", "ssh -o BatchMode=yes "))
        self._ends(
            self._stage.ssh_batch(self._carol),
            self._carol,
            welcome=True,
            claim="for carol, who was not added, keys and scripts still work",
        )

    def _key_and_code(self) -> None:
        tell, alice = self._tell, self._alice
        tell.step("Key and code")
        terminal = self._ssh(alice, key=True)
        terminal.answer(CODE, self._fresh())
        asked = "assword" in terminal.screen
        self._ends(terminal, alice, welcome=True, claim="she is in")
        tell.claim("and was not asked for a password", true=not asked, because=terminal.screen)

    def _remote_desktop(self) -> None:
        tell, stage, alice, carol = self._tell, self._stage, self._alice, self._carol
        tell.step("A remote-desktop client")
        tell.say(f"It cannot ask for a code, so {stage.remote_desktop} refuses her before the password is checked.")
        tell.claim("alice, right password: refused", true=not stage.rdp(alice, alice.password))
        tell.claim("alice, wrong password: refused", true=not stage.rdp(alice, "a guess"))
        tell.claim("and pam_unix never checked a password", true=not stage.password_was_looked_at())
        tell.claim("carol, right password: in, as before", true=stage.rdp(carol, carol.password))
        tell.claim("carol, wrong password: refused", true=not stage.rdp(carol, "a guess"))
        tell.claim("and there pam_unix checked the password", true=stage.password_was_looked_at())

    def _whitelist(self) -> None:
        tell, stage, bob = self._tell, self._stage, self._bob
        tell.step("The whitelist")
        tell.say("Bob needs a remote-desktop client. The administrator allows it, without a code.")
        tell.claim("bob, right password: refused, since his group was added", true=not stage.rdp(bob, bob.password))
        self._command("whitelist", "add", bob.name)
        tell.claim("bob, right password: in", true=stage.rdp(bob, bob.password))
        tell.claim("bob, wrong password: refused", true=not stage.rdp(bob, "a guess"))

    def _sms(self) -> None:
        tell, stage, bob = self._tell, self._stage, self._bob
        tell.step("A code by SMS")
        if stage.no_sms:
            tell.say(f"It cannot be shown here: {stage.no_sms}.")
            return
        url = stage.start_twilio()
        tell.say(
            "Bob has a phone, but no smartphone. No real message is sent here: a program on this machine stands in\n"
            "for Twilio, over real HTTP. Everything else is real: the relay sends through the twilio library as usual."
        )
        self._command("settings", "set", "sms.api_url", url)
        arguments = ("sms", "configure", "--account-sid", ACCOUNT_SID, "--from", SENDER)
        configured = self._command(*arguments, stdin=f"{TOKEN}\n", typed=f"echo $TOKEN | rw2fa {' '.join(arguments)}")
        tell.claim(
            "the stand-in was asked whether account and token are right",
            true="Twilio accepts account and token" in configured,
            because=configured,
        )
        self._command("sms", "enable")
        self._command("users", "edit", bob.name, "--sms", BOBS_NUMBER)
        terminal = self._ssh(bob)
        terminal.answer(PASSWORD, bob.password)
        terminal.expect(CODE)
        wait_until("a message", lambda: bool(stage.messages(BOBS_NUMBER)), SMS_SECONDS)
        tell.shows(terminal.screen)
        (message,) = stage.messages(BOBS_NUMBER)
        tell.claim("one message was accepted for his number; his phone would show:", true=True)
        tell.shows(message)
        code = message.split()[-1]
        seen = len(terminal.screen)
        terminal.type(code)
        terminal.answer(ACKNOWLEDGED, "")
        status = terminal.end()
        tell.shows(CODE + terminal.screen[seen:])
        tell.claim("he is in", true=status == 0 and inside(bob) in terminal.screen, because=terminal.screen)
        shown = self._json("users", "show", bob.name)
        tell.claim(
            "and his number is confirmed; only its country code and last digits are shown",
            true=(shown["activated"], shown["method"], shown["phone"]) == (True, "sms", "+1…23"),
            because=str(shown),
        )
        log = self._command("audit", "--user", bob.name, most=14)
        tell.claim(
            "the audit records the message, but neither number nor code",
            true="sms-sent" in log and BOBS_NUMBER not in log and code not in log.split(),
            because=log,
        )

    def _kill(self) -> None:
        tell, stage, alice = self._tell, self._stage, self._alice
        tell.step("The daemon dies in the middle of logins")
        tell.say(f"{KILLS} times, two logins send one code at once, and the daemon is killed while it checks them.")
        chance = random.Random(2)  # the moments are meant to vary, and to be the same in each demo
        accepted: list[str] = []
        for _ in range(KILLS):
            code = self._fresh()
            twins = [self._stage.ssh(alice) for _ in range(2)]
            for twin in twins:
                twin.answer(PASSWORD, alice.password)
                twin.expect(CODE)
            for twin in twins:
                twin.type(code)
            time.sleep(chance.uniform(0, 0.02))
            stage.kill_daemon()
            ends = [self._let_in_after_all(twin) for twin in twins]
            accepted += [code] * sum(ends)
            tell.shows(f"one code twice, SIGKILL: {sum(ends)} let in, {2 - sum(ends)} refused")
            stage.start_daemon()
        tell.claim("no code let two logins in", true=len(set(accepted)) == len(accepted), because=str(accepted))
        for code in accepted:
            terminal = stage.ssh(alice)
            terminal.answer(PASSWORD, alice.password)
            terminal.answer(CODE, code)
            terminal.expect(USED)
            terminal.hang_up()
        tell.claim(f"the restarted daemon refuses each accepted code ({len(accepted)})", true=True)
        terminal = stage.ssh(alice)
        terminal.answer(PASSWORD, alice.password)
        terminal.answer(CODE, self._fresh())
        tell.claim("and alice is still activated: her next code lets her in", true=self._let_in(terminal))

    def _look_back(self) -> None:
        tell = self._tell
        tell.step("What the administrator sees")
        self._command("status")
        self._command("users", "list")
        service = ("--service", "sshd", "--from", "192.0.2.7")
        self._command("explain", self._alice.name, *service)
        told = self._json("explain", self._alice.name, *service)
        tell.claim("explain predicts: a code", true=told["decision"] == "code", because=str(told))
        told = self._json("explain", self._alice.name, "--service", "xrdp-sesman")
        tell.claim("and by remote desktop: refused", true=told["decision"] == "deny", because=str(told))
        log = self._command("audit", "--user", self._alice.name, most=14)
        tell.claim(
            "the audit names the rules that decided",
            true="code-used-before" in log and "rdp-refused" in log,
            because=log,
        )
        tell.claim(
            "and contains neither her key nor a code",
            true=self._phone is not None and self._phone.secret not in log and self._last_code not in log.split(),
            because=log,
        )

    def _portal(self) -> None:
        tell, stage, alice = self._tell, self._stage, self._alice
        tell.step("The web portal")
        if stage.no_portal:
            tell.say(f"It cannot be shown here: {stage.no_portal}.")
            return
        tell.say("Alice is at a friend's, with nothing but a browser: a Chromium without a window. Its pages say:")
        self.portal = stage.start_portal()
        code = self._fresh()
        with chromium() as browser, window(browser, self.portal) as page:
            _type_in(page, alice, code)
            tell.shows(page.inner_text("main"))
            page.get_by_role("button", name="Sign in").click()
            expect(page).to_have_url(f"{self.portal}applications")
            tell.shows(page.inner_text("main"))
            shown = page.get_by_role("link", name=TERMINAL)
            tell.claim("password and code let her in, and what she may open is there", true=shown.is_visible())
            with window(browser, self.portal) as other:
                _type_in(other, alice, code)
                other.get_by_role("button", name="Sign in").click()
                refusal = other.get_by_role("alert").inner_text()
                tell.claim("the same code in another browser: refused", true=refusal == REFUSED, because=refusal)
                tell.shows(refusal)
            tell.say("She opens a terminal on the host, in the browser, and types `exit` there.")
            shown.click()
            screen = page.locator("#screen[data-state=connected]")
            expect(screen).to_be_visible()
            wait_until("the shell", lambda: stage.terminal_is_open(alice))
            tell.claim("its screen is there, and her shell runs on the host", true=True)
            page.keyboard.type("exit\n")
            ended = page.get_by_role("alert")
            expect(ended).to_have_text(ENDINGS[Ending.OVER])
            tell.claim("and what she types arrives: the terminal has ended", true=True)
            tell.shows(ended.inner_text())

    # Small things

    def _ssh(self, actor: Actor, *, key: bool = False) -> Terminal:
        self._tell.types(self._stage.ssh_command(actor, key=key))
        return self._stage.ssh(actor, key=key)

    def _ends(self, terminal: Terminal, actor: Actor, *, welcome: bool, claim: str) -> None:
        let_in = self._let_in(terminal, actor)
        self._tell.shows(terminal.screen)
        self._tell.claim(claim, true=let_in is welcome, because=terminal.screen)

    def _let_in(self, terminal: Terminal, actor: Actor | None = None) -> bool:
        return terminal.end() == 0 and inside(actor or self._alice) in terminal.screen

    def _let_in_after_all(self, terminal: Terminal) -> bool:
        """Whether a login was let in, of which nobody knows whether the daemon had judged it before it died."""
        if terminal.ends_before(USED):
            return self._let_in(terminal)
        terminal.hang_up()
        return False

    def _fresh(self) -> str:
        if self._phone is None:
            raise AssertionError("alice has no phone yet")
        return self._phone.fresh()

    def _command(self, *arguments: str, most: int = 40, check: bool = True, stdin: str = "", typed: str = "") -> str:
        """Runs a command of rw2fa and shows the first lines of what it printed; returns all of it.

        `typed` is what somebody types for it, where that is more than the command.
        """
        self._tell.types(typed or " ".join(("rw2fa", *arguments)))
        done = self._stage.rw2fa(*arguments, stdin=stdin, check=check)
        lines = (done.stdout + done.stderr).strip("\n").splitlines()
        more = [f"… ({len(lines) - most} more)"] if len(lines) > most else []
        self._tell.shows("\n".join([*lines[:most], *more]))
        return "\n".join(lines)

    def _json(self, *arguments: str) -> dict[str, object]:
        told: dict[str, object] = json.loads(self._stage.rw2fa(*arguments, "--json").stdout)
        return told


def _type_in(page: Page, actor: Actor, code: str) -> None:
    """Fill in the logon page."""
    page.goto("/")
    page.fill("[name=username]", actor.name)
    page.fill("[name=password]", actor.password)
    page.fill("[name=code]", code)
