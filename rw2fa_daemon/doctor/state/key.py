"""Whether a change of the master key was left unfinished."""

from collections.abc import Iterator

from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.doctor.finding import Finding
from rw2fa_daemon.doctor.subject import Subject
from rw2fa_daemon.vault.master_key import load_master_key
from rw2fa_daemon.wire.client import ask_daemon


def check_key(subject: Subject) -> Iterator[Finding]:
    """The keys of the key file, and those that the daemon has."""
    try:
        here = load_master_key(subject.path(subject.config.master_key)).numbers
    except Problem:
        # A credential may provide it; another check reports whether the state can be opened.
        return
    if len(here) > 1:
        yield Finding(
            "master-key",
            ok=False,
            detail=f"{subject.config.master_key} contains keys {' and '.join(map(str, here))}: a change of the master "
            "key was not finished, and the old key still opens the state",
            fix="run `rw2fa key rotate`, which continues where it stopped",
        )
    try:
        text = ask_daemon(subject.path(subject.config.socket), "status").get("keys", "")
    except Problem:
        return
    daemon = tuple(int(number) for number in text.split(",") if number.isdigit())
    if daemon and set(daemon) != set(here):
        yield Finding(
            "master-key",
            ok=False,
            detail=f"the daemon has key {' and '.join(map(str, daemon))}, but {subject.config.master_key} contains key "
            f"{' and '.join(map(str, here))}",
            fix="run `rw2fa key load`",
        )
