"""Whether sshd lets an enabled root give a code: it may refuse keyboard-interactive for uid 0.

Under `PermitRootLogin prohibit-password` sshd refuses every method but keys, Kerberos and trusted hosts for uid 0, even
after a key (auth_root_allowed in OpenSSH's auth.c; tested with 9.2: the right code is refused).
"""

import pwd
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from rw2fa_daemon.core.user import User
from rw2fa_daemon.doctor.finding import Finding
from rw2fa_daemon.doctor.pam.sshd import aliases
from rw2fa_daemon.doctor.subject import Subject
from rw2fa_daemon.pamstack.host import service_path

_SERVICE: Final = "sshd"
#: Two spellings of one value; `sshd -T` prints the older one.
_NO_CODE: Final = frozenset({"prohibit-password", "without-password"})
_OTHER_WAYS: Final = ("gssapiauthentication", "hostbasedauthentication")
#: Where keys come from besides the authorized_keys files; `none` if unused.
_OTHER_KEYS: Final = ("authorizedkeyscommand", "trustedusercakeys")


def check_root_login(subject: Subject) -> Iterator[Finding]:
    """Users with uid 0 who can log in through sshd now, and could not if they were asked for a code."""
    if subject.services and _SERVICE not in subject.services:
        return
    if service_path(subject.root, _SERVICE) is None:
        return
    people = {user.name: user for user in (*subject.enabled_users[0], *aliases(subject)) if user.uid == 0}
    for user in people.values():
        settings = subject.sshd(user.name)
        if isinstance(settings, dict) and _is_shut_out(subject, user, settings):
            word = settings["permitrootlogin"]
            yield Finding(
                "sshd-root",
                ok=False,
                detail=f"sshd has `PermitRootLogin {word}` for {user.name}, and so refuses the code that has to "
                f"follow the key: {user.name} cannot log in over SSH",
                fix=f"keep {user.name} out of the scope, or set `PermitRootLogin yes` and, under "
                f"`Match User {user.name}`, `PasswordAuthentication no` and `KbdInteractiveAuthentication no`, so that "
                "a key is still required; then run `rw2fa pam install sshd`",
            )


def _is_shut_out(subject: Subject, user: User, settings: Mapping[str, str]) -> bool:
    """Whether this user with uid 0 has a first factor that sshd accepts, and is then refused the code."""
    if settings.get("permitrootlogin") not in _NO_CODE:
        return False
    if any(settings.get(keyword) == "yes" for keyword in _OTHER_WAYS):
        return True
    if settings.get("pubkeyauthentication") == "no":
        return False
    return any(settings.get(keyword, "none") != "none" for keyword in _OTHER_KEYS) or any(
        subject.path(file).is_file() and subject.path(file).stat().st_size for file in _key_files(user, settings)
    )


def _key_files(user: User, settings: Mapping[str, str]) -> Iterator[Path]:
    """The authorized_keys files, from the patterns of AuthorizedKeysFile (sshd_config(5), TOKENS)."""
    try:
        home = pwd.getpwnam(user.name).pw_dir
    except KeyError:
        return
    for pattern in settings.get("authorizedkeysfile", "").split():
        if pattern != "none":
            named = pattern.replace("%h", home).replace("%u", user.name).replace("%U", str(user.uid))
            yield Path(home) / named.replace("%%", "%")
