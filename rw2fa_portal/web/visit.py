"""Somebody at the portal, from the first answer of PAM to signing out: what is asked now, or who is signed in."""

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from rw2fa_daemon.core.page_text import PageText, read_page_text
from rw2fa_daemon.core.prompts import Prompt
from rw2fa_portal.desktop.ending import Ending, read_ending
from rw2fa_portal.protocol import Outcome, Phase
from rw2fa_portal.web.limits import LOOK_SECONDS
from rw2fa_portal.web.notice import Notice
from rw2fa_portal.web.rdp import RdpPass, read_pass
from rw2fa_portal.web.session_client import End, Question, SessionClient, Told, Unavailable

TYPED_ON_THE_LOGON_PAGE: Final = frozenset(("code", "recovery"))
"""Questions that the code of the logon page may answer. A text message and a first code come later."""

_OURS: Final = frozenset(prompt.value for prompt in Prompt)
_BEGINNINGS: Final = tuple(prompt.value.partition("{")[0] for prompt in (Prompt.CLOCK, Prompt.LOCKED_FOR))
"""Of those that have a time in them."""


_NEEDS: Final = {"code": Notice.CODE, "over": Notice.SIGNED_OUT}


class Refused(Exception):
    """A logon failed. `reasons` are what PAM told, to somebody who had shown the password; mostly nothing."""

    def __init__(self, reasons: tuple[str, ...] = ()) -> None:
        super().__init__("refused")
        self.reasons = reasons


@dataclass
class Visit:
    """One logon."""

    client: SessionClient
    address: str
    choice: str
    """How sessions are to be opened."""
    question: Question | None = None
    """What is asked; None once somebody is in."""
    user: str = ""
    repeated: bool = False
    """Whether the same is asked once more: what stands before the prompt says why."""
    picture: PageText | None = None
    """What the activation shows: it is sent once, and stays the same for all tries."""
    codes: tuple[str, ...] = ()
    """New recovery codes, until their user has noted them down."""
    looked: float = 0.0
    used: float = 0.0
    """When a screen was last seen open (monotonic seconds)."""
    over: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the logon has ended: its screens are closed then."""
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Requests of one browser wait for one another: the conversation has one end."""

    def close(self) -> None:
        """End the logon."""
        self.over.set()
        self.client.close()

    @property
    def page(self) -> PageText:
        """What is asked now, in parts."""
        return read_page_text(self.question.text if self.question else "")

    @property
    def stands(self) -> bool:
        """Whether somebody is signed in."""
        return self.question is None and bool(self.user) and not self.over.is_set()

    @property
    def ended(self) -> bool:
        """Whether it was ended."""
        return self.over.is_set()

    def asks(self, number: str) -> bool:
        """Whether that question is the one that is asked now."""
        return self.question is not None and self.question.number == number

    async def answer(self, value: str) -> None:
        """Answer what is asked now. Raises Refused or Unavailable, and has ended then."""
        question = self.question
        if question is None:
            raise Refused
        asked = self.page.asked
        self._take(await self.client.reply(question, value))
        self.repeated = self.question is not None and self.page.asked == asked

    async def answer_at_once(self, code: str) -> None:
        """Answer what is asked now with what was typed before; Refused, too, if that is not taken."""
        await self.answer(code)
        if self.repeated:
            raise Refused

    async def look(self, now: float) -> bool:
        """Whether PAM would still let this user in, looked at from time to time (monotonic seconds)."""
        if now < self.looked + LOOK_SECONDS:
            return True
        if self.question is not None:
            return True  # the conversation has one end, and its other end waits for an answer
        self.looked = now
        report = await self.client.ask("look", {})
        return report.get("outcome") == Outcome.IN

    async def names(self) -> list[str]:
        """What this user may open, the desktop first. Raises Unavailable."""
        async with self._quiet():
            report = await self.client.ask("applications", {})
        return report.get("names", "").splitlines()

    async def open_screen(self, name: str) -> socket.socket | Ending | Notice:
        """A connection to the screen of an application, or why there is none. Raises Unavailable."""
        async with self._quiet():
            report, screen = await self.client.open_screen(name)
        if screen is not None:
            return screen
        if "needs" in report:
            return _NEEDS.get(report["needs"], Notice.REFUSED)
        return read_ending(report["ending"]) if "ending" in report else Notice.REFUSED

    async def screen_ending(self, name: str) -> Ending | None:
        """How the session of an application ended, None while it runs. Raises Unavailable."""
        async with self._quiet():
            report = await self.client.ask("ending", {"name": name})
        return read_ending(report["ending"]) if "ending" in report else None

    async def arm(self, address: str) -> RdpPass | Notice | str:
        """A pass for one RDP login from `address`, or why there is none: a notice, or the daemon's words.

        Raises Unavailable.
        """
        async with self._quiet():
            report = await self.client.ask("arm", {"address": address} if address else {})
        if report.get("outcome") == Outcome.UNAVAILABLE:
            raise Unavailable("nobody could judge")
        if report.get("outcome") == Outcome.IN:
            return read_pass(report)
        text = report.get("text", "")
        return _NEEDS.get(report.get("needs", "")) or (text if text in _OURS else Notice.REFUSED)

    async def rdp_pass(self) -> RdpPass:
        """What became of the latest pass. Raises Unavailable."""
        async with self._quiet():
            report = await self.client.ask("pass", {})
        if report.get("outcome") != Outcome.IN:
            raise Unavailable("nobody says anything about a pass")
        return read_pass(report)

    async def account(self) -> Mapping[str, str]:
        """What there is of this user, in the words of the protocol. Raises Unavailable."""
        async with self._quiet():
            report = await self.client.ask("account", {})
        if report.get("outcome") != Outcome.IN:
            raise Unavailable("nobody says anything about the user")
        return report

    async def ask_code(self, verb: str = "code") -> None:
        """Have another code asked for, for the logon (`code`) or for new recovery codes (`recovery`).

        The visit does not stand until it is answered. Raises Refused or Unavailable.
        """
        async with self._quiet():
            self._take(await self.client.ask_code(verb))

    @asynccontextmanager
    async def _quiet(self) -> AsyncIterator[None]:
        """Have the conversation to oneself; Unavailable while a question stands: only its answer may be sent then."""
        async with self.turn:
            if not self.stands:
                raise Unavailable("a question is open")
            yield

    def _take(self, step: Question | End) -> None:
        if isinstance(step, End):
            self.question = None
            if step.outcome is Outcome.IN:
                self.user, self.codes = step.user, step.codes
                return
            self.close()
            if step.outcome is Outcome.UNAVAILABLE:
                raise Unavailable("nobody could judge")
            raise Refused(_reasons(step.told))
        self.question = step
        page = self.page
        if page.asked == "enrol" and page.lines[0].startswith("otpauth:"):
            self.picture = page


async def begin(path: Path, user: str, password: str, code: str, address: str, choice: str) -> Visit:
    """A logon with what the logon page has: in, or at its next question. Raises Refused or Unavailable.

    Of a failure it tells what PAM told only where no code was typed: then it is known that the password was right.
    With one, a wrong password and a wrong code look the same.
    """
    visit = Visit(await SessionClient.connect(path), address, choice)
    try:
        visit._take(await visit.client.begin(user, address))  # noqa: SLF001  # of this module
        if visit.question is not None and visit.question.hidden:
            await visit.answer(password)
        if code and visit.question is not None and visit.page.asked in TYPED_ON_THE_LOGON_PAGE:
            await visit.answer_at_once(code)
    except Refused as refused:
        visit.close()
        raise Refused(() if code else refused.reasons) from None
    except BaseException:
        visit.close()
        raise
    return visit


def _reasons(told: tuple[Told, ...]) -> tuple[str, ...]:
    """What may be told of a refusal.

    In auth, what is ours and says what to do: it comes after the password. What other modules say there may come to
    somebody who has shown none. In later phases all.
    """
    return tuple(one.text for one in told if one.phase is not Phase.AUTH or (one.error and _is_ours(one.text)))


def _is_ours(text: str) -> bool:
    return text != Prompt.LOGIN_REFUSED.value and (text in _OURS or text.startswith(_BEGINNINGS))
