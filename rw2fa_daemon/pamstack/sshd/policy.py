"""The ways in over SSH that a host offers, and what they become for users who need a code. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.pamstack.sshd.read import DEFAULTS, Criterion, Part

#: Sets of Match blocks that are examined; 12 blocks that may all apply at once make this many.
SETS_MAX: Final = 4096

CODE_STEP: Final = "keyboard-interactive:pam"
_METHODS: Final[Mapping[str, str]] = {
    "publickey": "pubkeyauthentication",
    "gssapi-with-mic": "gssapiauthentication",
    "hostbased": "hostbasedauthentication",
    "password": "passwordauthentication",
    "keyboard-interactive": "kbdinteractiveauthentication",
}
#: Methods that use the password, which PAM asks for.
_PASSWORDS: Final = frozenset({"password", "keyboard-interactive"})
#: A word of `Match` that matches nobody who has an account.
_NEVER: Final = "invalid-user"

Way = tuple[str, ...]
"""Methods that have to be completed one after the other, as in AuthenticationMethods."""


@dataclass(frozen=True, slots=True)
class Case:
    """What users of the scope have to complete if `criteria` apply. No ways: the host lets nobody in there."""

    criteria: tuple[Criterion, ...]
    ways: tuple[Way, ...]


def ways(settings: Mapping[str, str]) -> tuple[Way, ...]:
    """The ways in that are open by sshd's settings in force; sshd skips those with a method that is switched off."""
    is_open = {method for method, keyword in _METHODS.items() if settings.get(keyword, DEFAULTS[keyword]) == "yes"}
    named = settings.get("authenticationmethods", "any").split()
    listed = [(method,) for method in _METHODS] if named in (["any"], []) else [tuple(way.split(",")) for way in named]
    return tuple(way for way in listed if all(_method(step) in is_open for step in way))


def with_code(before: Iterable[Way]) -> tuple[Way, ...]:
    """The ways in for users who need a code, derived from those that are open: each ends in keyboard-interactive.

    There PAM asks for the password and the code, or for the code alone after a key. So a key that was required still
    is, and nobody can log in with a password where none was accepted before.
    """
    changed = ((*(step for step in way if _method(step) not in _PASSWORDS), CODE_STEP) for way in before)
    return tuple(dict.fromkeys(changed))


def weaker(before: Sequence[Way], after: Iterable[Way]) -> Way | None:
    """A way of `after` that asks for less than every way of `before`; None if there is none."""
    return next((way for way in after if not any(_covers(way, old) for old in before)), None)


def _covers(way: Way, old: Way) -> bool:
    """Whether completing `way`, with its code, proves what `old` asked for.

    The code replaces a password beside a key.
    """
    shown = [_method(step) for step in way]
    wanted = [_method(step) for step in old]
    keys = all(shown.count(step) >= wanted.count(step) for step in wanted if step not in _PASSWORDS)
    return keys and (_PASSWORDS.isdisjoint(wanted) or not _PASSWORDS.isdisjoint(shown))


def _method(step: str) -> str:
    return step.partition(":")[0]


def cases(parts: Sequence[Part]) -> tuple[Case, ...]:
    """What the scope has to complete under a configuration without our drop-in; the first case that applies counts.

    The last one has no criteria and always applies. Raises Problem if Match blocks overlap in too many ways.
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
        # Larger sets come first in the result, so a larger one is needed only if it differs from its subset.
        if next((case.ways for held, case in reversed(found) if held <= chosen), None) != outcome:
            criteria = tuple(dict.fromkeys(one for part in holding for one in part.criteria))
            found.append((chosen, Case(criteria, outcome)))
    return tuple(case for _, case in reversed(found))


def _together(blocks: Sequence[Part]) -> list[frozenset[int]]:
    """The sets of blocks, by index, that may all apply to one connection; those without criteria are in none."""
    sets: list[frozenset[int]] = [frozenset()]
    for index, part in enumerate(blocks):
        if part.criteria:
            sets += [chosen | {index} for chosen in sets if not any(_exclude(part, blocks[other]) for other in chosen)]
        if len(sets) > SETS_MAX:
            raise Problem(
                f"too many Match blocks of sshd overlap to determine what {part.place} leaves open to whom",
                "use fewer Match blocks, each for users or groups of its own",
            )
    implied = {
        index: {
            other for other, wider in enumerate(blocks) if wider.criteria and set(wider.criteria) <= set(part.criteria)
        }
        for index, part in enumerate(blocks)
    }
    return [chosen for chosen in sets if all(implied[index] <= chosen for index in chosen)]


def _exclude(one: Part, other: Part) -> bool:
    """Whether two blocks certainly never apply to the same user."""
    return any(mine.isdisjoint(theirs) for mine in _users(one) for theirs in _users(other))


def _users(part: Part) -> Iterator[frozenset[str]]:
    """The users whom each criterion names individually."""
    for criterion in part.criteria:
        if criterion.word == "user" and not any(sign in criterion.value for sign in '*?!\\"'):
            yield frozenset(criterion.patterns)
