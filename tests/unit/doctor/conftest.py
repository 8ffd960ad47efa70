"""A small host below a folder, healthy until a test breaks something."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rw2fa_daemon.config.config import Config
from rw2fa_daemon.config.load import load
from rw2fa_daemon.doctor.finding import Finding
from rw2fa_daemon.doctor.subject import Subject
from rw2fa_daemon.pamstack.host import facilities_in
from rw2fa_daemon.pamstack.lines import our_lines, put_in
from tests.support.daemon import Site

NOW = 1_800_000_000.0
MODULE = "usr/lib/x86_64-linux-gnu/security/pam_rw2fa.so"

COMMON_AUTH = """\
auth	[success=1 default=ignore]	pam_unix.so nullok
auth	requisite			pam_deny.so
auth	required			pam_permit.so
auth	requisite			pam_rw2fa.so
"""
COMMON_ACCOUNT = """\
account	[success=1 new_authtok_reqd=done default=ignore]	pam_unix.so
account	requisite			pam_deny.so
account	required			pam_permit.so
"""
BOTH = "@include common-auth\n@include common-account\n"
SERVICES = {
    "common-auth": COMMON_AUTH,
    "common-account": COMMON_ACCOUNT,
    "other": BOTH,
    "sshd": "@include common-auth\naccount required pam_nologin.so\n@include common-account\n",
    "cockpit": "auth substack common-auth\naccount required pam_nologin.so\naccount include common-account\n",
    "xrdp-sesman": "auth required pam_env.so\n" + BOTH,
    "login": BOTH + "session required pam_loginuid.so\n",
    "su": "auth sufficient pam_rootok.so\n" + BOTH,
    "rw2fa-portal": "@include common-auth\naccount required pam_nologin.so\n@include common-account\n",
    "sudo": BOTH,
    "cron": "@include common-account\n",
}


class Host:
    """The folder, and the settings in force there."""

    def __init__(self, root: Path, config: Config) -> None:
        self.root = root
        self.config = config
        for service, text in SERVICES.items():
            self.write(f"etc/pam.d/{service}", text)
        for service, lines in our_lines().items():
            self.edit(service, put_in(SERVICES[service], lines, lambda target: facilities_in(root, target)))
        self.write(MODULE, "")

    def write(self, path: str, text: str) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def edit(self, service: str, text: str) -> None:
        """Another text for the file of a PAM service."""
        self.write(f"etc/pam.d/{service}", text)

    def set(self, **settings: Any) -> None:
        """Other settings."""
        self.config = replace(self.config, **settings)

    def subject(self, **more: Any) -> Subject:
        """What the checks look at."""
        return Subject(self.config, self.root, NOW, **more)


@pytest.fixture
def host(tmp_path: Path) -> Host:
    """PAM stacks as the installer leaves them; no sshd, no xrdp, no daemon."""
    file = tmp_path / "rw2fa.toml"
    file.write_text("")
    file.chmod(0o644)
    return Host(tmp_path / "root", load(file))


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Configuration, key and state for a daemon, all in order."""
    old = os.umask(0o077)
    try:
        made = Site(tmp_path)
        made.write_config(scope=["daemon", "bin"])
        made.initialise()
        yield made
    finally:
        os.umask(old)


def wrong(findings: Iterator[Finding] | list[Finding]) -> list[Finding]:
    """The findings that somebody has to mend; each says how."""
    found = [finding for finding in findings if not finding.ok]
    assert all(finding.fix for finding in found)
    return found
