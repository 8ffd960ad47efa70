"""The command `rw2fad`: what it sets for its process, and how it ends."""

import gc
import os
import resource
import sys
from pathlib import Path
from typing import Any

import pytest

from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.service import daemon
from rw2fa_daemon.service.main import main
from tests.support.daemon import Site


@pytest.fixture
def site(tmp_path: Path) -> Site:
    made = Site(tmp_path)
    made.write_config()
    return made


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What is set for the process, which goes on here, and the daemon that is made and run."""
    made: list[tuple[Any, ...]] = []

    class Daemon:
        def __init__(self, _loop: object, path: Path, config: Any) -> None:
            made.append(("daemon", path, config.state))

        def run(self) -> None:
            made.append(("run",))

    monkeypatch.setattr(daemon, "Daemon", Daemon)
    monkeypatch.setattr(resource, "setrlimit", lambda *arguments: made.append(("limit", *arguments)))
    monkeypatch.setattr(os, "umask", lambda mask: made.append(("umask", mask)))
    monkeypatch.setattr(gc, "freeze", lambda: made.append(("freeze",)))
    return made


def start(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["rw2fad", *arguments])
    return main()


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # the loop's descriptor: the process would have ended
def test_promise_3_the_daemon_dumps_no_core_and_its_files_are_its_own(
    site: Site, calls: list[tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert start(monkeypatch, "--config", str(site.config)) == 0
    assert calls == [
        ("limit", resource.RLIMIT_CORE, (0, 0)),
        ("umask", 0o077),
        ("daemon", site.config, site.state),
        ("freeze",),
        ("run",),
    ]


@pytest.mark.parametrize("named", ["argument", "environment"])
def test_a_configuration_is_checked_and_nothing_else_done(
    site: Site, calls: list[tuple[Any, ...]], named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if named == "environment":
        monkeypatch.setenv("RW2FA_CONFIG", str(site.config))
    arguments = ["--config", str(site.config)] if named == "argument" else []
    assert start(monkeypatch, "--check-config", *arguments) == 0
    assert calls == []


@pytest.mark.parametrize("arguments", [["--check-config"], []])
def test_promise_6_a_bad_configuration_stops_a_start_with_the_reason(
    site: Site,
    calls: list[tuple[Any, ...]],
    arguments: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    site.config.write_text("enabled = 7\n")
    assert start(monkeypatch, "--config", str(site.config), *arguments) == 1
    assert capsys.readouterr().err.startswith("rw2fad: ")
    assert ("run",) not in calls


def test_a_daemon_that_cannot_start_says_why(
    site: Site,
    calls: list[tuple[Any, ...]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def refuse(*_arguments: object) -> None:
        raise Problem("another daemon listens", "stop it first")

    monkeypatch.setattr(daemon, "Daemon", refuse)
    assert start(monkeypatch, "--config", str(site.config)) == 1
    assert capsys.readouterr().err == "rw2fad: another daemon listens; stop it first\n"
