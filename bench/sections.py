"""The parts of the bench: each measures some rows and names the targets that they are held to."""

import statistics
import subprocess
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bench import budget
from bench.accounts import MOST, name_of
from bench.floor import Floor
from bench.goals import Goal
from bench.load import Load
from bench.paths import PYTHON, ROOT
from bench.peers import GoogleAuthenticator, Oath, Permit, Subject
from bench.people import CROWDS, FIRST, People, Ran
from bench.plan import Plan
from bench.rotation import Rotating, rotate
from bench.series import Case, Measured, take_turns
from bench.shared import SETTINGS, Hosts, SharedVerifier
from bench.sms import Alone, Beside, Crowd, Phones, TextingVerifier
from bench.verifier import KnownToDirectory, Verifier, start_daemon
from bench.world import SSHD_DROPINS, sshd_dropins
from tests.support.postgresql import Cluster

DEFAULT_DISCREPANCY: Final = 480
NARROW_DISCREPANCY: Final = 1

FACTORS: Final = {1: 1.0, 4: 1.5, 16: 2.0, 64: 2.0}
"""Clients at once -> the multiple of google-authenticator's rate that rw2fa has to reach."""
WRONG_FACTOR: Final = 3.0
WRONG_TRIES: Final = 3
"""Wrong codes of each user: what google-authenticator's rate limit lets pass. The first one costs rw2fa more than the
next ones, for which it knows the codes of the window already; so it is shown alone as well."""
SCALE_RATIO: Final = 0.9
BUDGET_PERCENT: Final = 5.0
BESIDE_RATIO: Final = 0.8
ROTATING_RATIO: Final = 0.5
ROTATED_A_SECOND: Final = 1_000.0
RESIDENT_MIB: Final = 60.0
READY_SECONDS: Final = 0.5
STATUS_SECONDS: Final = 0.3
LOOK_SECONDS: Final = 0.3
PEOPLE_MIB: Final = 76.0
"""80 MB."""
DROPIN: Final = SSHD_DROPINS / "10-rw2fa.conf"


OURS: Final = (Verifier, KnownToDirectory, Alone, Hosts, Rotating)


@dataclass(slots=True)
class Findings:
    """What the sections have found so far."""

    rows: list[Measured] = field(default_factory=list)
    goals: list[Goal] = field(default_factory=list)
    daemon: dict[str, float] = field(default_factory=dict)

    def failures(self) -> list[str]:
        """Outcomes of rw2fa that must not be, in words. The peers' are theirs, and only shown."""
        return [
            f"{row.case.subject.name}, {row.case.load.clients} at once: {row.unexpected} of {row.logins} outcomes wrong"
            for row in self.rows
            if row.unexpected and isinstance(row.case.subject, OURS)
        ]


def logins(
    findings: Findings, plan: Plan, folder: Path, google: GoogleAuthenticator, ours: Sequence[Verifier], floor: Floor
) -> None:
    """Right and wrong codes, ours (the default discrepancy first) beside the peers, and the floor of right ones."""
    permit = Permit(folder)
    oaths = [(Oath(folder, enrolled), enrolled, few) for enrolled, few in plan.oath.items()]
    for clients, count in plan.right.items():
        subjects: list[Subject] = [google, *ours, floor, permit]
        cases = [Case(subject, Load(clients, range(count)), plan.enrolled) for subject in subjects]
        if clients <= 4:
            cases += [Case(oath, Load(clients, range(few)), enrolled) for oath, enrolled, few in oaths]
        rows = take_turns(cases, plan.rounds)
        findings.rows += rows
        most = rows[subjects.index(floor)].over(rows[0])
        what = f"right code, {clients} at once, against google-authenticator (floor: {most:.2f})"
        findings.goals.append(Goal(what, rows[1].over(rows[0]), FACTORS[clients], " times"))
    compared: list[Subject] = [google, *ours]
    for clients, count in plan.wrong.items():
        for tries in (WRONG_TRIES, 1):
            load = Load(clients, range(count), right=False, steps=(0,) * tries)
            rows = take_turns([Case(subject, load, plan.enrolled) for subject in compared], plan.rounds)
            findings.rows += rows
            if tries == WRONG_TRIES:
                what = f"wrong code, {clients} at once, against google-authenticator"
                findings.goals.append(Goal(what, rows[1].over(rows[0]), WRONG_FACTOR, " times"))


def scale(findings: Findings, plan: Plan, sizes: Iterable[Verifier]) -> None:
    """Whether a login costs the same however many are enrolled.

    Each is known to the directory already, since ten people cannot be new to it each time.
    """
    rows = take_turns(
        [Case(KnownToDirectory(ours), Load(1, range(plan.scale_users)), ours.enrolled) for ours in sizes],
        plan.scale_rounds,
    )
    findings.rows += rows
    rates = [row.rate for row in rows]
    findings.goals.append(
        Goal("right code, slowest of the sizes to the fastest", min(rates) / max(rates), SCALE_RATIO, " times")
    )


def once(findings: Findings, plan: Plan, ours: Verifier, peers: Sequence[Subject]) -> None:
    """One code sent four times at once: how many of the four get in."""
    load = Load(16, range(plan.once_users), senders=4)
    subjects: list[Subject] = [ours, *peers]
    rows = take_turns([Case(subject, load, plan.once_users) for subject in subjects], plan.once_rounds)
    findings.rows += rows
    findings.goals.append(
        Goal(
            f"codes of {plan.once_users} users, each sent 4 times at once, {plan.once_rounds} rounds: accepted once",
            sum(outcome.codes_once for outcome in rows[0].runs),
            plan.once_users * plan.once_rounds,
            "",
        )
    )


def texts(findings: Findings, plan: Plan, folder: Path) -> None:
    """Logins with an app beside others that wait for a slow Twilio."""
    with Phones(folder, plan.texting_seconds) as phones:
        ours = TextingVerifier(
            folder, phones, enrolled=plan.enrolled, discrepancy=DEFAULT_DISCREPANCY, texting=plan.texting
        )
        crowd = Crowd(ours)
        alone, beside = Alone(ours, crowd), Beside(ours, crowd)
        with ours.running():
            for clients, count in plan.beside.items():
                cases = [Case(subject, Load(clients, range(count)), plan.enrolled) for subject in (alone, beside)]
                rows = take_turns(cases, plan.beside_rounds)
                findings.rows += rows
                what = f"right code, {clients} at once, beside {plan.texting} SMS logins, against alone"
                findings.goals.append(Goal(what, rows[1].over(rows[0]), BESIDE_RATIO, " times"))
            crowd.end()
        expected = plan.texting * plan.beside_rounds * len(plan.beside)
        findings.goals += [
            Goal(f"SMS logins that {plan.texting} began at once, let in", crowd.let_in, expected, ""),
            Goal("messages sent for them", len(phones.codes()), expected + 1, "", below=True),
        ]


def rotation(findings: Findings, plan: Plan, folder: Path) -> None:
    """Logins while everything is sealed again under another master key."""
    ours = Verifier(folder, enrolled=plan.rotated, discrepancy=DEFAULT_DISCREPANCY)
    with ours.running():
        found = rotate(ours, plan.rotated_logins)
    findings.rows += [found.alone, found.beside]
    what = f"right code, {found.alone.case.load.clients} at once, while the key of {plan.rotated:,} people is changed"
    findings.goals += [
        Goal(f"{what}, against alone", found.beside.rate / found.alone.rate, ROTATING_RATIO, " times"),
        Goal("records sealed again beside them", found.records_a_second, ROTATED_A_SECOND, " a second"),
    ]


def shared(findings: Findings, plan: Plan, folder: Path, google: GoogleAuthenticator, ours: Verifier) -> None:
    """Right codes with the state in a PostgreSQL, from one host and from two, beside SQLite."""
    with Cluster.make(SETTINGS, folder) as cluster:
        sizes = {"enrolled": plan.enrolled, "discrepancy": DEFAULT_DISCREPANCY}
        one = SharedVerifier(folder / "one", cluster, **sizes)
        two = Hosts(one, SharedVerifier(folder / "two", cluster, **sizes, like=one))
        with two.running():
            for clients, count in plan.right.items():
                subjects: list[Subject] = [google, ours, one, two]
                cases = [Case(subject, Load(clients, range(count)), plan.enrolled) for subject in subjects]
                findings.rows += take_turns(cases, plan.rounds)
            rows = take_turns(
                [Case(two, Load(16, range(plan.once_users), senders=4), plan.once_users)], plan.once_rounds
            )
            findings.rows += rows
            findings.goals.append(
                Goal(
                    f"codes of {plan.once_users} users, each sent 4 times at once at two hosts: accepted once",
                    sum(outcome.codes_once for outcome in rows[0].runs),
                    plan.once_users * plan.once_rounds,
                    "",
                )
            )


def guesses(findings: Findings) -> None:
    """What the guess budget adds to a login with one client, by the processor time of both."""
    added = dict(zip((True, False), budget.microseconds(), strict=True))
    for right, what in ((True, "right"), (False, "wrong")):
        whole = next(
            row.cpu_us
            for row in findings.rows
            if isinstance(row.case.subject, Verifier) and row.case.load.clients == 1 and row.case.load.right is right
        )
        findings.goals.append(
            Goal(
                f"guess budget: {added[right]:.2f} of {whole:.0f} µs of processor time, {what} code",
                100 * added[right] / whole,
                BUDGET_PERCENT,
                " %",
                below=True,
            )
        )


def footprint(findings: Findings, plan: Plan, ours: Verifier) -> None:
    """Start, memory at rest, and the administrator's look at it."""
    ready, resident, proportional, status = [], [], [], []
    for _ in range(plan.starts):
        with ours.running() as daemon:
            ready.append(daemon.ready_seconds)
            time.sleep(1)
            resident.append(daemon.resident_bytes() / 2**20)
            proportional.append(daemon.proportional_bytes() / 2**20)
            began = time.monotonic()
            subprocess.run(
                [PYTHON, "-m", "rw2fa_daemon.cli.main", "--config", ours.config, "status"],
                cwd=ROOT,
                check=True,
                stdout=subprocess.DEVNULL,
            )
            status.append(time.monotonic() - began)
    findings.daemon = {
        "enrolled": ours.enrolled,
        "ready_seconds": statistics.median(ready),
        "resident_mib": statistics.median(resident),
        "proportional_mib": statistics.median(proportional),
        "status_seconds": statistics.median(status),
    }
    findings.goals += [
        Goal(
            f"resident, idle, {ours.enrolled:,} enrolled", statistics.median(resident), RESIDENT_MIB, " MiB", below=True
        ),
        Goal("ready after", statistics.median(ready), READY_SECONDS, " s", below=True),
        Goal("rw2fa status", statistics.median(status), STATUS_SECONDS, " s", below=True),
    ]


def people(findings: Findings, plan: Plan, folder: Path) -> None:
    """The administrator's commands, and the daemon's memory, with many people in the scope."""
    socket = Path("/run/rw2fa/pam.sock")
    socket.parent.mkdir(exist_ok=True)
    sshd_dropins(folder / "dropins")
    site = People(folder / "people", socket, plan.people)
    some = name_of(FIRST + plan.people // 2)
    count = f"{plan.people:,}"

    def take(what: str, target: float, runs: Iterable[Ran]) -> None:
        """`runs` is gone through here, command by command."""
        ran = list(runs)
        cpu = statistics.median(run.cpu_seconds for run in ran)
        named = f"{count} people: {what} ({cpu:.2f} s of processor time)"
        findings.goals.append(Goal(named, statistics.median(run.seconds for run in ran), target, " s", below=True))

    def times(*arguments: str) -> Iterable[Ran]:
        return (site.run(*arguments) for _ in range(plan.starts))

    config = site.configuration(site.names())
    site.run("status")
    fresh = iter(range(FIRST + plan.people, MOST))
    with start_daemon(config, folder / "people" / "notify.sock") as daemon:
        if DROPIN.parent.is_dir():
            DROPIN.touch()
        adding = (site.run("users", "add", name_of(next(fresh))) for _ in range(plan.starts))
        take("users add NAME, the daemon told and sshd's drop-in written", 1.0, adding)
        resident = daemon.resident_bytes() / 2**20
        findings.goals.append(
            Goal(f"{count} people: the daemon's memory, after reloads", resident, PEOPLE_MIB, " MiB", below=True)
        )
    take("users list, by names", 5.0, times("users", "list"))
    take("users list --limit 100 --json", 1.0, times("users", "list", "--limit", "100", "--json"))
    take("users show", LOOK_SECONDS, times("users", "show", some))
    take("explain", LOOK_SECONDS, times("explain", some, "--service", "sshd"))
    take("status", STATUS_SECONDS, times("status"))
    take("doctor", 5.0, times("doctor"))
    take("pam check", 5.0, times("pam", "check"))
    site.configuration([], CROWDS)
    take("users list, by four nested groups", 10.0, times("users", "list"))
    for many, target in ((plan.people // 10, 2.0), (plan.people, 15.0)):
        file, state = site.file_of(range(2 * FIRST, 2 * FIRST + many)), f"empty-{many}"
        site.empty_state(state)
        take(f"users add --from, {many:,} names", target, _adding_afresh(site, file, state, plan.starts))


def _adding_afresh(site: People, file: Path, state: str, count: int) -> Iterator[Ran]:
    for _ in range(count):
        site.configuration([], state=state)
        yield site.run("users", "add", "--from", str(file))


def everything(plan: Plan, folder: Path) -> Findings:
    """All sections."""
    findings = Findings()
    google = GoogleAuthenticator(folder)
    google.refresh(range(plan.enrolled))
    default = Verifier(folder, enrolled=plan.enrolled, discrepancy=DEFAULT_DISCREPANCY)
    footprint(findings, plan, default)
    narrow = Verifier(folder, enrolled=plan.enrolled, discrepancy=NARROW_DISCREPANCY)
    floor = Floor(folder)
    with default.running(), narrow.running(), floor.running():
        logins(findings, plan, folder, google, [default, narrow], floor)
        once(findings, plan, default, [google, Oath(folder, plan.once_users)])
        guesses(findings)
        shared(findings, plan, folder, google, default)
    texts(findings, plan, folder)
    rotation(findings, plan, folder)
    people(findings, plan, folder)
    with ExitStack() as daemons:
        sizes = [
            default if size == plan.enrolled else Verifier(folder, enrolled=size, discrepancy=DEFAULT_DISCREPANCY)
            for size in plan.scale
        ]
        for ours in sizes:
            daemons.enter_context(ours.running())
        scale(findings, plan, sizes)
    return findings
