"""The password for the database comes from a file, or a credential of systemd's, that nobody else can read."""

import os
from pathlib import Path

import pytest

from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.store.postgresql.password import CREDENTIAL, load
from rw2fa_daemon.store.problem import StateProblem


@pytest.fixture(autouse=True)
def _no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write(tmp_path / "database.password", b"of the file\n")


@pytest.fixture
def credential(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    return write(tmp_path / CREDENTIAL, b"of systemd\n", 0o440)


def write(path: Path, content: bytes, mode: int = 0o600) -> Path:
    path.write_bytes(content)
    path.chmod(mode)
    return path


@pytest.mark.parametrize(
    ("content", "password"),
    [
        (b"word", Secret(b"word")),
        (b"word\n", Secret(b"word")),
        (b" w o r d \n\n", Secret(b" w o r d \n")),
        ("wörd".encode(), Secret("wörd".encode())),
        (b"", None),
        (b"\n", None),
    ],
)
def test_the_password_is_the_file_without_the_end_of_its_line(
    tmp_path: Path, content: bytes, password: Secret | None
) -> None:
    assert load(str(write(tmp_path / "password", content))) == password


def test_without_a_file_there_is_no_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert load("") is None
    assert load(str(tmp_path / "missing")) is None
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert load("") is None


def test_a_credential_goes_before_the_file(file: Path, credential: Path) -> None:
    assert load(str(file)) == Secret(b"of systemd")
    credential.unlink()
    assert load(str(file)) == Secret(b"of the file")


def test_a_unit_that_found_no_file_hands_over_no_password(file: Path, credential: Path) -> None:
    write(credential, b"none", 0o440)
    assert load(str(file)) is None


@pytest.mark.parametrize("mode", [0o640, 0o620, 0o604, 0o602, 0o644])
def test_promise_3_a_file_that_others_can_read_or_change_is_refused(file: Path, mode: int) -> None:
    file.chmod(mode)
    with pytest.raises(StateProblem, match=r"others can read or replace the password .* in .*database\.password"):
        load(str(file))


@pytest.mark.parametrize("mode", [0o444, 0o460, 0o404, 0o402])
def test_promise_3_a_credential_may_be_read_by_an_acl_and_by_nobody_else(credential: Path, mode: int) -> None:
    credential.chmod(mode)
    with pytest.raises(StateProblem, match="others can read or replace"):
        load("")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_promise_3_a_file_of_somebody_else_is_refused(file: Path) -> None:
    os.chown(file, 1234, 0)
    with pytest.raises(StateProblem, match="others can read or replace"):
        load(str(file))


def test_what_is_not_a_file_is_refused_at_once(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo, 0o600)
    folder = tmp_path / "folder"
    folder.mkdir(0o700)
    for path in (fifo, folder):
        with pytest.raises(StateProblem, match="others can read or replace"):
            load(str(path))


def test_a_file_that_cannot_be_opened_is_a_problem_that_says_why(file: Path) -> None:
    with pytest.raises(StateProblem, match=r"cannot be read: Not a directory; run this as root; .*LoadCredential="):
        load(f"{file}/x")


def test_a_password_that_is_not_utf8_is_refused(file: Path) -> None:
    write(file, b"w\xf6rd\n")
    with pytest.raises(StateProblem, match=r"is not UTF-8; write it anew"):
        load(str(file))


def test_nothing_is_left_open(file: Path) -> None:
    before = sorted(Path("/proc/self/fd").iterdir())
    load(str(file))
    file.chmod(0o644)
    with pytest.raises(StateProblem):
        load(str(file))
    assert sorted(Path("/proc/self/fd").iterdir()) == before
