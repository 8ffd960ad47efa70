"""What the hook decides on its own, called through ctypes."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

VALUE_MAX = 128
MESSAGE_MAX = 16384


class Judgement(IntEnum):
    """`enum answer` of answer.h."""

    VALUE = 0
    BLIND = 1
    BADFORM = 2
    EMPTY = 3
    EOF = 4


class Failure(IntEnum):
    """`enum failure_kind` of failure.h."""

    NONE = 0
    ABSENT = 1
    UNTRUSTED = 2
    LATE = 3
    CLOSED = 4
    PROTOCOL = 5
    UNJUDGED = 6
    SYSTEM = 7


class Escape(IntEnum):
    """`enum escape` of unreachable.h."""

    NONE = 0
    ALLOW = 1
    CONSOLE = 2


class _Arguments(ctypes.Structure):
    _fields_ = (
        ("socket", ctypes.c_char_p),
        ("timeout", ctypes.c_uint32),
        ("slot", ctypes.c_char_p),
        ("unreachable_allow", ctypes.c_bool),
        ("console", ctypes.c_char_p),
        ("debug", ctypes.c_bool),
    )


_WARNING = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p)


@dataclass(frozen=True)
class Arguments:
    """`struct arguments`, and the arguments that were warned about, each with the reason."""

    socket: str
    timeout: int
    slot: str
    unreachable_allow: bool
    console: str | None
    debug: bool
    warnings: dict[str, str]


def _argv(arguments: Sequence[str]) -> ctypes.Array[ctypes.c_char_p]:
    return (ctypes.c_char_p * (len(arguments) + 1))(*(argument.encode() for argument in arguments), None)


class Pure:
    """The library `pure.so`; see pam_hook/tests/pure.c."""

    def __init__(self, library: Path) -> None:
        self._library = ctypes.CDLL(str(library))
        self._library.pure_first_factor.restype = ctypes.c_char_p
        self._library.pure_answer_word.restype = ctypes.c_char_p
        self._library.pure_message.restype = ctypes.c_size_t
        for name in ("pure_compose", "pure_verdict", "pure_is_console", "pure_decimal"):
            getattr(self._library, name).restype = ctypes.c_bool

    def form(self, form: bytes, value: bytes) -> bool | None:
        """Whether `form` accepts `value`; None where it is no form."""
        result = self._library.pure_form(form, value)
        return None if result < 0 else bool(result)

    def answer(
        self, typed: bytes | None, password: bytes | None, form: bytes, name: bytes | None = None
    ) -> tuple[Judgement, bytes]:
        """The judgement, and the value that may leave."""
        value = ctypes.create_string_buffer(b"\xff" * VALUE_MAX, VALUE_MAX + 1)
        judgement = Judgement(self._library.pure_answer(typed, password, name, form, value))
        return judgement, value.value

    def answer_word(self, judgement: Judgement) -> str | None:
        word: bytes | None = self._library.pure_answer_word(int(judgement))
        return None if word is None else word.decode()

    def first_factor(self, info: bytes | None) -> bytes | None:
        names = ctypes.create_string_buffer(8 * 33)
        result: bytes | None = self._library.pure_first_factor(info, names)
        return result

    def message(self, packet: bytes) -> bytes | None:
        """The message taken apart and put together again; None where it is none."""
        composed = ctypes.create_string_buffer(MESSAGE_MAX)
        length = self._library.pure_message(packet, ctypes.c_size_t(len(packet)), composed)
        return composed.raw[:length] if length else None

    def compose(self, verb: bytes, key: bytes, value: bytes, times: int) -> bool:
        result: bool = self._library.pure_compose(verb, key, value, ctypes.c_size_t(times))
        return result

    def verdict(self, packet: bytes) -> tuple[int, int | None] | None:
        """PAM code and minted uid of an `end`; None where it makes no sense."""
        code, minted, uid = ctypes.c_int(), ctypes.c_bool(), ctypes.c_uint()
        out = (ctypes.byref(code), ctypes.byref(minted), ctypes.byref(uid))
        if not self._library.pure_verdict(packet, ctypes.c_size_t(len(packet)), *out):
            return None
        return code.value, uid.value if minted.value else None

    def is_console(self, tty: str) -> bool:
        result: bool = self._library.pure_is_console(tty.encode())
        return result

    def escape(
        self,
        arguments: Sequence[str],
        failure: Failure,
        *,
        asked: bool = False,
        user: str = "root",
        tty: str | None = "tty1",
        rhost: str | None = None,
    ) -> Escape:
        def text(value: str | None) -> bytes | None:
            return None if value is None else value.encode()

        count, argv = len(arguments), _argv(arguments)
        place = (text(user), text(tty), text(rhost))
        return Escape(self._library.pure_escape(count, argv, int(failure), ctypes.c_bool(asked), *place))

    def arguments(self, arguments: Sequence[str]) -> Arguments:
        warnings: dict[str, str] = {}

        def warn(_context: object, argument: bytes, reason: bytes) -> None:
            warnings[argument.decode()] = reason.decode()

        raw, argv = _Arguments(), _argv(arguments)
        self._library.pure_arguments(ctypes.byref(raw), len(arguments), argv, _WARNING(warn))
        console = None if raw.console is None else raw.console.decode()
        return Arguments(
            raw.socket.decode(), raw.timeout, raw.slot.decode(), raw.unreachable_allow, console, raw.debug, warnings
        )

    def decimal(self, text: bytes, maximum: int) -> tuple[int, bytes] | None:
        """The number, and the text that it is written as again."""
        number, again = ctypes.c_uint32(), ctypes.create_string_buffer(11)
        if not self._library.pure_decimal(text, ctypes.c_uint32(maximum), ctypes.byref(number), again):
            return None
        return number.value, again.value

    def deadline(self, seconds: int, times_ms: Sequence[int]) -> tuple[int, int]:
        """Milliseconds waited and left, after a start at the first time and pause and resume in turn at the others; the
        last one is when both are read.
        """
        waited = ctypes.c_int64()
        times = (ctypes.c_int64 * len(times_ms))(*times_ms)
        left = self._library.pure_deadline(
            ctypes.c_uint32(seconds), times, ctypes.c_size_t(len(times_ms)), ctypes.byref(waited)
        )
        return waited.value, left
