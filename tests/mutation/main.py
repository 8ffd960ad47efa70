"""Changes one place of the code at a time: does a unit test notice?

For each change the unit tests of its module are run: the file named after it, then those of the package that import
it. What none notices is listed, unless tests/accepted_mutants.toml says why; the status is 1 if one is left.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
import time
import tomllib
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.mutation.changed import base_of, changed_lines
from tests.mutation.files_of_tests import files_of_tests
from tests.mutation.mutants import Mutant, mutants
from tests.mutation.runner import CannotStartError, Outcome, Runner

ROOT: Final = Path(__file__).resolve().parents[2]
PACKAGES: Final = ("core", "store", "vault", "wire", "service")
ACCEPTED: Final = ROOT / "tests" / "accepted_mutants.toml"

Counts = dict[str, Counter[Outcome]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; the exit status."""
    asked = _arguments(arguments)
    until = time.monotonic() + asked.seconds
    files = _files(asked.paths)
    lines: dict[str, set[int]] | None = None
    if asked.changed:
        base = base_of(ROOT)
        if base is None:
            print("mutation: one commit only, so nothing to compare with")
            return 0
        lines = changed_lines(ROOT, base)
        files = [file for file in files if file in lines]
    every = [mutant for file in files for mutant in mutants(file, (ROOT / file).read_text())]
    accepted = {entry["mutant"] for entry in tomllib.loads(ACCEPTED.read_text())["accepted"]}
    status = 0
    for name in sorted(accepted - {mutant.name for mutant in every}):
        if name.partition(" ")[0] in files:
            print(f"accepted, but no such change is made any more: {name}")
            status = 1
    todo = every if lines is None else [mutant for mutant in every if mutant.line in lines[mutant.path]]
    chance = random.Random(asked.seed)
    if asked.sample is not None and asked.sample < len(todo):
        todo = chance.sample(todo, asked.sample)
    elif asked.changed:
        chance.shuffle(todo)
    counts, survivors, problem = _run(todo, accepted, asked.jobs, until)
    print(_table(counts), flush=True)
    if asked.json:
        asked.json.write_text(_as_json(asked, counts, survivors))
    if problem:
        print(problem)
    if asked.changed and os.environ.get("RW2FA_MUTANTS_STRICT") != "1":
        return 0
    return 1 if survivors or problem else status


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="script/mutate", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=3600.0, help="begin no further change after so long")
    parser.add_argument("--sample", type=int, metavar="N", help="only N changes, chosen by chance")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="which N; 0 unless given")
    parser.add_argument("--jobs", type=int, default=1, metavar="J", help="so many at a time; 1 unless given")
    parser.add_argument(
        "--changed", action="store_true", help="only lines that the branch, or the last commit, changed"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures and the survivors there too")
    parser.add_argument(
        "paths", nargs="*", type=Path, metavar="PATH", help="files or folders; else " + ", ".join(PACKAGES)
    )
    return parser.parse_args(arguments)


def _files(paths: Sequence[Path]) -> list[str]:
    """The modules below these paths, relative to the root."""
    found = [path.resolve() for path in paths] or [ROOT / "rw2fa_daemon" / package for package in PACKAGES]
    modules = [file for path in found for file in (sorted(path.rglob("*.py")) if path.is_dir() else [path])]
    return [os.path.relpath(file, ROOT) for file in modules]


def _run(todo: list[Mutant], accepted: set[str], jobs: int, until: float) -> tuple[Counts, list[Mutant], str]:
    """Count the outcomes by package and print each survivor; and what was wrong with the tests, if anything."""
    counts: Counts = defaultdict(Counter)
    survivors: list[Mutant] = []
    problems = []
    with tempfile.TemporaryDirectory(prefix="mutate-") as scratch:
        runner = Runner(ROOT, Path(scratch), jobs)
        for package in dict.fromkeys(_package(mutant) for mutant in todo):
            found = [mutant for mutant in todo if _package(mutant) == package]
            rest = [mutant for mutant in found if mutant.name not in accepted]
            counts[package][Outcome.ACCEPTED] += len(found) - len(rest)
            files = {path: files_of_tests(ROOT, path) for path in {mutant.path for mutant in rest}}
            try:
                measured = runner.measure(sorted({file for tests in files.values() for file in tests}), until)
            except CannotStartError as error:
                problems.append(str(error))
                counts[package][Outcome.NOT_RUN] += len(rest)
                continue
            problems += [f"fails without any change, and was left out: {test}" for test in measured.failed]
            for mutant, outcome in runner.run(rest, files, measured, until):
                counts[package][outcome] += 1
                if outcome is Outcome.SURVIVED:
                    survivors.append(mutant)
                if outcome in {Outcome.SURVIVED, Outcome.UNDECIDED}:
                    print(f"{outcome}, line {mutant.line}: {mutant.name}", flush=True)
    return counts, survivors, "\n".join(problems)


def _package(mutant: Mutant) -> str:
    return Path(mutant.path).parts[1]


def _share(counted: Counter[Outcome]) -> float | None:
    """Per cent killed of what was judged."""
    judged = counted[Outcome.KILLED] + counted[Outcome.SURVIVED]
    return 100 * counted[Outcome.KILLED] / judged if judged else None


def _table(counts: Counts) -> str:
    rows = [f"{'package':<10}" + "".join(f"{outcome:>11}" for outcome in Outcome) + f"{'killed %':>11}"]
    for package, counted in counts.items():
        share = _share(counted)
        percent = "-" if share is None else f"{share:.1f}"
        rows.append(f"{package:<10}" + "".join(f"{counted[outcome]:>11}" for outcome in Outcome) + f"{percent:>11}")
    return "\n".join(rows)


def _as_json(asked: argparse.Namespace, counts: Counts, survivors: list[Mutant]) -> str:
    packages = {
        package: {**{str(outcome): counted[outcome] for outcome in Outcome}, "killed %": _share(counted)}
        for package, counted in counts.items()
    }
    left = [{"line": mutant.line, "mutant": mutant.name} for mutant in survivors]
    told = {"sample": asked.sample, "seed": asked.seed, "packages": packages, "survivors": left}
    return json.dumps(told, indent=2) + "\n"


if __name__ == "__main__":
    sys.exit(main())
