"""What the pool wants of an event loop: a part of asyncio's, which will do as well."""

from collections.abc import Callable
from typing import Any, Protocol, TypeVarTuple

Ts = TypeVarTuple("Ts")


class Timer(Protocol):
    """Something that is to be done later."""

    def cancel(self) -> None:
        """Do not do it; without effect if it is done already."""


class Loop(Protocol):
    """Calls back, in one thread, and outlives an error in what it calls."""

    def time(self) -> float:
        """Monotonic seconds."""

    def call_later(self, delay: float, callback: Callable[[*Ts], object], /, *arguments: *Ts) -> Timer:
        """Call once, `delay` seconds from now."""

    def call_at(self, when: float, callback: Callable[[*Ts], object], /, *arguments: *Ts) -> Timer:
        """Call once, when `time` reaches `when`."""

    def add_reader(self, fd: int, callback: Callable[[*Ts], object], /, *arguments: *Ts) -> object:
        """Call whenever the descriptor can be read or is at its end."""

    def remove_reader(self, fd: int, /) -> object:
        """Do so no longer; without effect for others."""

    def call_exception_handler(self, context: dict[str, Any], /) -> None:
        """Report an error: `message`, and the `exception`."""
