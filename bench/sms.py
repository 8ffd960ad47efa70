"""Logins with an app while others wait for a text message: a slow Twilio is to hold up nobody else."""

import json
import secrets
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Final, Self

from bench.accounts import name_of, uid_of
from bench.paths import ROOT
from bench.verifier import Verifier, Work
from rw2fa_daemon.core.account import Account, Method
from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.store.secrets import TWILIO_TOKEN
from tests.support.daemon import Hook
from tests.support.fake_twilio import ACCOUNT_SID, SENDER, TOKEN

PATIENCE_SECONDS: Final = 60.0
"""For a message, and for the daemon's answers."""
LOOK_SECONDS: Final = 0.2

CONFIGURATION: Final = """
[sms]
enabled = true
account_sid = "{account}"
phone_number = "{sender}"
api_url = "{url}"
per_user = 1000
per_number = 1000
per_source = 1000
per_day = 1000000
"""


class Phones:
    """What stands in for Twilio, in a process of its own, and what the people's phones show.

    It runs when nobody else wants to: elsewhere it would not take this machine's time.
    """

    def __init__(self, folder: Path, seconds: float) -> None:
        """`seconds` are what each answer takes."""
        self._log = folder / "twilio.log"
        program = [sys.executable, str(ROOT / "tests" / "support" / "fake_twilio.py")]
        options = ["--log", str(self._log), "--delay", str(seconds)]
        self._process = subprocess.Popen(
            ["nice", "-n", "39", *program, *options], stdout=subprocess.PIPE, encoding="utf-8"
        )
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._process.kill()
        self._process.communicate()

    def codes(self) -> list[tuple[str, str]]:
        """Number and code of each message so far."""
        if not self._log.exists():
            return []
        return [(text["to"], text["body"].split()[-1]) for text in map(json.loads, self._log.read_text().splitlines())]


class TextingVerifier(Verifier):
    """A state with `enrolled` people who have an app and `texting` more who get text messages."""

    def __init__(self, folder: Path, phones: Phones, *, enrolled: int, discrepancy: int, texting: int) -> None:
        sms = CONFIGURATION.format(account=ACCOUNT_SID, sender=SENDER, url=phones.url)
        super().__init__(folder, enrolled=enrolled, discrepancy=discrepancy, more=sms)
        self.phones = phones
        self.texting = range(enrolled, enrolled + texting)
        self._store.keep_secret(TWILIO_TOKEN, Secret(TOKEN.encode()))
        self._write(self.texting, give_number)


def number_of(user: int) -> str:
    """The phone number of a person, in the sender's country."""
    return f"+1415{5_550_000 + user:07d}"


def give_number(user: int) -> Work:
    """What makes a person somebody with a number that was confirmed."""

    def work(_: Account | None) -> tuple[Account, None]:
        phone = Secret(number_of(user).encode())
        generation = secrets.randbits(62)
        return Account(name_of(user), uid_of(user), generation, Method.SMS, phone, phone_confirmed=True), None

    return work


class Crowd:
    """All who get text messages sign in at once, and each types the code of the message that came."""

    def __init__(self, ours: TextingVerifier) -> None:
        self._ours = ours
        self._thread: threading.Thread | None = None
        self.let_in = 0
        """How many were, in all rounds."""

    def begin(self) -> None:
        """Have all ask; what follows goes on by itself."""
        self._thread = threading.Thread(target=self._sign_in)
        self._thread.start()

    def end(self) -> None:
        """Wait until the last one is in."""
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _sign_in(self) -> None:
        phones, socket = self._ours.phones, self._ours.socket
        before = len(phones.codes())
        with ExitStack() as stack:
            hooks = {user: stack.enter_context(Hook(socket, PATIENCE_SECONDS)) for user in self._ours.texting}
            for user, hook in hooks.items():
                hook.open(name_of(user))
            deadline = time.monotonic() + PATIENCE_SECONDS
            while len(phones.codes()) < before + len(hooks) and time.monotonic() < deadline:
                time.sleep(LOOK_SECONDS)
            latest = dict(phones.codes())
            for user, hook in hooks.items():
                code = latest.get(number_of(user))
                self.let_in += code is not None and hook.reply(code).get("rc") == "SUCCESS"


class Alone:
    """Logins with an app while nobody waits for a message."""

    asks = True

    def __init__(self, ours: TextingVerifier, crowd: Crowd) -> None:
        self.name = f"{ours.name}, SMS enabled"
        self.confdir = ours.confdir
        self._ours = ours
        self._crowd = crowd

    def refresh(self, users: range) -> None:
        """Forgets the used codes, failures and locks of `users`, once nobody waits any more."""
        self._crowd.end()
        self._ours.refresh(users)

    def cpu_seconds(self) -> float:
        """Processor time of the daemon and its children."""
        return self._ours.cpu_seconds()


class Beside(Alone):
    """The same while a crowd waits for a slow Twilio."""

    def __init__(self, ours: TextingVerifier, crowd: Crowd) -> None:
        super().__init__(ours, crowd)
        self.name = f"{self.name}, {len(ours.texting)} waiting for theirs"

    def refresh(self, users: range) -> None:
        """As before, then lets the crowd in."""
        super().refresh(users)
        self._crowd.begin()
