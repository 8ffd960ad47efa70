"""What a spectator reads: headings, short lines, what programs print, and a tick for each claim that was checked."""

import shutil
import sys
import time
from typing import Final

_WIDTH: Final = min(100, shutil.get_terminal_size((100, 24)).columns)
_BOLD, _GREEN, _RED, _DIM, _PLAIN = "\x1b[1m", "\x1b[32m", "\x1b[31m", "\x1b[2m", "\x1b[0m"


class ClaimError(Exception):
    """Something that the demo was about to say is not true."""


class Narrator:
    """Prints to standard output. Colours are used on a terminal only."""

    def __init__(self) -> None:
        self._colours = sys.stdout.isatty()
        self._steps = 0
        self._claims = 0
        self._began = time.monotonic()

    @property
    def verdict(self) -> str:
        """How much was shown, and how long it took."""
        return f"{self._claims} claims in {self._steps} steps, {time.monotonic() - self._began:.0f} s"

    def title(self, text: str) -> None:
        """The first line of all."""
        self._line("")
        self._line(self._in(_BOLD, text))

    def step(self, text: str) -> None:
        """The heading of the next step."""
        self._steps += 1
        head = f"── {self._steps}  {text} "
        self._line("")
        self._line(self._in(_BOLD, head + "─" * max(0, _WIDTH - len(head))))

    def say(self, text: str) -> None:
        """A line or two of what is about to happen, and why."""
        self._line("")
        for line in text.splitlines():
            self._line(f"   {line}")

    def types(self, command: str) -> None:
        """What somebody types at a shell."""
        self._line("")
        self._line(f"   {self._in(_BOLD, '$ ' + command)}")

    def shows(self, text: str) -> None:
        """What a program printed."""
        for line in text.strip("\n").splitlines():
            self._line(f"   {self._in(_DIM, '│')} {line}")

    def claim(self, text: str, *, true: bool, because: str = "") -> None:
        """Ticks a claim that holds; raises ClaimError, with the reason, for one that does not."""
        if not true:
            raise ClaimError(f"not true: {text}" + (f"\n{because}" if because else ""))
        self._claims += 1
        self._line(f"   {self._in(_GREEN, '✓')} {text}")

    def failed(self, problem: Exception) -> None:
        """The last line of a demo that showed something untrue."""
        first, *more = str(problem).splitlines()
        self._line(f"   {self._in(_RED, '✗')} {first}")
        self.shows("\n".join(more))
        self._line("")
        self._line(self._in(_BOLD, "The demo failed."))

    def _in(self, colour: str, text: str) -> str:
        return f"{colour}{text}{_PLAIN}" if self._colours else text

    @staticmethod
    def _line(text: str) -> None:
        print(text, flush=True)
