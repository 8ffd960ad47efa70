"""`python -m bench [--quick]`, inside the namespaces that `bench/run` makes."""

import argparse
import sys
from pathlib import Path

from bench import report
from bench.plan import FULL, QUICK
from bench.sections import Findings, everything, people
from bench.world import file_system, private_world


def main() -> int:
    """Measures, reports, and says by the exit status whether all is as it must be."""
    parser = argparse.ArgumentParser(prog="bench/run", description="Measure rw2fa and its peers side by side.")
    parser.add_argument("--quick", action="store_true", help="a few logins of each kind, to see that all of it works")
    parser.add_argument("--people", action="store_true", help="only what an administrator does with 100,000 people")
    parser.add_argument("--folder", type=Path, required=True, help="an empty folder on a disk (bench/run gives one)")
    options = parser.parse_args()
    plan = QUICK if options.quick else FULL
    with private_world(options.folder) as folder:
        on = report.machine(file_system(folder))
        if options.people:
            people(findings := Findings(), plan, folder)
        else:
            findings = everything(plan, folder)
    print(file=sys.stderr)
    print(f"{on['cpus']} CPUs, Linux {on['kernel']}, Python {on['python']}; state and homes on {on['file_system']}\n")
    if findings.rows:
        report.print_rows(findings)
    failures = findings.failures()
    if plan.judged:
        if not options.people:
            report.write(findings, on)
        print()
        report.print_goals(findings.goals)
        failures += [f"target missed: {goal.what}" for goal in findings.goals if not goal.reached]
    for failure in failures:
        print(failure, file=sys.stderr)
    return 1 if failures else 0


sys.exit(main())
