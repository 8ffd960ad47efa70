"""What is known about PAM modules: which of them prove a first factor, and what each can answer."""

import tomllib
from collections.abc import Mapping
from enum import Enum
from functools import cache
from importlib import resources
from typing import Any, Final

from rw2fa_daemon.pamstack.codes import Code
from rw2fa_daemon.pamstack.module_files import OUR_MODULE
from rw2fa_daemon.pamstack.stack import Handler, Kind


class Role(Enum):
    """What a module's success says about the user."""

    OURS = "ours"
    FIRST_FACTOR = "first factor"
    """The user proved a first factor: a password, or something that the user has or is."""
    CARD = "card"
    """The user proved two: has a smart card, and knows its PIN."""
    CALLER = "caller"
    """The caller of the program needs no authentication: root, by pam_rootok."""
    NOTHING = "nothing"
    """Nothing was proved."""
    UNKNOWN = "unknown"
    """Not in the table: it may or may not have asked for a password."""


_TABLE: Final = "pam_modules.toml"
_SECTIONS: Final = {
    "first_factor": Role.FIRST_FACTOR,
    "card": Role.CARD,
    "caller": Role.CALLER,
    "nothing": Role.NOTHING,
}
_SUFFIX: Final = ".so"


@cache
def _table() -> Mapping[str, Any]:
    return tomllib.loads(resources.files("rw2fa_daemon.data").joinpath(_TABLE).read_text("utf-8"))


@cache
def roles() -> Mapping[str, Role]:
    """The shipped table: roles by the module's file name."""
    known = {f"{module}{_SUFFIX}": role for section, role in _SECTIONS.items() for module in _table()[section]}
    return {**known, OUR_MODULE: Role.OURS}


@cache
def card_arguments() -> Mapping[str, frozenset[str]]:
    """Modules, by file name, that accept only a card if their line has one of these arguments."""
    return {f"{module}{_SUFFIX}": frozenset(arguments) for module, arguments in _table()["card_arguments"].items()}


#: Modules that can give only some of the answers.
ANSWERS: Final[dict[str, tuple[Code, ...]]] = {
    "pam_permit.so": (Code.SUCCESS,),
    "pam_deny.so": (Code.AUTH_ERR,),
    "pam_rootok.so": (Code.SUCCESS, Code.AUTH_ERR),
}

#: INCOMPLETE returns to the application in the middle of a phase; no login program uses that.
_ANY: Final = tuple(code for code in Code if code is not Code.INCOMPLETE)
#: Only modules that check passwords report that one has expired.
_NO_NEW_PASSWORD: Final = tuple(code for code in _ANY if code is not Code.NEW_AUTHTOK_REQD)
_KNOW_NO_PASSWORD: Final = frozenset({Role.CALLER, Role.NOTHING})


def role(handler: Handler) -> Role:
    """What a success of this handler proves."""
    if handler.kind is not Kind.MODULE:
        return Role.NOTHING
    if card_arguments().get(handler.module_name, frozenset()) & set(handler.arguments):
        return Role.CARD
    return roles().get(handler.module_name, Role.UNKNOWN)


def answers(handler: Handler) -> tuple[Code, ...]:
    """One of each kind of answer this handler can give.

    Two answers are of the same kind if the control field treats them alike and both or neither of them is a success,
    a demand for a new password, or "ignore": no walk through the stack can tell them apart.
    """
    if handler.kind is Kind.MUST_FAIL:
        return (Code.PERM_DENIED,)
    kinds: dict[tuple[int, Code], Code] = {}
    every = _NO_NEW_PASSWORD if role(handler) in _KNOW_NO_PASSWORD else _ANY
    for code in ANSWERS.get(handler.module_name, every):
        named = code if code in (Code.SUCCESS, Code.NEW_AUTHTOK_REQD, Code.IGNORE) else Code.AUTH_ERR
        kinds.setdefault((handler.actions[code], named), code)
    return tuple(kinds.values())
