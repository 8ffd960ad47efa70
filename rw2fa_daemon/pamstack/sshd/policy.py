"""By what a host lets people in over SSH, and what becomes of that for people who need a code. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.pamstack.sshd.read import DEFAULTS, Criterion, Part

#: Sets of Match blocks that are looked at; 12 that may all hold at once make as many.
SETS_MAX: Final = 4096

CODE_STEP: Final = "keyboard-interactive:pam"
_METHODS: Final[Mapping[str, str]] = {
    "publickey": "pubkeyauthentication",
    "gssapi-with-mic": "gssapiauthentication",
    "hostbased": "hostbasedauthentication",
    "password": "passwordauthentication",
    "keyboard-interactive": "kbdinteractiveauthentication",
}
#: They show a password, which PAM asks for.
_PASSWORDS: Final = frozenset({"password", "keyboard-interactive"})
#: A word of `Match` that holds for nobody who has an account.
_NEVER: Final = "invalid-user"

Way = tuple[str, ...]
"""Methods that have to be completed one after the other, as AuthenticationMethods has them."""


@dataclass(frozen=True, slots=True)
class Case:
    """What people of the scope have to complete where `criteria` hold. No ways: the host lets nobody in there."""

    criteria: tuple[Criterion, ...]
    ways: tuple[Way, ...]


def ways(settings: Mapping[str, str]) -> tuple[Way, ...]:
    """The ways in that are open, by sshd's settings in force; sshd passes over those with a method that is off."""
    is_open = {method for method, keyword in _METHODS.items() if settings.get(keyword, DEFAULTS[keyword]) == "yes"}
    named = settings.get("authenticationmethods", "any").split()
    listed = [(method,) for method in _METHODS] if named in (["any"], []) else [tuple(way.split(",")) for way in named]
    return tuple(way for way in listed if all(_method(step) in is_open for step in way))


def with_code(before: Iterable[Way]) -> tuple[Way, ...]:
    """The ways in for people who need a code, where these are open: each ends in keyboard-interactive.

    There PAM asks for the password and the code, or for the code alone after a key. So a key that was demanded still
    is, and nobody gets in by a password where none opened anything before.
    """
    changed = ((*(step for step in way if _method(step) not in _PASSWORDS), CODE_STEP) for way in before)
    return tuple(dict.fromkeys(changed))


def weaker(before: Sequence[Way], after: Iterable[Way]) -> Way | None:
    """A way that is open after, and asks for less than every way before; None if there is none."""
    return next((way for way in after if not any(_covers(way, old) for old in before)), None)


def _covers(way: Way, old: Way) -> bool:
    """Whether whoever has completed `way`, with its code, has shown what `old` asked for.

    The code stands for a password beside a key.
    """
    shown = [_method(step) for step in way]
    wanted = [_method(step) for step in old]
    keys = all(shown.count(step) >= wanted.count(step) for step in wanted if step not in _PASSWORDS)
    return keys and (_PASSWORDS.isdisjoint(wanted) or not _PASSWORDS.isdisjoint(shown))


def _method(step: str) -> str:
    return step.partition(":")[0]


def cases(parts: Sequence[Part]) -> tuple[Case, ...]:
    """What the scope has to complete under a configuration without our drop-in; the first case that holds counts.

    The last one has no criteria and always holds. Raises Problem where Match blocks overlap in too many ways.
    """
    base = dict(DEFAULTS)
    for part in reversed([part for part in parts if not part.conditional]):
        base.update(part.settings)
    blocks = [part for part in parts if part.conditional and all(one.word != _NEVER for one in part.criteria)]
    varying = {key for part in blocks for key, value in part.settings.items() if value != base[key]}
    blocks = [part for part in blocks if not varying.isdisjoint(part.settings)]
    found: list[tuple[frozenset[int], Case]] = []
    for chosen in sorted(_together(blocks), key=len):
        holding = [part for index, part in enumerate(blocks) if index in chosen or not part.criteria]
        settings = dict(base)
        for part in reversed(holding):
            settings.update(part.settings)
        outcome = with_code(ways(settings))
        # The bigger sets come first in the end, so that a smaller one needs to be there only if it says the same.
        if next((case.ways for held, case in reversed(found) if held <= chosen), None) != outcome:
            criteria = tuple(dict.fromkeys(one for part in holding for one in part.criteria))
            found.append((chosen, Case(criteria, outcome)))
    return tuple(case for _, case in reversed(found))


def _together(blocks: Sequence[Part]) -> list[frozenset[int]]:
    """The sets of blocks, by index, that may all hold for one connection; those without criteria are in none."""
    sets: list[frozenset[int]] = [frozenset()]
    for index, part in enumerate(blocks):
        if part.criteria:
            sets += [chosen | {index} for chosen in sets if not any(_exclude(part, blocks[other]) for other in chosen)]
        if len(sets) > SETS_MAX:
            raise Problem(
                f"too many Match blocks of sshd overlap for it to be told what {part.place} leaves open to whom",
                "say the same with fewer Match blocks, each for users or groups of its own",
            )
    implied = {
        index: {
            other for other, wider in enumerate(blocks) if wider.criteria and set(wider.criteria) <= set(part.criteria)
        }
        for index, part in enumerate(blocks)
    }
    return [chosen for chosen in sets if all(implied[index] <= chosen for index in chosen)]


def _exclude(one: Part, other: Part) -> bool:
    """Whether two blocks surely never hold for the same user."""
    return any(mine.isdisjoint(theirs) for mine in _users(one) for theirs in _users(other))


def _users(part: Part) -> Iterator[frozenset[str]]:
    """The users whom each criterion names one by one."""
    for criterion in part.criteria:
        if criterion.word == "user" and not any(sign in criterion.value for sign in '*?!\\"'):
            yield frozenset(criterion.patterns)
