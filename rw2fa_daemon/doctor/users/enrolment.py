"""People who need a code, have no device, and can no longer enrol one."""

from collections.abc import Iterator
from typing import Final

from rw2fa_daemon.config.config import Config
from rw2fa_daemon.core.account import Account, Method
from rw2fa_daemon.core.enrolment import exhausted, lacks_token, window_end
from rw2fa_daemon.doctor.finding import Finding
from rw2fa_daemon.doctor.subject import Subject
from rw2fa_daemon.store.problem import StateProblem

#: Names that one finding lists.
NAMES_MAX: Final = 10


def check_enrolment(subject: Subject) -> Iterator[Finding]:
    """Enabled people without a device who cannot enrol one: no window, no tries, or no token; and altered records."""
    if not subject.config.enabled:
        return
    people, _ = subject.enabled_people
    shut_out = []
    unsound = dict[str, StateProblem]()
    with subject.store() as store:
        since = store.scope()
        for user in people:
            try:
                account = store.read(user.name)
            except StateProblem as problem:
                # The same again: it is about no record, but about the state.
                if problem.what in unsound or len(unsound) == NAMES_MAX:
                    break
                unsound[problem.what] = problem
                continue
            if account is not None and _has_way(account, subject.config):
                continue
            entries = {user.name, *(f"@{name}" for name, gid in user.groups.items() if gid in user.gids)}
            came_in = max((since[entry] for entry in entries if entry in since), default=int(subject.now))
            end = window_end(account, scope_since=came_in, window_days=subject.config.enrolment_window_days)
            no_word = lacks_token(account, token_needed=subject.config.proof == "token")
            if no_word or subject.now >= end or (account is not None and exhausted(account.counters)):
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


def _has_way(account: Account, config: Config) -> bool:
    """Whether this person needs to enrol nothing: there is an app, or a number that SMS go to."""
    method = account.method_in_force(sms_enabled=config.sms_enabled)
    return method is Method.SMS or account.activated_by(method)
