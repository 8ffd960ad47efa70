"""Users who need a code, have no device, and can no longer enrol one."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Final

from rw2fa_daemon.core.account_state import enrolment_end, must_enrol
from rw2fa_daemon.core.user import User
from rw2fa_daemon.doctor.finding import Finding
from rw2fa_daemon.doctor.subject import Subject
from rw2fa_daemon.store.problem import StateProblem

#: Names that one finding lists.
NAMES_MAX: Final = 10


def check_enrolment(subject: Subject) -> Iterator[Finding]:
    """Enabled users without a device who cannot enrol one (no window, no tries, or no token), and altered records."""
    if not subject.config.enabled:
        return
    people, _ = subject.enabled_users
    settings = subject.rules.settings
    shut_out = []
    unsound = dict[str, StateProblem]()
    with subject.store() as store:
        since = store.scope()
        for user in people:
            try:
                account = store.read(user.name)
            except StateProblem as problem:
                # The same problem again is not about the record, but about the state.
                if problem.what in unsound or len(unsound) == NAMES_MAX:
                    break
                unsound[problem.what] = problem
                continue
            if not must_enrol(account, settings):
                continue
            end = enrolment_end(account, settings, partial(_came_in, user, since, int(subject.now)))
            if end is None or subject.now >= end:
                shut_out.append(user.name)
    for found in unsound.values():
        yield Finding("enrolment", ok=False, detail=found.what, fix=found.fix)
    if shut_out:
        named = ", ".join(shut_out[:NAMES_MAX]) + (" and others" if len(shut_out) > NAMES_MAX else "")
        yield Finding(
            "enrolment",
            ok=False,
            detail=f"{len(shut_out)} enabled users have no device and cannot enrol one now: {named}",
            fix=f"run `rw2fa users reset {' '.join(shut_out[:NAMES_MAX])}`",
        )


def _came_in(user: User, since: Mapping[str, int], now: int) -> int:
    """UTC seconds at which the latest scope entry that names this user was added; now if the state knows none."""
    entries = {user.name, *(f"@{name}" for name, gid in user.groups.items() if gid in user.gids)}
    return max((since[entry] for entry in entries if entry in since), default=now)
