"""How much is measured: everything, or just enough to see that it works."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Plan:
    """Sizes of a run of the bench. Logins are per round, one for each user."""

    rounds: int
    right: Mapping[int, int]
    """Clients at once -> logins with a right code."""
    wrong: Mapping[int, int]
    """Clients at once -> users who send wrong codes."""
    oath: Mapping[int, int]
    """Users in pam_oath's file -> logins with a right code; more users take it longer."""
    enrolled: int
    """People enrolled where the size is not what is measured."""
    scale: tuple[int, ...]
    """Numbers of people enrolled that are compared."""
    scale_rounds: int
    scale_users: int
    """Logins of one round of the comparison; no more than the smallest number enrolled."""
    once_users: int
    once_rounds: int
    texting: int
    """People who wait for a text message at once."""
    texting_seconds: float
    """What Twilio takes for each."""
    beside: Mapping[int, int]
    """Clients at once -> logins with an app, alone and beside them."""
    beside_rounds: int
    rotated: int
    """People whose records are sealed again under another master key."""
    rotated_logins: int
    """Logins beside that, of one round after the other until it is done."""
    people: int
    """How many are in the scope where the administrator's commands are measured."""
    starts: int
    """How often start, memory and `rw2fa status` are measured."""
    judged: bool
    """Whether the targets are compared."""


FULL: Final = Plan(
    rounds=5,
    right={1: 1_500, 4: 3_000, 16: 4_000, 64: 5_000},
    wrong={1: 300, 4: 300},
    oath={10: 10, 1_000: 300, 100_000: 10},
    enrolled=10_000,
    scale=(10, 10_000, 1_000_000),
    scale_rounds=150,
    scale_users=10,
    once_users=500,
    once_rounds=5,
    texting=200,
    texting_seconds=5.0,
    beside={16: 10_000},
    beside_rounds=5,
    rotated=100_000,
    rotated_logins=4_000,
    people=100_000,
    starts=5,
    judged=True,
)

QUICK: Final = Plan(
    rounds=1,
    right={1: 20, 4: 40},
    wrong={1: 10},
    oath={10: 10},
    enrolled=100,
    scale=(10, 100),
    scale_rounds=2,
    scale_users=10,
    once_users=20,
    once_rounds=1,
    texting=5,
    texting_seconds=0.2,
    beside={4: 40},
    beside_rounds=1,
    rotated=400,
    rotated_logins=40,
    people=1_000,
    starts=1,
    judged=False,
)
