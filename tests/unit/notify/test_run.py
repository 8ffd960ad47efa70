"""A program of the administrator's, run with next to nothing around it, and not for ever."""

import os
import time
from pathlib import Path

import pytest

from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.notify.announce import announce
from rw2fa_daemon.notify.run import run
from rw2fa_daemon.wire.message import ProtocolError, compose, parse
from rw2fa_daemon.wire.notification import ACTIVATED, write_notice


@pytest.fixture
def program(tmp_path: Path) -> Path:
    return tmp_path / "program"


def write(program: Path, text: str) -> None:
    program.write_text(f"#!/bin/sh\n{text}\n")
    program.chmod(0o755)


def test_it_has_the_words_and_nothing_else_of_ours_around_it(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", "/run/credentials/x")
    write(program, f"env >{program}.env; pwd >>{program}.env; cat >>{program}.env")
    run(program, {"RW2FA_USER": "alice", "RW2FA_EVENT": ACTIVATED}, 10)
    told = Path(f"{program}.env").read_text().splitlines()
    names = {line.partition("=")[0] for line in told if "=" in line}
    assert {"RW2FA_USER=alice", f"RW2FA_EVENT={ACTIVATED}"} <= set(told)
    assert names - {"PWD", "OLDPWD", "SHLVL", "_"} == {"PATH", "LANG", "RW2FA_USER", "RW2FA_EVENT"}
    assert told[-1] == "/"


@pytest.mark.parametrize(("text", "said"), [("exit 3", "ended with status 3"), ("kill -9 $$", "was ended by signal 9")])
def test_one_that_fails_is_a_problem(program: Path, text: str, said: str) -> None:
    write(program, text)
    with pytest.raises(Problem, match=said):
        run(program, {}, 10)


def test_one_that_cannot_be_run_is_a_problem(program: Path) -> None:
    program.write_text("#!/none/such\n")
    program.chmod(0o755)
    with pytest.raises(Problem, match="cannot be run"):
        run(program, {}, 10)


def test_promise_11_one_that_does_not_end_is_killed_with_what_it_started(program: Path) -> None:
    write(program, f"sleep 60 & echo $! >{program}.pid; wait")
    began = time.monotonic()
    with pytest.raises(Problem, match="did not end within 1 s"):
        run(program, {}, 1)
    assert time.monotonic() - began < 20
    child = int(Path(f"{program}.pid").read_text())
    deadline = time.monotonic() + 10
    while _runs(child):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _runs(pid: int) -> bool:
    """Whether a process is there, and no zombie that waits for somebody to look at it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.parametrize(
    "packet",
    [
        write_notice(Path("/bin/true"), "something-else", "alice"),
        write_notice(Path("/bin/true"), ACTIVATED, ""),
        write_notice(Path("/bin/true"), ACTIVATED, "a" * 300),
        write_notice(Path("/bin/true"), ACTIVATED, "alice\nBcc: x"),
        write_notice(Path("true"), ACTIVATED, "alice"),
        compose("announce", {"v": "1", "event": ACTIVATED, "user": "alice"}),
    ],
)
def test_what_is_no_announcement_runs_nothing(packet: bytes) -> None:
    with pytest.raises(ProtocolError):
        list(announce(parse(packet)))


@pytest.mark.skipif(os.geteuid() != 0, reason="the program has to be root's")
def test_an_announcement_runs_the_program(program: Path) -> None:
    write(program, f"echo $RW2FA_USER >{program}.told")
    assert [parse(packet).verb for packet in announce(parse(write_notice(program, ACTIVATED, "alice")))] == ["done"]
    assert Path(f"{program}.told").read_text() == "alice\n"
    program.chmod(0o777)
    with pytest.raises(ProtocolError, match="written by users other"):
        list(announce(parse(write_notice(program, ACTIVATED, "alice"))))
