"""`@stoplight/prism-cli`: a server, or a proxy, that holds what passes against an OpenAPI description."""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from tests.support.closing import Closing

REPOSITORY: Final = Path(__file__).resolve().parents[2]
LOCK: Final = REPOSITORY / "requirements" / "prism"
KEPT_UNDER: Final = REPOSITORY / "build" / "prism"
DESCRIPTION: Final = REPOSITORY.parent / "shared" / "data" / "twilio-messages-openapi.json"
"""Twilio's description of the Messages resource. It is not part of this repository."""
START_SECONDS: Final = 60.0
BRING_SECONDS: Final = 120.0
"""For npm to bring the program; a machine without a registry in reach would try for longer."""


class Unavailable(Exception):
    """The program cannot be installed on this machine; the argument says why."""


def prism() -> Path:
    """The program, brought once by npm, as requirements/prism/package-lock.json pins it; or Unavailable."""
    KEPT_UNDER.mkdir(parents=True, exist_ok=True)
    with (KEPT_UNDER / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = (LOCK / "package-lock.json").read_bytes()
        made_by = KEPT_UNDER / ".made-by"
        if not made_by.exists() or made_by.read_bytes() != wanted:
            for name in ("package.json", "package-lock.json"):
                shutil.copy(LOCK / name, KEPT_UNDER / name)
            _bring()
            made_by.write_bytes(wanted)
    return KEPT_UNDER / "node_modules" / ".bin" / "prism"


def _bring() -> None:
    try:
        subprocess.run(
            ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"],
            cwd=KEPT_UNDER,
            check=True,
            capture_output=True,
            text=True,
            timeout=BRING_SECONDS,
        )
    except subprocess.CalledProcessError as error:
        raise Unavailable(f"npm brought no prism: {error.stdout}{error.stderr}") from None
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable(f"npm brought no prism: {error}") from None


class Prism(Closing):
    """A server on loopback that answers from the description's examples; or, with `random`, whatever conforms to it.

    With `upstream`, a proxy that answers an error in place of what does not conform, in either direction.
    """

    def __init__(self, folder: Path, *, random: bool = False, upstream: str | None = None) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        # A server refuses what does not conform either way. With --errors it would refuse the description's own
        # examples too, which have relative links where it says that they are absolute.
        what = ["mock", *(["--dynamic"] if random else [])] if upstream is None else ["proxy", "--errors"]
        self._log = folder / f"prism-{self.port}.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [
                    *(str(prism()), *what, "--host", "127.0.0.1", "--port", str(self.port)),
                    *(str(DESCRIPTION), *([] if upstream is None else [upstream])),
                ],
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, "NO_COLOR": "1"},
            )
        self._wait()

    @property
    def url(self) -> str:
        """For `sms.api_url`."""
        return f"http://127.0.0.1:{self.port}"

    def said(self) -> str:
        """Its log: each request, and what was wrong with it."""
        return self._log.read_text()

    def close(self) -> None:
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(5)
        self._process.kill()
        self._process.wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            time.sleep(0.05)
        self.close()
        raise AssertionError(f"prism does not listen: {self.said()}")
