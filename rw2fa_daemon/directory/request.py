"""The look-up of a user in this process: for the administrator's command, which may wait for the directory."""

from rw2fa_daemon.core.user import Missing, User
from rw2fa_daemon.directory import nss
from rw2fa_daemon.directory.answer import user_from


def lookup(typed: str, groups: tuple[str, ...]) -> User | Missing:
    """The user that NSS returns for `typed`, and which of `groups` (names without a mark) it can resolve.

    Any text is looked up as it is; bytes that are not UTF-8 are lone surrogates (`surrogateescape`). Blocks for as
    long as NSS does. Never raises: what cannot be a user's name is UNKNOWN, a failure of NSS is UNAVAILABLE.
    UNKNOWN is not proof: a directory that is down causes it too, unless it is the last service of nsswitch.conf.
    """
    try:
        found = nss.find(typed, groups)
    except nss.NotAnswered:
        return Missing.UNAVAILABLE
    return Missing.UNKNOWN if found is None else user_from(found, groups)
