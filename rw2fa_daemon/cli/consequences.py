"""What follows on a change: a record of who made it, and a daemon that knows."""

import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from rw2fa_daemon.audit.sink import open_sink
from rw2fa_daemon.cli.administrator import administrator
from rw2fa_daemon.cli.printing import note
from rw2fa_daemon.cli.site import RELOAD_SECONDS, Site
from rw2fa_daemon.config.config import Config
from rw2fa_daemon.config.settings import BY_KEY
from rw2fa_daemon.core.audit import Event, Record
from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.pamstack.install import refresh_dropin
from rw2fa_daemon.pamstack.sshd import Scope
from rw2fa_daemon.wire import notice
from rw2fa_daemon.wire.client import ask_daemon

PAM_FOLDER: Final = Path("/etc/pam.d")


def record(
    site: Site, what: str, users: Iterable[str] = ("",), *, event: Event = Event.ADMINISTRATION, rule: str = ""
) -> None:
    """Write one audit record for each of `users`: the administrator did `what`, which holds no secret."""
    sink = open_sink(site.config.state)
    who = administrator()
    for user in users:
        sink.write(Record(event, time.time(), user, decision="done", rule=rule, reason=f"{what}, by {who}"))
    if sink.lost:
        note("the audit record could not be written; look at the journal and at the folder of the state")


def announce(site: Site, event: str, user: str) -> None:
    """Have `user` told of `event`, one of wire.notice, where a program for that is set."""
    config = site.config
    if config.notify is None:
        return
    try:
        notice.announce(config.notify_socket, config.notify, event, user)
    except Problem as problem:
        record(site, problem.what, [user], event=Event.NOTICE_FAILED, rule=event)
        note(str(problem))


def lines_are_ours(config: Config) -> bool:
    """Whether this host's PAM lines lead to the daemon of this configuration, or to no other.

    A host can have several configurations; the lines that `rw2fa pam install` puts in lead to the default socket.
    """
    if str(config.socket) == BY_KEY["paths.socket"].default:
        return True
    argument = f"socket={config.socket}".encode()
    return any(path.is_file() and argument in path.read_bytes().split() for path in PAM_FOLDER.glob("*"))


def purge(site: Site) -> None:
    """See to it that what was destroyed is in no file of the state any more, or say that it still is."""
    if not site.store.purge():
        note(
            "what was destroyed is still in the write-ahead log, encrypted, because somebody reads the state, such as "
            "a backup; when that has ended, run: rw2fa users purge"
        )


def reload(site: Site) -> None:
    """Let sshd and a running daemon know the new configuration; a daemon that is down reads it when it starts."""
    refresh_sshd(site)
    _reload_daemon(site)


def refresh_sshd(site: Site) -> None:
    """Let sshd's drop-in, which says who needs a code after a key, follow the scope as it is now."""
    if not lines_are_ours(site.config):
        return
    try:
        for text in refresh_dropin(Scope.of(site.config, time.time())).notes:
            note(text)
    except Problem as problem:
        note(f"sshd's drop-in is not up to date: {problem}")


def _reload_daemon(site: Site) -> None:
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
