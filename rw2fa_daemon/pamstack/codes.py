"""PAM's return codes and the actions that a control field attaches to them, by the names of pam.conf(5)."""

from enum import IntEnum
from typing import Final


class Code(IntEnum):
    """Return codes of modules and of whole phases (`_pam_types.h`), in the order that control fields use."""

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
    AUTHTOK_RECOVER_ERR = 21
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

    @property
    def word(self) -> str:
        """The name as a control field writes it."""
        return self.name.lower()


class Action(IntEnum):
    """What follows a return code. A number above zero is a jump over that many modules."""

    IGNORE = 0
    OK = -1
    DONE = -2
    BAD = -3
    DIE = -4
    RESET = -5


#: What libpam uses if a line is broken or nothing has decided (PAM_MUST_FAIL_CODE).
MUST_FAIL: Final = Code.PERM_DENIED

#: Actions by return code, one for each code.
Actions = tuple[int, ...]


def _actions(default: Action, **by_code: Action) -> Actions:
    table = dict.fromkeys(Code, int(default))
    table.update({Code[name]: int(action) for name, action in by_code.items()})
    return tuple(table.values())


#: The control words of pam.conf(5), written out.
CONTROL_WORDS: Final[dict[str, Actions]] = {
    "required": _actions(Action.BAD, SUCCESS=Action.OK, NEW_AUTHTOK_REQD=Action.OK, IGNORE=Action.IGNORE),
    "requisite": _actions(Action.DIE, SUCCESS=Action.OK, NEW_AUTHTOK_REQD=Action.OK, IGNORE=Action.IGNORE),
    "optional": _actions(Action.IGNORE, SUCCESS=Action.OK, NEW_AUTHTOK_REQD=Action.OK),
    "sufficient": _actions(Action.IGNORE, SUCCESS=Action.DONE, NEW_AUTHTOK_REQD=Action.DONE),
}
ALL_BAD: Final[Actions] = _actions(Action.BAD)
