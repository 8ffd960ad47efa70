"""A phone with an authenticator app, in the hands of somebody who reads what a terminal shows."""

from __future__ import annotations

import re
import time

import pyotp

PERIOD = 30


class Phone:
    """Set up from the key that an enrolment shows as text; never shows the same code twice."""

    def __init__(self, screen: str) -> None:
        """`screen` is what the login showed. Raises AssertionError where no key is on it."""
        shown = re.search(r"key +([A-Z2-7 ]+)", screen)
        assert shown is not None, f"no key on the screen:\n{screen}"
        self.key = shown[1].replace(" ", "")
        self._totp = pyotp.TOTP(self.key)
        self._step = int(time.time()) // PERIOD - 1
        self.shown: list[str] = []
        """The codes so far."""

    def code(self) -> str:
        """The next code: of now, or of the step after the last one, as if that time had passed."""
        self._step = max(self._step + 1, int(time.time()) // PERIOD)
        self.shown.append(self._totp.at(self._step * PERIOD))
        return self.shown[-1]
