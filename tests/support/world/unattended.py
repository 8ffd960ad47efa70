"""Servers whose PAM logins nobody watches, in a world: for mail, for files, and for the passwords of other servers."""

from typing import Final

from tests.support.world.accounts import User
from tests.support.world.waiting import wait_until
from tests.support.world.world import World

_DOVECOT_COMMON: Final = """\
base_dir = /run/dovecot-test
log_path = /run/dovecot-test.log
auth_verbose = yes
auth_failure_delay = 0
auth_username_chars =
"""
_DOVECOT_2_3: Final = """\
protocols = none
passdb {
  driver = pam
  args = SERVICE
}
userdb {
  driver = passwd
}
"""
_DOVECOT_2_4: Final = """\
dovecot_config_version = 2.4.1
dovecot_storage_version = 2.4.1
protocols =
passdb pam {
  service_name = SERVICE
}
userdb passwd {
}
"""


class Dovecot:
    """Dovecot's password service, as its IMAP and submission logins use it."""

    def __init__(self, world: World, service: str = "dovecot") -> None:
        """`service`: the name that it gives PAM."""
        self.world = world
        self._config = f"/etc/{service}-test.conf"
        base = f"/run/{service}-test"
        # The syntax changed with 2.4, which wants to be told first which one it is.
        since_2_4 = not world.run("dovecot", "--version").stdout.startswith("2.3")
        text = _DOVECOT_2_4 + _DOVECOT_COMMON if since_2_4 else _DOVECOT_COMMON + _DOVECOT_2_3
        world.write(self._config, text.replace("/run/dovecot-test", base).replace("SERVICE", service))
        world.path(base).mkdir(exist_ok=True)
        self._process = world.start("dovecot", "-F", "-c", self._config)
        self._socket = f"{base}/auth-userdb"
        wait_until("dovecot", world.path(self._socket).exists)

    def stop(self) -> None:
        """Ends the server."""
        self.world.kill(self._process)

    def lets_in(self, user: User) -> bool:
        """Whether the right password is enough."""
        argv = ("doveadm", "-c", self._config, "auth", "test", user.name, user.password)
        done = self.world.run(*argv, check=False)
        if done.returncode not in (0, 77):  # EX_NOPERM of sysexits.h
            raise AssertionError(f"doveadm ended with {done.returncode}: {done.stdout}{done.stderr}")
        return done.returncode == 0


class Saslauthd:
    """Cyrus' password server, which Postfix, Cyrus IMAP and OpenLDAP ask."""

    _FOLDER: Final = "/run/saslauthd-test"

    def __init__(self, world: World, service: str = "imap") -> None:
        self.world = world
        self._service = service
        world.path(self._FOLDER).mkdir(exist_ok=True)
        self._process = world.start("saslauthd", "-a", "pam", "-d", "-n", "1", "-m", self._FOLDER)
        wait_until("saslauthd", world.path(f"{self._FOLDER}/mux").exists)

    def stop(self) -> None:
        """Ends the server."""
        self.world.kill(self._process)

    def lets_in(self, user: User) -> bool:
        """Whether the right password is enough."""
        words = ("-u", user.name, "-p", user.password, "-s", self._service, "-f", f"{self._FOLDER}/mux")
        said = self.world.run("testsaslauthd", *words, check=False).stdout
        if "OK " not in said and "NO " not in said:
            raise AssertionError(f"testsaslauthd says {said!r}")
        return "OK " in said


class Vsftpd:
    """vsftpd with local users, as Debian's file for it has them commented out."""

    _PORT: Final = 2121

    def __init__(self, world: World) -> None:
        self.world = world
        world.path("/run/vsftpd/empty").mkdir(parents=True, exist_ok=True)
        lines = ("listen=YES", f"listen_port={self._PORT}", "local_enable=YES", "background=NO", "anonymous_enable=NO",
                 "pam_service_name=vsftpd", "secure_chroot_dir=/run/vsftpd/empty", "seccomp_sandbox=NO")  # fmt: skip
        world.write("/etc/vsftpd-test.conf", "\n".join(lines) + "\n")
        self._process = world.start("vsftpd", "/etc/vsftpd-test.conf")
        wait_until("vsftpd", lambda: world.listens(self._PORT))

    def stop(self) -> None:
        """Ends the server."""
        self.world.kill(self._process)

    def lets_in(self, user: User) -> bool:
        """Whether the right password is enough (RFC 959 §4.2: 230 logged in, 530 not)."""
        said = ""
        with self.world.connect(self._PORT) as connection, connection.makefile("rw", newline="\r\n") as state:
            connection.settimeout(60)
            for line, expected in (("", "220"), (f"USER {user.name}", "331"), (f"PASS {user.password}", "")):
                if line:
                    print(line, end="\r\n", file=state, flush=True)
                said = state.readline()
                if not said.startswith(expected):
                    raise AssertionError(f"vsftpd says {said!r} to {line!r}")
        if said[:3] not in ("230", "530"):
            raise AssertionError(f"vsftpd says {said!r}")
        return said.startswith("230")
