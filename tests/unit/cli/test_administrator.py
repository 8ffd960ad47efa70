"""The audit names who was at the keyboard."""

import os
import pwd
from pathlib import Path

import pytest

from rw2fa_daemon.cli import administrator as module
from rw2fa_daemon.cli.administrator import administrator

UNSET = str(module.NOBODY_LOGGED_IN)


@pytest.fixture
def login_uid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file in the place of /proc/self/loginuid, which only a login can write."""
    path = tmp_path / "loginuid"
    path.write_text(UNSET)
    monkeypatch.setattr(module, "LOGIN_UID", path)
    monkeypatch.delenv("SUDO_UID", raising=False)
    return path


def test_the_kernels_word_counts_before_sudos(login_uid: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUDO_UID", "2")
    login_uid.write_text("1")
    assert administrator() == f"{pwd.getpwuid(1).pw_name} (uid 1)"


def test_sudo_says_it_where_the_kernel_does_not(login_uid: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUDO_UID", "2")
    assert administrator() == f"{pwd.getpwuid(2).pw_name} (uid 2)"
    login_uid.unlink()
    assert administrator() == f"{pwd.getpwuid(2).pw_name} (uid 2)"


@pytest.mark.parametrize("forged", ["", "-1", "1; rm", "٢", "9" * 40])
def test_what_is_no_uid_is_not_taken_for_one(login_uid: Path, monkeypatch: pytest.MonkeyPatch, forged: str) -> None:
    monkeypatch.setenv("SUDO_UID", forged)
    assert f"uid {os.getuid()}" in administrator()


def test_a_uid_without_a_name_is_a_number(login_uid: Path) -> None:
    login_uid.write_text("3999999999")
    assert administrator() == "uid 3999999999"
