"""The syslog messages of login programs in a world."""

import re
import time

from tests.support.world.paths import AUTH_LOG
from tests.support.world.world import World


class AuthLog:
    """The messages since this object was made, or since `forget`."""

    def __init__(self, world: World) -> None:
        self._file = world.path(AUTH_LOG)
        self._seen = self._file.stat().st_size

    def forget(self) -> None:
        """Starts over: only messages from now on count."""
        self._seen = self._file.stat().st_size

    @property
    def text(self) -> str:
        with self._file.open("rb") as log:
            log.seek(self._seen)
            return log.read().decode(errors="replace")

    def wait_for(self, pattern: str, seconds: float = 30.0) -> str:
        """The first line that the regular expression is found in; an AssertionError, with the log, if none comes."""
        deadline = time.monotonic() + seconds
        while True:
            for line in self.text.splitlines():
                if re.search(pattern, line):
                    return line
            if time.monotonic() > deadline:
                raise AssertionError(f"nothing in the auth log matches {pattern!r}:\n{self.text}")
            time.sleep(0.01)
