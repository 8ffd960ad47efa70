"""What follows a change: a record of who made it, and a daemon that is told of it."""

import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Final

from rw2fa_daemon.audit.sink import open_sink
from rw2fa_daemon.cli.administrator import administrator
from rw2fa_daemon.cli.context import RELOAD_SECONDS, CliContext
from rw2fa_daemon.cli.printing import note
from rw2fa_daemon.config.config import Config
from rw2fa_daemon.config.settings import BY_KEY
from rw2fa_daemon.core.audit import Event, Record
from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.pamstack.install import refresh_dropin
from rw2fa_daemon.pamstack.sshd.people import scope_at
from rw2fa_daemon.wire import notification
from rw2fa_daemon.wire.client import ask_daemon

PAM_FOLDER: Final = Path("/etc/pam.d")


def record(
    cli: CliContext, what: str, users: Iterable[str] = ("",), *, event: Event = Event.ADMINISTRATION, rule: str = ""
) -> None:
    """Write one audit record for each of `users`: the administrator did `what`, which must contain no secret."""
    who = administrator()
    with closing(open_sink(cli.config.state)) as sink:
        for user in users:
            sink.write(Record(event, time.time(), user, decision="done", rule=rule, reason=f"{what}, by {who}"))
    if sink.lost:
        note("the audit record could not be written; check the journal and the state folder")


def announce(cli: CliContext, event: str, user: str) -> None:
    """Have `user` told of `event`, one of wire.notification, if a program for that is configured."""
    config = cli.config
    if config.notify is None:
        return
    try:
        notification.announce(config.notify_socket, config.notify, event, user)
    except Problem as problem:
        record(cli, problem.what, [user], event=Event.NOTICE_FAILED, rule=event)
        note(str(problem))


def lines_are_ours(config: Config) -> bool:
    """Whether this host's PAM lines lead to the daemon of this configuration, or to none.

    A host can have several configurations; the lines that `rw2fa pam install` adds lead to the default socket.
    """
    if str(config.socket) == BY_KEY["paths.socket"].default:
        return True
    argument = f"socket={config.socket}".encode()
    return any(path.is_file() and argument in path.read_bytes().split() for path in PAM_FOLDER.glob("*"))


def purge(cli: CliContext) -> None:
    """Remove what was destroyed from every file of the state, or say that it is still there."""
    if not cli.store.purge():
        note(
            "what was destroyed is still in the write-ahead log, encrypted, because something is reading the state, "
            "such as a backup; once that has ended, run: rw2fa users purge"
        )


def reload(cli: CliContext) -> None:
    """Tell sshd and a running daemon of the new configuration; a daemon that is down reads it when it starts."""
    # Both at the same time: with a hundred thousand names in the scope each takes half a second.
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(_reload_daemon, cli.config.socket)
        refresh_sshd(cli)
    if complaint := answer.result():
        note(complaint)


def refresh_sshd(cli: CliContext) -> None:
    """Bring sshd's drop-in, which says who needs a code after a key, up to date with the scope."""
    if not lines_are_ours(cli.config):
        return
    try:
        for text in refresh_dropin(scope_at(cli.config, time.time())).notes:
            note(text)
    except Problem as problem:
        note(f"sshd's drop-in is not up to date: {problem}")


def _reload_daemon(socket: Path) -> str:
    """Have a running daemon read its configuration again; returns why it does not know of the change, or nothing."""
    if not socket.exists():
        return "the daemon is not running; it reads the configuration when it starts"
    try:
        result = ask_daemon(socket, "reload", RELOAD_SECONDS).get("result", "no answer")
    except Problem as problem:
        return f"{problem.what}, so it does not know of the change yet; it reads the configuration when it starts"
    return "" if result == "ok" else f"the daemon keeps its old configuration: {result}"
