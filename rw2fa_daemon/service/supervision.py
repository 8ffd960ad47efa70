"""What systemd is told (sd_notify(3))."""

import os
import time
from typing import Final

from sdnotify import SystemdNotifier

from rw2fa_daemon.service.loop import Loop

MICROSECONDS: Final = 1_000_000


class Supervisor:
    """Notifies the service manager; does nothing without one."""

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._notifier = SystemdNotifier() if "NOTIFY_SOCKET" in os.environ else None
        self._interval = self._watchdog_interval()

    def ready(self, status: str) -> None:
        """The daemon answers, with one line about how it is."""
        self._tell(f"READY=1\nSTATUS={status}")
        if self._interval:
            self._ping()

    def status(self, status: str) -> None:
        """One line about how the daemon is."""
        self._tell(f"STATUS={status}")

    def reloading(self) -> None:
        """A reload has begun; `ready` ends it."""
        self._tell(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def reloaded(self, status: str) -> None:
        """The reload has ended, well or not."""
        self._tell(f"READY=1\nSTATUS={status}")

    def stopping(self) -> None:
        """The daemon finishes what it has accepted."""
        self._tell("STOPPING=1\nSTATUS=Finishing the logins under way")

    def _tell(self, message: str) -> None:
        if self._notifier is not None:
            self._notifier.notify(message)

    def _ping(self) -> None:
        # From the loop itself, so that a loop that hangs is noticed.
        self._tell("WATCHDOG=1")
        self._loop.call_later(self._interval, self._ping)

    @staticmethod
    def _watchdog_interval() -> float:
        """Seconds between two signs of life, half of what systemd waits; 0 where it does not watch."""
        if os.environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
            return 0.0
        return int(os.environ.get("WATCHDOG_USEC", "0")) / MICROSECONDS / 2
