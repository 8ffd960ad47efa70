"""Runs the tests of each mutant in a forked child, several at a time, each in a copy of the tree."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import select
import shutil
import signal
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from tests.mutation import child
from tests.mutation.mutants import Mutant

BASE_SECONDS: Final = 60.0
PATIENCE: Final = 40.0
"""A child has the first and its tests' usual processor time so often; what takes longer was not judged."""
LAST_SECONDS: Final = 30.0
"""What runs when the time is over may go on for so long."""
LEFT_OUT: Final = (".git", ".venv", "build", ".*_cache", ".hypothesis")


class Outcome(StrEnum):
    """What became of a mutant."""

    KILLED = "killed"
    """A test failed, or used up its processor time."""
    SURVIVED = "survived"
    UNDECIDED = "undecided"
    """Neither, within a long time: the machine is busy, or the tests wait for ever."""
    ACCEPTED = "accepted"
    NOT_RUN = "not run"


class CannotStartError(Exception):
    """The tests cannot be run, or do not end, without any change."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Seconds of processor time of each test that passes without a change, and the names of those that fail."""

    cpu: dict[str, float]
    failed: list[str]

    def tests_in(self, files: Sequence[str]) -> list[str]:
        """The tests in these files: the first file's first, and quick ones first in it and in the others."""
        at = {file: min(rank, 1) for rank, file in enumerate(files)}
        chosen = [(at[file], cpu, test) for test, cpu in self.cpu.items() if (file := test.partition("::")[0]) in at]
        return [test for _rank, _cpu, test in sorted(chosen)]


@dataclass(slots=True)
class _Running:
    mutant: Mutant
    pid: int
    descriptor: int
    until: float


class Runner:
    """Copies of the tree below `scratch`, one for each of `jobs` children."""

    def __init__(self, root: Path, scratch: Path, jobs: int) -> None:
        self._root = root
        self._trees = [scratch / f"tree{number}" for number in range(jobs)]
        shutil.copytree(root, self._trees[0], ignore=shutil.ignore_patterns(*LEFT_OUT))
        self._scratch = scratch

    def measure(self, files: Sequence[str], until: float) -> Measured:
        """Run files of tests without a change; afterwards this process has imported what they need."""
        result = self._scratch / "measured.json"
        tree = self._trees[0]
        pid, descriptor = _fork(lambda: child.measure(tree, files, result))
        status = _await(pid, descriptor, until)
        if status != 0:
            why = "do not end in the time given" if status is None else "cannot be run"
            raise CannotStartError(f"without any change the tests {why}: {' '.join(files)}")
        told = json.loads(result.read_text())
        _import(told["imported"])
        return Measured({test: cpu for test, cpu in told["cpu"].items() if test not in told["failed"]}, told["failed"])

    def run(
        self, todo: Sequence[Mutant], files: dict[str, list[str]], measured: Measured, until: float
    ) -> Iterator[tuple[Mutant, Outcome]]:
        """Each mutant with its outcome, as they end; none is begun after `until` (monotonic seconds).

        `files` has the files of tests of each module.
        """
        for tree in self._trees[1:]:
            if not tree.exists():
                # With the bytecode that measuring has left, and its times, without which that would not count.
                shutil.copytree(self._trees[0], tree)
        idle = list(self._trees)
        running: dict[Path, _Running] = {}
        waiting = iter(todo)
        while True:
            while idle and time.monotonic() < until and (mutant := next(waiting, None)) is not None:
                tests = measured.tests_in(files[mutant.path])
                if not tests:
                    yield mutant, Outcome.SURVIVED
                    continue
                tree = idle.pop()
                running[tree] = self._begin(tree, mutant, tests, measured.cpu, until + LAST_SECONDS)
            if not running:
                break
            for tree in _ended(running):
                yield running[tree].mutant, self._end(tree, running.pop(tree))
                idle.append(tree)
        for mutant in waiting:
            yield mutant, Outcome.NOT_RUN

    def _begin(self, tree: Path, mutant: Mutant, tests: list[str], cpu: dict[str, float], last: float) -> _Running:
        (tree / mutant.path).write_text(mutant.source)
        pid, descriptor = _fork(lambda: child.judge(tree, tests, cpu))
        patience = BASE_SECONDS + PATIENCE * sum(cpu[test] for test in tests)
        return _Running(mutant, pid, descriptor, min(time.monotonic() + patience, last))

    def _end(self, tree: Path, ended: _Running) -> Outcome:
        status = _await(ended.pid, ended.descriptor, ended.until)
        shutil.copy2(self._root / ended.mutant.path, tree / ended.mutant.path)
        if status is None:
            return Outcome.UNDECIDED
        return Outcome.SURVIVED if status == 0 else Outcome.KILLED


def _fork(work: Callable[[], int]) -> tuple[int, int]:
    """A child that does the work, and a descriptor that is readable when it has ended."""
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        status = 70
        try:
            status = int(work())
        finally:
            os._exit(status)
    return pid, os.pidfd_open(pid)


def _ended(running: dict[Path, _Running]) -> list[Path]:
    """The trees whose child has ended or has had its time; waits for the first."""
    first = min(one.until for one in running.values())
    ready, _, _ = select.select(
        [one.descriptor for one in running.values()], [], [], max(0.0, first - time.monotonic())
    )
    now = time.monotonic()
    return [tree for tree, one in running.items() if one.descriptor in ready or one.until <= now]


def _await(pid: int, descriptor: int, until: float) -> int | None:
    """The exit status of a child, negative for a signal; None, and an end to it and its children, after `until`."""
    ready, _, _ = select.select([descriptor], [], [], max(0.0, until - time.monotonic()))
    # It has a session of its own: nothing that a test started outlives it.
    for end in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError):
            end(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    os.close(descriptor)
    return os.waitstatus_to_exitcode(status) if ready else None


def _import(names: list[str]) -> None:
    """Have these modules here, so that no child has to load them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in names:
            with contextlib.suppress(Exception):
                importlib.import_module(name)
