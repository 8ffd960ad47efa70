"""A value that must never be printed."""

import hmac
from typing import Final

HIDDEN: Final = "Secret(…)"


class Secret:
    """Bytes that show nothing of themselves when printed, formatted, logged or pickled.

    Comparison is in constant time. `reveal` is the only way to the bytes, so that a search for
    it finds every place that handles one.
    """

    __slots__ = ("_value",)

    def __init__(self, value: bytes) -> None:
        self._value: Final = bytes(value)

    def reveal(self) -> bytes:
        """The bytes themselves."""
        return self._value

    def __repr__(self) -> str:
        return HIDDEN

    def __str__(self) -> str:
        return HIDDEN

    def __format__(self, format_spec: str) -> str:
        return HIDDEN

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._value, other._value)

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> str:
        raise TypeError("a Secret cannot be pickled")


class Unopened(Secret):
    """What stands for a secret that stays sealed, where only the rest of a record is to be shown."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__(b"")

    def reveal(self) -> bytes:
        """Never: nobody may be judged by nothing. Raises TypeError."""
        raise TypeError("this secret was not opened")
