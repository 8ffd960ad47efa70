"""What the pool needs of an event loop: a subset of asyncio's interface."""

from collections.abc import Callable
from typing import Any, Protocol, TypeVarTuple

Ts = TypeVarTuple("Ts")


class Timer(Protocol):
    """A call that is scheduled for later."""

    def cancel(self) -> None:
        """Cancel it; has no effect if it was already made."""


class Loop(Protocol):
    """Calls back, in one thread, and survives exceptions in callbacks."""

    def time(self) -> float:
        """Monotonic seconds."""

    def call_later(self, delay: float, callback: Callable[[*Ts], object], /, *arguments: *Ts) -> Timer:
        """Call once, `delay` seconds from now."""

    def call_at(self, when: float, callback: Callable[[*Ts], object], /, *arguments: *Ts) -> Timer:
        """Call once, when `time` reaches `when`."""

    def add_reader(self, fd: int, callback: Callable[[*Ts], object], /, *arguments: *Ts) -> object:
        """Call whenever the descriptor is readable or at end of file."""

    def remove_reader(self, fd: int, /) -> object:
        """Stop watching a descriptor; has no effect if it is not watched."""

    def call_exception_handler(self, context: dict[str, Any], /) -> None:
        """Report an error: `message`, and the `exception`."""
