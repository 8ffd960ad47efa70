"""Doubles that expect certain calls in a certain order, and fail at any other."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from unittest.mock import ANY


@dataclass(eq=False)
class Call:
    """One expected call: `arguments` are compared, ANY with anything, and are those of the call once it came."""

    name: str
    arguments: tuple[Any, ...]
    keywords: dict[str, Any]
    gives: Any = None
    came: bool = False

    def callback(self, position: int = -1) -> Callable[..., Any]:
        """A function that was passed as an argument, by default the last one."""
        assert self.came, f"{self.name} was not called yet"
        found = self.arguments[position]
        assert callable(found)
        return found  # type: ignore[no-any-return]


class ExpectedCalls:
    """One queue for all doubles of a test, so that the order among them is checked too."""

    def __init__(self) -> None:
        self._expected: deque[Call] = deque()
        self._unexpected: list[str] = []

    def expect(self, name: str, *arguments: object, gives: object = None, **keywords: object) -> Call:
        """Let `name` (DOUBLE.METHOD) be called next after what is expected already; it returns `gives`."""
        call = Call(name, arguments, keywords, gives)
        self._expected.append(call)
        return call

    def double(self, name: str, **attributes: object) -> Any:
        """Stands in for something called `name`; what is not in `attributes` is a method with expected calls."""
        return _Double(self, name, attributes)

    def take(self, name: str, arguments: tuple[object, ...], keywords: dict[str, object]) -> object:
        """What a double does when it is called."""
        call = self._expected[0] if self._expected else None
        if call is None or (call.name, call.arguments, call.keywords) != (name, arguments, keywords):
            self._unexpected.append(f"{name}{arguments}{keywords or ''}")
            wanted = "nothing" if call is None else f"{call.name}{call.arguments}{call.keywords or ''}"
            raise AssertionError(f"called: {self._unexpected[-1]}; expected: {wanted}")
        self._expected.popleft()
        call.arguments, call.keywords, call.came = arguments, keywords, True
        return call.gives

    def verify(self) -> None:
        """Fail if an expected call was not made, or an unexpected one was, even if its failure was swallowed."""
        assert not self._unexpected, f"unexpected: {self._unexpected}"
        assert not self._expected, f"did not come: {[call.name for call in self._expected]}"


class _Double:
    def __init__(self, calls: ExpectedCalls, name: str, attributes: dict[str, object]) -> None:
        self.__dict__.update(attributes)
        self._calls = calls
        self._name = name

    def __getattr__(self, method: str) -> Callable[..., object]:
        def called(*arguments: object, **keywords: object) -> object:
            return self._calls.take(f"{self._name}.{method}", arguments, keywords)

        return called


__all__ = ["ANY", "Call", "ExpectedCalls"]
