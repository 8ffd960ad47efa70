"""Programs whose PAM file is missing, so that libpam uses another one, without our lines."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from rw2fa_daemon.doctor.finding import Finding
from rw2fa_daemon.doctor.subject import Subject
from rw2fa_daemon.pamstack.host import service_path


@dataclass(frozen=True, slots=True)
class _Program:
    """A program that accepts remote logins: its PAM service, a file that exists if it is installed, its
    Debian package, and the PAM service that is used if its own is missing.
    """

    service: str
    sign: str
    package: str
    instead: str


_PROGRAMS: Final = (
    _Program("sshd", "/usr/sbin/sshd", "openssh-server", "other"),
    _Program("cockpit", "/usr/lib/cockpit/cockpit-session", "cockpit-ws", "other"),
    # sesman itself then asks for gdm, for which libpam uses `other` if GDM is not installed.
    _Program("xrdp-sesman", "/etc/xrdp/sesman.ini", "xrdp", "gdm, or other"),
)


def check_fallback(subject: Subject) -> Iterator[Finding]:
    """Whether each of them has the PAM service that our lines are in."""
    for program in _PROGRAMS:
        if subject.services and program.service not in subject.services:
            continue
        if subject.path(program.sign).exists() and service_path(subject.root, program.service) is None:
            yield Finding(
                "pam-file",
                ok=False,
                detail=f"/etc/pam.d/{program.service} is missing, so {program.package} uses the PAM service "
                f"{program.instead}, without our account line",
                fix="restore the file with `apt-get install --reinstall -o Dpkg::Options::=--force-confmiss "
                f"{program.package}`, then run `rw2fa pam install {program.service}`",
            )
