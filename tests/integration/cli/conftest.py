"""A folder with rw2fa in it for each test."""

import pwd
from pathlib import Path

import pytest

from tests.integration.cli.command import Host


@pytest.fixture
def bare(tmp_path: Path) -> Host:
    """A host with a configuration, and no key or state yet."""
    host = Host(tmp_path)
    host.configure()
    return host


@pytest.fixture
def host(bare: Host) -> Host:
    """A host that is ready."""
    bare.does("init")
    return bare


@pytest.fixture
def alice() -> str:
    """Somebody whom NSS knows on any Debian."""
    return pwd.getpwnam("daemon").pw_name


@pytest.fixture
def bob() -> str:
    """Somebody else."""
    return pwd.getpwnam("bin").pw_name


@pytest.fixture
def staff() -> str:
    """A group with a member: bob's own."""
    return "@bin"


@pytest.fixture
def carol() -> str:
    """A third one."""
    return pwd.getpwnam("sys").pw_name
