"""Logins while the master key is changed, and how fast that goes beside them."""

import json
import subprocess
import sys
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, Final

from bench.load import Load, run
from bench.paths import PYTHON, ROOT
from bench.series import Case, Measured
from bench.verifier import Verifier

CLIENTS: Final = 16
LATER_STEPS: Final = 3
"""How much later the codes of each time round are: still in the window, and never those of the time before."""


class Rotating:
    """A verifier whose key is being changed. No code comes twice, so that nothing has to be refreshed meanwhile."""

    asks = True

    def __init__(self, ours: Verifier) -> None:
        self.name = f"{ours.name}, its key being changed"
        self.confdir = ours.confdir
        self._ours = ours

    def refresh(self, users: range) -> None:
        """Nothing to do."""

    def cpu_seconds(self) -> float:
        """That of its daemon."""
        return self._ours.cpu_seconds()


@dataclass(frozen=True, slots=True)
class Rotation:
    """The rows of logins alone and beside a change of the key, and how many records were sealed again in a second."""

    alone: Measured
    beside: Measured
    records_a_second: float


def rotate(ours: Verifier, logins: int) -> Rotation:
    """Change the key of a verifier that runs, under so many logins at a time until that is done."""
    load = Load(CLIENTS, range(logins))
    alone = Measured(Case(ours, load, ours.enrolled))
    beside = Measured(Case(Rotating(ours), load, ours.enrolled))
    _round(alone, 0)
    with subprocess.Popen(
        [PYTHON, "-m", "rw2fa_daemon.cli.main", "--config", ours.config, "key", "rotate", "--json"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as command:
        for turn in count(1):
            _round(beside, turn)
            if command.poll() is not None:
                break
        output, _ = command.communicate()
    if command.returncode != 0:
        raise RuntimeError("rw2fa key rotate failed")
    done: dict[str, Any] = json.loads(output)
    return Rotation(alone, beside, done["records"] / done["seconds"])


def _round(row: Measured, turn: int) -> None:
    load = row.case.load
    size = len(load.users)
    # Once everybody has logged in, they come again with later codes.
    sweep, part = divmod(turn, row.case.population // size)
    users = range(part * size, (part + 1) * size)
    before = row.case.subject.cpu_seconds()
    outcome = run(row.case.subject.confdir, replace(load, users=users, steps=(LATER_STEPS * sweep,)))
    served = row.case.subject.cpu_seconds() - before
    row.runs.append(replace(outcome, cpu_seconds=outcome.cpu_seconds + served))
    print(".", end="", file=sys.stderr, flush=True)
