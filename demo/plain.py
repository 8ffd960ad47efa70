"""The stage for a container that may not make namespaces: the same hook, daemon and command, through libpam.

Programs that act for sshd and xrdp-sesman run PAM from a private configuration folder (pam_start_confdir(3)). Accounts
exist for the demo's own processes only: nss_wrapper adds them to what getpwnam(3) says.
"""

import json
import os
import shlex
import socket
import stat
import subprocess
import sys
from pathlib import Path
from typing import Final

from demo.stage import PASSWORDS, Actor
from rw2fa_daemon.pamstack.lines import our_lines
from tests.support.fake_twilio import FakeTwilio
from tests.support.libpam import private_stack
from tests.support.world.paths import REPOSITORY
from tests.support.world.terminal import Terminal
from tests.support.world.waiting import wait_until

_HOOK: Final = REPOSITORY / "build" / "pam_rw2fa.so"
_BIN: Final = REPOSITORY / ".venv" / "bin"
_FIRST_UID: Final = 61001  # between those of useradd and of dynamic users
_READY_SECONDS: Final = 10.0


class PlainStage:
    """One private folder with everything in it."""

    introduction = (
        "So the same hook, daemon and command are shown through libpam, with a private PAM folder; a small program\n"
        "stands in for sshd, and another way of running it for xrdp-sesman. Nothing of this host is touched."
    )
    pam_command = False
    remote_desktop = "PAM, as xrdp-sesman runs it,"
    enable: tuple[str, ...] = (
        "enable",
        "--force",
    )  # `rw2fa pam check` looks at this host's own PAM files, which stay as they are

    def __init__(self, folder: Path) -> None:
        """`folder`: empty, root's, on a file system that keeps SQLite's promises."""
        self._folder, self._pam = folder, folder / "pam.d"
        self.host_name = socket.gethostname()
        self._daemon: subprocess.Popen[bytes] | None = None
        self._twilio: FakeTwilio | None = None
        self._looked = folder / "password-was-looked-at"
        self._ids: dict[str, int] = {}
        for name in ("passwd", "group"):
            (folder / name).write_bytes(Path(f"/etc/{name}").read_bytes())
        (folder / "run").mkdir(mode=0o755)
        (folder / "state").mkdir(mode=0o700)
        self._config = folder / "rw2fa.toml"
        self._config.write_text(
            f'[paths]\nstate = "{folder}/state"\nsocket = "{folder}/run/pam.sock"\nmaster_key = "{folder}/master.key"\n'
        )
        self._environment = {
            **os.environ,
            "LD_PRELOAD": "libnss_wrapper.so",
            "NSS_WRAPPER_PASSWD": str(folder / "passwd"),
            "NSS_WRAPPER_GROUP": str(folder / "group"),
            "RW2FA_CONFIG": str(self._config),
            "PYTHONPATH": str(REPOSITORY),
            "LC_ALL": "C.UTF-8",
        }
        self.rw2fa("init")

    def actor(self, name: str, group: str | None = None) -> Actor:
        uid = self._ids.setdefault(name, _FIRST_UID + len(self._ids))
        secret = _hashed(PASSWORDS[name])
        with (self._folder / "passwd").open("a") as passwd:
            passwd.write(f"{name}:{secret}:{uid}:{uid}::/nonexistent:/bin/sh\n")
        groups = (self._folder / "group").read_text().splitlines()
        if group and not any(line.startswith(f"{group}:") for line in groups):
            groups.append(f"{group}:x:{_FIRST_UID + 999}:")
        groups = [_with_member(line, name) if group and line.startswith(f"{group}:") else line for line in groups]
        (self._folder / "group").write_text("\n".join([*groups, f"{name}:x:{uid}:"]) + "\n")
        return Actor(name, PASSWORDS[name])

    def rw2fa(self, *arguments: str, stdin: str = "", check: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [_BIN / "rw2fa", *arguments],
            env=self._environment,
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        if check and done.returncode != 0:
            raise AssertionError(
                f"rw2fa {' '.join(arguments)} ended with {done.returncode}\n{done.stdout}{done.stderr}"
            )
        return done

    def put_lines(self) -> None:
        password = self._folder / "common-auth"
        # In brackets: a path with a blank in it is one word all the same (pam.conf(5)).
        hook = f"[{_HOOK}] socket={self._folder}/run/pam.sock"
        noted = f"auth optional pam_exec.so quiet /usr/bin/touch {self._looked}"
        # Debian's common-auth with our line in it, as pam-auth-update writes it, after a note that it was reached.
        password.write_text(
            f"{noted}\nauth [success=1 default=ignore] pam_unix.so nullok\nauth requisite pam_deny.so\n"
            f"auth required pam_permit.so\nauth requisite {hook}\n"
        )
        services = {}
        for service in ("sshd", "xrdp-sesman"):
            ours = {
                facility: [
                    f"{facility} {line.control} {hook} {' '.join(line.arguments)}"
                    for line in our_lines()[service]
                    if line.facility.value == facility
                ]
                for facility in ("auth", "account")
            }
            debian = {"auth": f"@include {password}", "account": "account required pam_unix.so"}
            services[service] = "\n".join(line for part in ours for line in (*ours[part], debian[part]))
        private_stack(self._pam, services)

    def start_daemon(self) -> None:
        # Whatever ends the demo ends its daemon.
        argv = ["setpriv", "--pdeathsig", "KILL", str(_BIN / "rw2fad")]
        self._daemon = subprocess.Popen(argv, env=self._environment, stdout=subprocess.DEVNULL)
        wait_until(
            "the daemon", lambda: bool(json.loads(self.rw2fa("status", "--json").stdout)["daemon"]), _READY_SECONDS
        )

    def kill_daemon(self) -> None:
        if self._daemon is not None:
            self._daemon.kill()
            self._daemon.wait()
            self._daemon = None

    def open_doors(self) -> None:
        """The programs are started for each login."""

    def ssh(self, actor: Actor, *, key: bool = False) -> Terminal:
        return Terminal(self._login(actor, "sshd", "key" if key else "terminal"), timeout=15)

    def ssh_command(self, actor: Actor, *, key: bool = False) -> str:
        return f"ssh {'-i key ' if key else ''}{actor.name}@{self.host_name}"

    def ssh_batch(self, actor: Actor) -> Terminal:
        return Terminal(self._login(actor, "sshd", "key-alone"), timeout=15)

    def rdp(self, actor: Actor, password: str) -> bool:
        self._looked.unlink(missing_ok=True)
        argv = self._login(actor, "xrdp-sesman", "one-password")
        return subprocess.run(argv, input=password.encode(), stdout=subprocess.DEVNULL, check=False).returncode == 0

    def password_was_looked_at(self) -> bool:
        return self._looked.exists()

    @property
    def no_sms(self) -> str:
        # Without systemd the relay, which sends, is started by the daemon, and as a user that may do nothing.
        shut = [str(folder) for folder in (_BIN, *_BIN.parents) if not folder.stat().st_mode & stat.S_IXOTH]
        return f"{shut[-1]} is closed to the user that sends SMS" if shut else ""

    def start_twilio(self) -> str:
        self._twilio = FakeTwilio()
        return self._twilio.url

    def messages(self, number: str) -> list[str]:
        return [text.body for text in self._twilio.to(number)] if self._twilio else []

    @property
    def no_portal(self) -> str:
        return "it runs the PAM services and programs of a host, and this host's are left alone"

    def start_portal(self) -> str:
        raise AssertionError(self.no_portal)

    def terminal_is_open(self, actor: Actor) -> bool:
        del actor
        raise AssertionError(self.no_portal)

    def keep(self, actor: Actor, portal: str) -> None:
        del portal  # there is none
        by_hand = shlex.join(self._login(actor, "sshd", "terminal"))
        print(
            f"""
   It goes on running. Log in yourself, from another terminal, with your own phone:

     {by_hand}

     user      {actor.name}
     password  {actor.password}

   The first login shows a QR code: scan it with your authenticator app. Ctrl-C ends it.
""",
            flush=True,
        )
        if self._daemon is not None:
            try:
                self._daemon.wait()
            except KeyboardInterrupt:
                print(file=sys.stderr)

    def close(self) -> None:
        self.kill_daemon()
        if self._twilio is not None:
            self._twilio.close()

    def _login(self, actor: Actor, service: str, how: str) -> list[str]:
        names = ("LD_PRELOAD", "NSS_WRAPPER_PASSWD", "NSS_WRAPPER_GROUP", "PYTHONPATH", "LC_ALL")
        variables = [f"{name}={self._environment[name]}" for name in names]
        return ["env", *variables, sys.executable, "-m", "demo.plain_login", str(self._pam), service, actor.name, how]


def _with_member(line: str, name: str) -> str:
    return f"{line}{'' if line.endswith(':') else ','}{name}"


def _hashed(password: str) -> str:
    """crypt(3), by way of a program that every Debian has. Few rounds: it guards nothing."""
    program = 'chomp(my $word = <STDIN>); print crypt($word, "\\$6\\$rounds=1000\\$demodemodemo")'
    done = subprocess.run(["perl", "-e", program], input=password, capture_output=True, text=True, check=True)
    return done.stdout
