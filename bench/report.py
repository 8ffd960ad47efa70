"""What was found, for people and for programs."""

import json
import os
import platform
from collections.abc import Iterable
from pathlib import Path

from tabulate import tabulate

from bench.goals import Goal
from bench.paths import RESULTS
from bench.sections import Findings
from bench.series import Measured


def machine(file_system: str) -> dict[str, str | int]:
    """What it was measured on."""
    return {
        "cpus": len(os.sched_getaffinity(0)),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "file_system": file_system,
    }


def _row(row: Measured) -> dict[str, str | int | float]:
    load = row.case.load
    return {
        "subject": row.case.subject.name,
        "code": "right" if load.right else "wrong",
        "codes_per_user": len(load.steps),
        "clients": load.clients,
        "senders": load.senders,
        "per_second": round(row.rate, 1),
        "p50_us": round(row.p50_us, 1),
        "p99_us": round(row.p99_us, 1),
        "cpu_us": round(row.cpu_us, 1),
        "logins": row.logins,
        "unexpected": row.unexpected,
    }


def _rows(rows: Iterable[Measured]) -> list[dict[str, object]]:
    return [
        {
            **_row(row),
            "runs": [
                {
                    "per_second": round(run.rate, 1),
                    "p50_us": run.p50_us,
                    "p99_us": run.p99_us,
                    "cpu_us": round(run.cpu_us, 1),
                    "asked": run.asked,
                    "returned": run.returned,
                    "codes": {"never": run.codes_never, "once": run.codes_once, "more": run.codes_more},
                }
                for run in row.runs
            ],
        }
        for row in rows
    ]


def _goal(goal: Goal) -> dict[str, object]:
    return {
        "what": goal.what,
        "measured": goal.measured,
        "target": goal.target,
        "unit": goal.unit.strip(),
        "below": goal.below,
        "reached": goal.reached,
    }


def write(findings: Findings, on: dict[str, str | int], folder: Path = RESULTS) -> None:
    """Leaves one JSON file a subject in `folder`."""
    folder.mkdir(exist_ok=True)
    for name, content in {
        "machine": on,
        "logins": _rows(findings.rows),
        "daemon": findings.daemon,
        "goals": [_goal(goal) for goal in findings.goals],
    }.items():
        (folder / f"{name}.json").write_text(json.dumps(content, indent=2) + "\n")


def _code(row: dict[str, str | int | float]) -> str:
    if row["senders"] != 1:
        return f"one, {row['senders']} times at once"
    return str(row["code"]) + (f", {row['codes_per_user']} a user" if row["code"] == "wrong" else "")


def print_rows(findings: Findings) -> None:
    """The table of what was measured. `wrong outcomes` counts right codes refused and wrong ones not judged."""
    rows = [
        (
            row["clients"],
            _code(row),
            row["subject"],
            row["per_second"],
            row["p50_us"],
            row["p99_us"],
            row["cpu_us"],
            f"{row['unexpected']} of {row['logins']}",
        )
        for row in map(_row, findings.rows)
    ]
    headers = ("clients", "code", "", "per s", "p50 µs", "p99 µs", "CPU µs", "wrong outcomes")
    print(tabulate(rows, headers, floatfmt=",.0f", tablefmt="simple"))


def print_goals(goals: Iterable[Goal]) -> None:
    """The table of targets."""
    rows = [
        (
            goal.what,
            f"{goal.measured:,.2f}{goal.unit}" if goal.unit else f"{goal.measured:,.0f}",
            f"{'<' if goal.below else '≥'} " + (f"{goal.target:g}{goal.unit}" if goal.unit else f"{goal.target:,.0f}"),
            "reached" if goal.reached else "MISSED",
        )
        for goal in goals
    ]
    print(tabulate(rows, ("target", "measured", "to reach", ""), tablefmt="simple", disable_numparse=True))
