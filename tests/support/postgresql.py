"""A private PostgreSQL, on a socket in a folder of its own."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Final, Self

import psycopg

from rw2fa_daemon.core.database import Database, Node
from tests.support.certificates import Authority
from tests.support.closing import Closing

START_SECONDS: Final = 60.0
PORT: Final = 5432
"""Names the socket, which lies in the folder; nobody listens there unless a test says so."""
SUPERUSER: Final = "postgres"
OWNER: Final = "rw2fa"
STATE: Final = "rw2fa"
"""The name of the database."""

# What a test cluster needs not have. Not fsync: a server without it is refused, and rightly.
_SETTINGS: Final = {
    "autovacuum": "off",
    "full_page_writes": "off",
    "jit": "off",
    "listen_addresses": "",
    "max_connections": "60",
    "shared_buffers": "32MB",
    "unix_socket_permissions": "0777",
    "wal_level": "replica",
}


class Cluster(Closing):
    """A server and its files, run by `postgres` where the tests are run by root."""

    def __init__(self, base: Path) -> None:
        self.base: Final = base
        self.data: Final = base / "data"
        self.log: Final = base / "log"
        self._server: subprocess.Popen[bytes] | None = None
        self.port = PORT

    @classmethod
    def make(cls, settings: Mapping[str, str] | None = None, under: Path | None = None) -> Self:
        """A new cluster that answers, with a user and an empty database; its files are `under` a folder, or in /tmp."""
        cluster = cls._folder(under)
        cluster.run(
            "initdb", "--no-sync", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--username", SUPERUSER, "-D",
            str(cluster.data),
        )  # fmt: skip
        cluster.start(settings)
        with closing(cluster.connect(SUPERUSER, "postgres")) as connection:
            connection.execute(f"CREATE ROLE {OWNER} LOGIN")
            connection.execute(f"CREATE DATABASE {STATE} OWNER {OWNER}")
        return cluster

    @classmethod
    def _folder(cls, under: Path | None = None) -> Self:
        # Not in a test's own folder: the path of a socket is short, and `postgres` must get there.
        base = Path(tempfile.mkdtemp(prefix="rw2fa-pg-", dir=under))
        if os.geteuid() == 0:
            owner = pwd.getpwnam("postgres")
            os.chown(base, owner.pw_uid, owner.pw_gid)
        base.chmod(0o755)
        return cls(base)

    def standby(self) -> Self:
        """A standby of this one, that follows it."""
        other = self._folder()
        self.run(
            "pg_basebackup", "--write-recovery-conf", "--checkpoint=fast", "--no-sync", "--wal-method=stream", "-D",
            str(other.data), "-h", str(self.base), "-p", str(PORT), "-U", SUPERUSER,
        )  # fmt: skip
        other.start()
        return other

    def promote(self) -> None:
        """Make a standby a primary."""
        with closing(self.connect(SUPERUSER, "postgres")) as connection:
            connection.execute("SELECT pg_promote()")

    @property
    def database(self) -> Database:
        """How the store connects to it."""
        return Database((Node(str(self.base), PORT),), STATE, OWNER, tls=False)

    @property
    def url(self) -> str:
        """The same for a configuration file."""
        return f"postgresql+psycopg://{OWNER}@/{STATE}?host={self.base}"

    def connect(self, user: str = OWNER, database: str = STATE) -> "psycopg.Connection[tuple[Any, ...]]":
        """A separate connection in which every statement is a transaction."""
        return psycopg.connect(host=str(self.base), port=self.port, user=user, dbname=database, autocommit=True)

    def empty(self) -> None:
        """Remove everything from the database, even while it is in use."""
        with closing(self.connect(SUPERUSER)) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()",
                (STATE,),
            )
            connection.execute("DROP SCHEMA public CASCADE")
            connection.execute(f"CREATE SCHEMA public AUTHORIZATION {OWNER}")

    def guard(self, authority: Authority, host: str, password: str, port: int, network_of: int | None = None) -> None:
        """From now on listen on loopback as well, there with TLS, as `host`, and only for who knows the password."""
        for made, name in zip(authority.certify(host), ("server.crt", "server.key"), strict=True):
            (self.data / name).write_bytes(made.read_bytes())
            (self.data / name).chmod(0o600)
            if os.geteuid() == 0:
                shutil.chown(self.data / name, "postgres", "postgres")
        with closing(self.connect(SUPERUSER)) as raw:
            raw.execute(f"ALTER ROLE {OWNER} PASSWORD '{password}'")
        rules = "local all all trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n"
        (self.data / "pg_hba.conf").write_text(rules)
        self.stop()
        self.start({"ssl": "on", "listen_addresses": "127.0.0.1", "port": str(port)}, network_of)

    def start(self, settings: Mapping[str, str] | None = None, network_of: int | None = None) -> None:
        """Start the server, in the network namespace of a process if one is given, and return when it answers."""
        chosen = {**_SETTINGS, "unix_socket_directories": str(self.base), "port": str(PORT), **(settings or {})}
        self.port = int(chosen["port"])
        options = [word for name, value in chosen.items() for word in ("-c", f"{name}={value}")]
        command = [program("postgres"), "-D", str(self.data), *options]
        rights = _as_postgres()
        if network_of is not None:
            # Only root may enter; who it is after that is left to nsenter(1), which becomes the server.
            owner = pwd.getpwnam("postgres")
            ids = (f"--setuid={owner.pw_uid}", f"--setgid={owner.pw_gid}")
            command, rights = ["nsenter", f"--net=/proc/{network_of}/ns/net", *ids, *command], {}
        with self.log.open("ab") as log:
            self._server = subprocess.Popen(command, stdout=log, stderr=log, cwd="/", **rights)
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                self.connect(SUPERUSER, "postgres").close()
            except psycopg.OperationalError:
                assert self._server.poll() is None, self.log.read_text()
                assert time.monotonic() < deadline, self.log.read_text()
                time.sleep(0.02)
            else:
                return

    def stop(self, number: int = signal.SIGINT) -> None:
        """End the server as in a crash, with SIGQUIT; its files stay."""
        if self._server is not None:
            self._server.send_signal(signal.SIGCONT)
            self._server.send_signal(number)
            self._server.wait()
            self._server = None

    def freeze(self) -> None:
        """Suspend every process of the server."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Resume them."""
        self._signal(signal.SIGCONT)

    def close(self) -> None:
        """End the server and remove its files."""
        if self._server is not None:
            self.thaw()
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self.base)

    def run(self, *command: str) -> None:
        """Run one of PostgreSQL's programs to its end."""
        done = subprocess.run(
            [program(command[0]), *command[1:]], capture_output=True, text=True, check=False, cwd="/", **_as_postgres()
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def _signal(self, number: int) -> None:
        assert self._server is not None
        children = Path(f"/proc/{self._server.pid}/task/{self._server.pid}/children").read_text().split()
        for pid in (self._server.pid, *map(int, children)):
            with suppress(ProcessLookupError):  # it ended since
                os.kill(pid, number)


def program(name: str) -> str:
    """The path of one of PostgreSQL's programs: Debian keeps those of a version in a folder of its own."""
    return str(max(Path("/usr/lib/postgresql").glob(f"*/bin/{name}")))


def _as_postgres() -> dict[str, Any]:
    """Arguments of `subprocess`: the server refuses to be root."""
    return {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
