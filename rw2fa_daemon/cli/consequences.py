"""What follows on a change: a record of who made it, and a daemon that knows."""

import time
from collections.abc import Iterable

from rw2fa_daemon.audit.sink import open_sink
from rw2fa_daemon.cli.administrator import administrator
from rw2fa_daemon.cli.printing import note
from rw2fa_daemon.cli.site import RELOAD_SECONDS, Site
from rw2fa_daemon.core.audit import Event, Record
from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.wire.client import ask_daemon


def record(site: Site, what: str, users: Iterable[str] = ("",)) -> None:
    """Write one audit record for each of `users`: the administrator did `what`, which holds no secret."""
    sink = open_sink(site.config.state)
    who = administrator()
    for user in users:
        sink.write(Record(Event.ADMINISTRATION, time.time(), user, decision="done", reason=f"{what}, by {who}"))
    if sink.lost:
        note("the audit record could not be written; look at the journal and at the folder of the state")


def reload(site: Site) -> None:
    """Let a running daemon read the configuration again; one that is down reads it when it starts."""
    if not site.config.socket.exists():
        note("the daemon is not running; it reads the configuration when it starts")
        return
    try:
        result = ask_daemon(site.config.socket, "reload", RELOAD_SECONDS).get("result", "no answer")
    except Problem as problem:
        note(f"{problem.what}, so it does not know yet; it reads the configuration when it starts")
        return
    if result != "ok":
        note(f"the daemon keeps its old configuration: {result}")
