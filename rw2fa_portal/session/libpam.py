"""libpam by ctypes, as far as a logon needs it. Decision 32 says why it is not python-pam's binding.

    with Transaction("rw2fa-portal", "alice", conversation, {Item.RHOST: "192.0.2.7"}) as pam:
        if pam.authenticate() is Code.SUCCESS: ...

What the user answers is copied into memory of malloc(3), which the module that asked wipes and frees; the buffer that
it came in is wiped here.
"""

import ctypes
import ctypes.util
from collections.abc import Callable, Mapping
from enum import IntEnum
from types import TracebackType
from typing import TYPE_CHECKING, Final, Protocol, Self

from rw2fa_daemon.core.problem import Problem

MESSAGES_MAX: Final = 32
"""PAM_MAX_NUM_MSG of _pam_types.h."""


class Code(IntEnum):
    """Return codes of Linux-PAM (_pam_types.h) that are told apart here."""

    SUCCESS = 0
    BUF_ERR = 5
    AUTH_ERR = 7
    AUTHINFO_UNAVAIL = 9
    NEW_AUTHTOK_REQD = 12
    CONV_ERR = 19
    OTHER = -1
    """Any other: a refusal like the rest."""

    @classmethod
    def _missing_(cls, _value: object) -> "Code":
        return cls.OTHER


class Item(IntEnum):
    """Items of pam_set_item(3)."""

    USER = 2
    TTY = 3
    RHOST = 4
    FAIL_DELAY = 10


class MessageStyle(IntEnum):
    """Styles of pam_conv(3)."""

    PROMPT_ECHO_OFF = 1
    PROMPT_ECHO_ON = 2
    ERROR_MSG = 3
    TEXT_INFO = 4


CHANGE_EXPIRED_AUTHTOK: Final = 0x20
DISALLOW_NULL_AUTHTOK: Final = 0x1
"""Nobody comes in from a network with an empty password."""


class Conversation(Protocol):
    """What asks the user. An exception of these comes out of the call of PAM that asked, once that has ended."""

    def ask(self, text: str, *, hidden: bool) -> bytearray:
        """What the user typed, without NUL, in a buffer that is wiped once it was passed on."""

    def tell(self, text: str, *, error: bool) -> None:
        """Show a message."""


class _Message(ctypes.Structure):
    _fields_ = (("msg_style", ctypes.c_int), ("msg", ctypes.c_char_p))


class _Response(ctypes.Structure):
    # `resp` is a bare address: ctypes would own a c_char_p, and it is the module that frees this.
    _fields_ = (("resp", ctypes.c_void_p), ("resp_retcode", ctypes.c_int))


if TYPE_CHECKING:
    # The name that their types have; there is no public one.
    _Messages = ctypes._Pointer[ctypes._Pointer[_Message]]  # noqa: SLF001
    _Pointers = ctypes._Pointer[ctypes.c_void_p]  # noqa: SLF001

_CONVERSE = ctypes.CFUNCTYPE(
    ctypes.c_int,
    ctypes.c_int,
    ctypes.POINTER(ctypes.POINTER(_Message)),
    ctypes.POINTER(ctypes.c_void_p),
    ctypes.c_void_p,
)
_FAIL_DELAY = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_uint, ctypes.c_void_p)


class _PamConv(ctypes.Structure):
    _fields_ = (("conv", _CONVERSE), ("appdata_ptr", ctypes.c_void_p))


def _libc() -> ctypes.CDLL:
    library = ctypes.CDLL(None)
    library.calloc.argtypes = (ctypes.c_size_t, ctypes.c_size_t)
    library.calloc.restype = ctypes.c_void_p
    library.free.argtypes = (ctypes.c_void_p,)
    library.free.restype = None
    library.strlen.argtypes = (ctypes.c_void_p,)
    library.strlen.restype = ctypes.c_size_t
    library.explicit_bzero.argtypes = (ctypes.c_void_p, ctypes.c_size_t)
    library.explicit_bzero.restype = None
    return library


def _libpam() -> ctypes.CDLL:
    try:
        library = ctypes.CDLL("libpam.so.0")
    except OSError as error:
        raise Problem(f"libpam cannot be loaded ({error})", "install libpam0g") from error
    handle, text = ctypes.c_void_p, ctypes.c_char_p
    library.pam_start.argtypes = (text, text, ctypes.POINTER(_PamConv), ctypes.POINTER(handle))
    library.pam_end.argtypes = (handle, ctypes.c_int)
    library.pam_set_item.argtypes = (handle, ctypes.c_int, ctypes.c_void_p)
    library.pam_get_item.argtypes = (handle, ctypes.c_int, ctypes.POINTER(handle))
    for call in ("authenticate", "acct_mgmt", "chauthtok"):
        getattr(library, f"pam_{call}").argtypes = (handle, ctypes.c_int)
    return library


_LIBC: Final = _libc()
_PAM: Final = _libpam()


class Transaction:
    """One PAM handle, from pam_start(3) to pam_end(3); evidence of one call is there in the next. For one thread."""

    def __init__(self, service: str, user: str, conversation: Conversation, items: Mapping[Item, str]) -> None:
        """Raises Problem where libpam cannot even begin."""
        self._conversation = conversation
        self._error: BaseException | None = None
        self._last = int(Code.SUCCESS)
        # libpam keeps pointers to these for as long as the handle lives.
        self._converse = _CONVERSE(self._conversed)
        self._no_delay = _FAIL_DELAY(lambda _status, _delay, _data: None)
        self._pam_conv = _PamConv(self._converse, None)
        self._handle = ctypes.c_void_p()
        code = _PAM.pam_start(
            service.encode(), _encoded(user), ctypes.byref(self._pam_conv), ctypes.byref(self._handle)
        )
        if code != Code.SUCCESS:
            raise Problem(f"PAM cannot begin with the service {service} (code {code})", f"see /etc/pam.d/{service}")
        # libpam would sleep for a time of chance; a refusal is paced by whoever tells it.
        self._set(Item.FAIL_DELAY, ctypes.cast(self._no_delay, ctypes.c_void_p))
        for item, value in items.items():
            self._set(item, ctypes.cast(ctypes.c_char_p(_encoded(value)), ctypes.c_void_p))

    def authenticate(self) -> Code:
        """pam_authenticate(3)."""
        return self._call(_PAM.pam_authenticate, DISALLOW_NULL_AUTHTOK)

    def acct_mgmt(self) -> Code:
        """pam_acct_mgmt(3)."""
        return self._call(_PAM.pam_acct_mgmt, DISALLOW_NULL_AUTHTOK)

    def change_expired_password(self) -> Code:
        """pam_chauthtok(3), for a password that pam_acct_mgmt(3) found expired."""
        return self._call(_PAM.pam_chauthtok, CHANGE_EXPIRED_AUTHTOK)

    @property
    def user(self) -> str:
        """PAM_USER, which modules may have changed."""
        out = ctypes.c_void_p()
        code = _PAM.pam_get_item(self._handle, int(Item.USER), ctypes.byref(out))
        if code != Code.SUCCESS or out.value is None:
            raise Problem("PAM has no name for who logged on", "see what its modules did to PAM_USER")
        return ctypes.string_at(out.value).decode("utf-8", "surrogateescape")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._handle.value is not None:
            _PAM.pam_end(self._handle, self._last)
            self._handle = ctypes.c_void_p()

    def _set(self, item: Item, value: ctypes.c_void_p) -> None:
        if _PAM.pam_set_item(self._handle, int(item), value) != Code.SUCCESS:
            raise Problem(f"PAM does not take the item {item.name}", "see whether memory is short")

    def _call(self, function: Callable[[ctypes.c_void_p, int], int], flags: int) -> Code:
        self._error = None
        self._last = int(function(self._handle, flags))
        if self._error is not None:
            raise self._error
        return Code(self._last)

    def _conversed(self, count: int, messages: "_Messages", responses: "_Pointers", _data: object) -> int:
        """Called by modules. No exception may cross C: `_call` raises it again."""
        if not 0 < count <= MESSAGES_MAX:
            return int(Code.CONV_ERR)
        address = _LIBC.calloc(count, ctypes.sizeof(_Response))
        if not address:
            return int(Code.BUF_ERR)
        array = (_Response * count).from_address(address)
        try:
            for index in range(count):
                message = messages[index].contents
                array[index].resp = self._answered(message.msg_style, message.msg or b"")
        except BaseException as error:  # noqa: BLE001  # see above
            self._error = error
            _forget(array)
            _LIBC.free(address)
            return int(Code.CONV_ERR)
        responses[0] = ctypes.c_void_p(address)
        return int(Code.SUCCESS)

    def _answered(self, style: int, raw: bytes) -> int | None:
        """The address of the answer, None for a message that wants none."""
        text = raw.decode("utf-8", "replace")
        if style in (MessageStyle.PROMPT_ECHO_OFF, MessageStyle.PROMPT_ECHO_ON):
            typed = self._conversation.ask(text, hidden=style == MessageStyle.PROMPT_ECHO_OFF)
            try:
                return _copied(typed)
            finally:
                wipe(typed)
        if style in (MessageStyle.ERROR_MSG, MessageStyle.TEXT_INFO):
            self._conversation.tell(text, error=style == MessageStyle.ERROR_MSG)
            return None
        raise Problem(f"a PAM module wants a conversation of the style {style}", "take that module out of the stack")


def wipe(buffer: bytearray) -> None:
    """Overwrite what was typed."""
    buffer[:] = bytes(len(buffer))


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _copied(typed: bytearray) -> int:
    """A string in C's memory with these bytes, which the module frees."""
    address = _LIBC.calloc(len(typed) + 1, 1)
    if not address:
        raise MemoryError
    if typed:
        ctypes.memmove(address, (ctypes.c_char * len(typed)).from_buffer(typed), len(typed))
    return int(address)


def _forget(array: "ctypes.Array[_Response]") -> None:
    """Wipe and free the answers of a call that failed: no module will."""
    for response in array:
        if response.resp:
            _LIBC.explicit_bzero(response.resp, _LIBC.strlen(response.resp))
            _LIBC.free(response.resp)
