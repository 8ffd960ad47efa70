"""libpam through ctypes: whole PAM transactions as a login program runs them, with private stacks and without root.

    conversation = Conversation(password="secret", codes=["123456"])
    with start("sshd", "alice", confdir=folder, conversation=conversation, rhost="192.0.2.7", tty="ssh") as pam:
        assert pam.authenticate() == Code.SUCCESS
        assert pam.acct_mgmt() == Code.SUCCESS

`confdir` holds one file per service, in pam.d syntax, with absolute paths for modules and includes; `private_stack`
writes them. Calls release the interpreter's lock, so a daemon may run in a thread of the same process.
"""

from __future__ import annotations

import ctypes
import ctypes.util
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from types import TracebackType
from typing import Final, Self

__all__ = [
    "NO_RESPONSE",
    "Answer",
    "Code",
    "Conversation",
    "Failing",
    "Flag",
    "Item",
    "Message",
    "PamError",
    "PamHandle",
    "Responder",
    "Style",
    "private_stack",
    "start",
]


class Code(IntEnum):
    """PAM return codes, `_pam_types.h` of Linux-PAM."""

    SUCCESS = 0
    OPEN_ERR = 1
    SYMBOL_ERR = 2
    SERVICE_ERR = 3
    SYSTEM_ERR = 4
    BUF_ERR = 5
    PERM_DENIED = 6
    AUTH_ERR = 7
    CRED_INSUFFICIENT = 8
    AUTHINFO_UNAVAIL = 9
    USER_UNKNOWN = 10
    MAXTRIES = 11
    NEW_AUTHTOK_REQD = 12
    ACCT_EXPIRED = 13
    SESSION_ERR = 14
    CRED_UNAVAIL = 15
    CRED_EXPIRED = 16
    CRED_ERR = 17
    NO_MODULE_DATA = 18
    CONV_ERR = 19
    AUTHTOK_ERR = 20
    AUTHTOK_RECOVERY_ERR = 21
    AUTHTOK_LOCK_BUSY = 22
    AUTHTOK_DISABLE_AGING = 23
    TRY_AGAIN = 24
    IGNORE = 25
    ABORT = 26
    AUTHTOK_EXPIRED = 27
    MODULE_UNKNOWN = 28
    BAD_ITEM = 29
    CONV_AGAIN = 30
    INCOMPLETE = 31


class Style(IntEnum):
    """Message styles of pam_conv(3)."""

    ECHO_OFF = 1
    ECHO_ON = 2
    ERROR = 3
    INFO = 4


class Item(IntEnum):
    """Items of pam_set_item(3) that an application may set."""

    SERVICE = 1
    USER = 2
    TTY = 3
    RHOST = 4
    CONV = 5
    RUSER = 8
    USER_PROMPT = 9
    FAIL_DELAY = 10


class Flag(IntEnum):
    """Flags of the six calls."""

    NONE = 0
    DISALLOW_NULL_AUTHTOK = 0x0001
    ESTABLISH_CRED = 0x0002
    DELETE_CRED = 0x0004
    REINITIALIZE_CRED = 0x0008
    REFRESH_CRED = 0x0010
    CHANGE_EXPIRED_AUTHTOK = 0x0020
    SILENT = 0x8000


@dataclass(frozen=True)
class Message:
    """One message that a module handed to the conversation function; `raw` are its bytes as they came."""

    style: int
    raw: bytes

    @property
    def text(self) -> str:
        """The message as text; bytes that are not UTF-8 become lone surrogates."""
        return self.raw.decode("utf-8", "surrogateescape")

    @property
    def is_prompt(self) -> bool:
        """Whether an answer is wanted."""
        return self.style in (Style.ECHO_OFF, Style.ECHO_ON)


class _NoResponse:
    """Type of NO_RESPONSE."""


@dataclass(frozen=True)
class Failing:
    """What a responder returns to report `code` and to hand over responses all the same."""

    code: int
    answers: Sequence[bytes | None]


#: A responder that returns this reports success without having set the array of responses.
NO_RESPONSE: Final = _NoResponse()

#: Takes the messages of one call of conv; returns an answer for each (None: a null pointer), a code other than
#: SUCCESS, NO_RESPONSE, or a Failing.
Responder = Callable[[Sequence[Message]], "Sequence[bytes | None] | int | Failing | _NoResponse"]

#: What a scripted person types: the text itself, or a function of the prompt that returns it.
Answer = str | bytes | Callable[[str], str | bytes]


def _as_bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")


class Conversation:
    """A user at a terminal: types `password` at every prompt without echo and the next of `codes` at one with echo.

    A prompt that nothing is left for makes conv fail with CONV_ERR, as a closed terminal does. Every message is kept
    in `messages`, in order, whatever the answer was.
    """

    def __init__(self, password: Answer | None = None, codes: Iterable[Answer] = ()) -> None:
        self.password = password
        self.codes = deque(codes)
        self.messages: list[Message] = []

    def __call__(self, messages: Sequence[Message]) -> Sequence[bytes | None] | Code:
        self.messages.extend(messages)
        answers: list[bytes | None] = []
        for message in messages:
            answer: Answer | None = None
            if message.style == Style.ECHO_OFF:
                answer = self.password
            elif message.style == Style.ECHO_ON and self.codes:
                answer = self.codes.popleft()
            if answer is None and message.is_prompt:
                return Code.CONV_ERR
            answers.append(None if answer is None else _as_bytes(answer(message.text) if callable(answer) else answer))
        return answers

    def texts(self, *styles: Style) -> list[str]:
        """The messages shown, of these styles only, or of all."""
        return [message.text for message in self.messages if not styles or message.style in styles]


class _PamMessage(ctypes.Structure):
    _fields_ = (("msg_style", ctypes.c_int), ("msg", ctypes.c_char_p))


class _PamResponse(ctypes.Structure):
    # `resp` is a bare address: ctypes would copy and own a c_char_p, and the module frees this one.
    _fields_ = (("resp", ctypes.c_void_p), ("resp_retcode", ctypes.c_int))


_CONV = ctypes.CFUNCTYPE(
    ctypes.c_int,
    ctypes.c_int,
    ctypes.POINTER(ctypes.POINTER(_PamMessage)),
    ctypes.POINTER(ctypes.c_void_p),
    ctypes.c_void_p,
)
_FAIL_DELAY = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_uint, ctypes.c_void_p)


class _PamConv(ctypes.Structure):
    _fields_ = (("conv", _CONV), ("appdata_ptr", ctypes.c_void_p))


def _load() -> ctypes.CDLL:
    name = ctypes.util.find_library("pam")
    if name is None:
        raise OSError("libpam is not installed; install libpam0g")
    # Not global: modules link with libpam themselves, and a test may put a library of its own before it.
    library = ctypes.CDLL(name, use_errno=True)
    handle, text = ctypes.c_void_p, ctypes.c_char_p
    handle_out = ctypes.POINTER(ctypes.c_void_p)
    conversation = ctypes.POINTER(_PamConv)
    library.pam_start.argtypes = (text, text, conversation, handle_out)
    library.pam_start_confdir.argtypes = (text, text, conversation, text, handle_out)
    library.pam_end.argtypes = (handle, ctypes.c_int)
    library.pam_set_item.argtypes = (handle, ctypes.c_int, ctypes.c_void_p)
    library.pam_get_item.argtypes = (handle, ctypes.c_int, ctypes.POINTER(ctypes.c_void_p))
    library.pam_putenv.argtypes = (handle, text)
    library.pam_getenvlist.argtypes = (handle,)
    library.pam_getenvlist.restype = ctypes.POINTER(ctypes.c_void_p)
    for call in ("authenticate", "acct_mgmt", "setcred", "open_session", "close_session", "chauthtok"):
        getattr(library, f"pam_{call}").argtypes = (handle, ctypes.c_int)
    return library


_LIBC: Final = ctypes.CDLL(None, use_errno=True)
_LIBC.calloc.argtypes = (ctypes.c_size_t, ctypes.c_size_t)
_LIBC.calloc.restype = ctypes.c_void_p
_LIBC.strdup.argtypes = (ctypes.c_char_p,)
_LIBC.strdup.restype = ctypes.c_void_p
_LIBC.free.argtypes = (ctypes.c_void_p,)
_PAM: Final = _load()


def _allocate(answers: Sequence[bytes | None]) -> int:
    """Address of an array of pam_response, made with malloc(), as the contract of conv wants it."""
    address = _LIBC.calloc(max(len(answers), 1), ctypes.sizeof(_PamResponse))
    if not address:
        raise MemoryError
    array = (_PamResponse * len(answers)).from_address(address)
    for slot, answer in zip(array, answers, strict=True):
        slot.resp = None if answer is None else _LIBC.strdup(answer)
    return int(address)


class PamError(Exception):
    """A call that must work in every test failed."""

    def __init__(self, call: str, code: int) -> None:
        super().__init__(f"{call} returned {code}; see _pam_types.h")
        self.call = call
        self.code = code


class PamHandle:
    """One PAM handle, ended with the block or by `end`. An exception in the responder comes out of the call."""

    def __init__(self, responder: Responder | None) -> None:
        self._responder = responder
        self._error: BaseException | None = None
        # ctypes objects that libpam holds pointers to live as long as this one.
        self._callback = _CONV() if responder is None else _CONV(self._converse)
        self._fail_delay = _FAIL_DELAY(lambda _status, _delay, _data: None)
        self._conv = _PamConv(self._callback, None)
        self._handle = ctypes.c_void_p()
        self.last = Code.SUCCESS

    def _converse(self, count: int, messages: object, responses: object, _data: object) -> int:
        try:
            shown = [
                Message(messages[i].contents.msg_style, messages[i].contents.msg or b"")  # type: ignore[index]  # a ctypes pointer
                for i in range(count)
            ]
            assert self._responder is not None
            answer = self._responder(shown)
            if isinstance(answer, _NoResponse):
                return Code.SUCCESS
            if isinstance(answer, int):
                return int(answer)
            if isinstance(answer, Failing):
                responses[0] = _allocate(answer.answers)  # type: ignore[index]  # a ctypes pointer
                return answer.code
            responses[0] = _allocate(answer)  # type: ignore[index]  # a ctypes pointer
        except BaseException as error:  # noqa: BLE001  # no exception may cross C; _call raises it again
            self._error = error
            return Code.CONV_ERR
        return Code.SUCCESS

    def open(self, service: str, user: str | bytes | None, confdir: Path | None, *, fail_delay: bool) -> None:
        """pam_start(3), or pam_start_confdir(3) with a folder; `start` is the way in. Raises PamError."""
        name = None if user is None else _as_bytes(user)
        conv, out = ctypes.byref(self._conv), ctypes.byref(self._handle)
        if confdir is None:
            code = _PAM.pam_start(service.encode(), name, conv, out)
        else:
            code = _PAM.pam_start_confdir(service.encode(), name, conv, str(confdir).encode(), out)
        if code != Code.SUCCESS:
            raise PamError("pam_start", code)
        if not fail_delay:
            _PAM.pam_set_item(self._handle, int(Item.FAIL_DELAY), ctypes.cast(self._fail_delay, ctypes.c_void_p))

    def _call(self, name: str, flags: int) -> Code:
        self._error = None
        result = Code(getattr(_PAM, f"pam_{name}")(self._handle, int(flags)))
        self.last = result
        if self._error is not None:
            raise self._error
        return result

    def authenticate(self, flags: int = Flag.NONE) -> Code:
        """pam_authenticate(3)."""
        return self._call("authenticate", flags)

    def acct_mgmt(self, flags: int = Flag.NONE) -> Code:
        """pam_acct_mgmt(3)."""
        return self._call("acct_mgmt", flags)

    def setcred(self, flags: int = Flag.ESTABLISH_CRED) -> Code:
        """pam_setcred(3)."""
        return self._call("setcred", flags)

    def open_session(self, flags: int = Flag.NONE) -> Code:
        """pam_open_session(3)."""
        return self._call("open_session", flags)

    def close_session(self, flags: int = Flag.NONE) -> Code:
        """pam_close_session(3)."""
        return self._call("close_session", flags)

    def chauthtok(self, flags: int = Flag.NONE) -> Code:
        """pam_chauthtok(3)."""
        return self._call("chauthtok", flags)

    def set_item(self, item: Item, value: str | bytes | None) -> None:
        """Set a text item; None removes it. Raises PamError if libpam refuses."""
        raw = None if value is None else ctypes.c_char_p(_as_bytes(value))
        code = _PAM.pam_set_item(self._handle, int(item), ctypes.cast(raw, ctypes.c_void_p) if raw else None)
        if code != Code.SUCCESS:
            raise PamError("pam_set_item", code)

    def get_item(self, item: Item) -> bytes | None:
        """A text item, or None if it is not set."""
        out = ctypes.c_void_p()
        code = _PAM.pam_get_item(self._handle, int(item), ctypes.byref(out))
        if code != Code.SUCCESS:
            raise PamError("pam_get_item", code)
        return None if out.value is None else ctypes.string_at(out.value)

    def putenv(self, name: str, value: str | bytes) -> None:
        """Put a variable into the PAM environment, as sshd does with SSH_AUTH_INFO_0."""
        code = _PAM.pam_putenv(self._handle, name.encode() + b"=" + _as_bytes(value))
        if code != Code.SUCCESS:
            raise PamError("pam_putenv", code)

    def environment(self) -> dict[str, str]:
        """The PAM environment."""
        entries: dict[str, str] = {}
        array = _PAM.pam_getenvlist(self._handle)
        index = 0
        while array[index] is not None:
            name, _, value = ctypes.string_at(array[index]).decode("utf-8", "surrogateescape").partition("=")
            entries[name] = value
            _LIBC.free(array[index])
            index += 1
        _LIBC.free(ctypes.cast(array, ctypes.c_void_p))
        return entries

    def end(self, status: int | None = None) -> None:
        """pam_end(3) with the status of the last call, or `status`. A second call does nothing."""
        if self._handle.value is not None:
            _PAM.pam_end(self._handle, int(self.last if status is None else status))
            self._handle = ctypes.c_void_p()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()


def start(
    service: str,
    user: str | bytes | None,
    *,
    confdir: Path | None = None,
    conversation: Responder | None = None,
    rhost: str | bytes | None = None,
    tty: str | bytes | None = None,
    ruser: str | bytes | None = None,
    fail_delay: bool = False,
) -> PamHandle:
    """Start a transaction.

    service: name of the stack, a file in `confdir`, or in the system's folder when `confdir` is None.
    user: PAM_USER, or None for a program that lets the modules ask.
    conversation: a Conversation or any Responder; None hands libpam a null function (libpam 1.5 then crashes where a
        module asks it for the user's name).
    fail_delay: whether a failed call may sleep, as in a program that does not say otherwise.
    Raises PamError when libpam refuses.
    """
    handle = PamHandle(conversation)
    handle.open(service, user, confdir, fail_delay=fail_delay)
    for item, value in ((Item.RHOST, rhost), (Item.TTY, tty), (Item.RUSER, ruser)):
        if value is not None:
            handle.set_item(item, value)
    return handle


def private_stack(folder: Path, services: Mapping[str, str]) -> Path:
    """Write `services` (name to pam.d lines) into `folder` for `confdir` and return the folder.

    libpam wants an `other` file there; the one written here refuses everything.
    """
    folder.mkdir(parents=True, exist_ok=True)
    phases = ("auth", "account", "password", "session")
    refuse = "".join(f"{phase} required pam_deny.so\n" for phase in phases)
    for name, lines in {"other": refuse, **services}.items():
        (folder / name).write_text(lines.rstrip("\n") + "\n")
    return folder
