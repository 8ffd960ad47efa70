"""`rw2fa users list` in parts: pages, filters, a stable order, and nothing that waits for the last of many."""

import json
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pexpect
import pytest

from rw2fa_daemon.cli.users import listing
from rw2fa_daemon.store.sqlite.connection import SqliteConnection
from rw2fa_daemon.store.store import Store
from tests.integration.cli.command import Host
from tests.support.world.phone import Phone

NAMES = sorted(["daemon", "bin", "sys", "games", "man", "lp", "mail"])
WORDS_BEFORE_OPTIONS = 1


@pytest.fixture
def crowd(host: Host) -> Host:
    """People in the scope, added out of order, three with a device: one of these locked, one by SMS."""
    host.configure(f"[scope]\nusers = {json.dumps(NAMES[::-1])}\n[sms]\nenabled = true\nphone_number = '+33612345678'")
    for name in ("bin", "man"):
        host.does("users", "confirm", name, Phone(host.json("users", "enrol", name)["uri"]).fresh())
    host.does("users", "edit", "sys", "--sms", "+33612345678")
    return host


def users(host: Host, *options: str) -> list[str]:
    return [user["user"] for user in host.json("users", "list", *options)["users"]]


def test_pages_follow_each_other_and_hold_everybody_once(crowd: Host) -> None:
    found: list[str] = []
    page = crowd.json("users", "list", "--limit", "3")
    while True:
        found += [user["user"] for user in page["users"]]
        assert [entry for entry in page["entries"] if not entry["group"]] == []
        if page["next"] is None:
            break
        assert len(page["users"]) == 3
        command: Sequence[str] = page["next"]["command"]
        assert command[0] == "rw2fa"
        page = json.loads(crowd.does(*command[WORDS_BEFORE_OPTIONS:]))
    assert found == NAMES
    assert users(crowd, "--after", "daemon") == NAMES[NAMES.index("daemon") + 1 :]


def test_the_last_page_says_that_it_is_the_last(crowd: Host) -> None:
    assert crowd.json("users", "list", "--limit", str(len(NAMES)))["next"] is None
    assert crowd.json("users", "list", "--limit", str(len(NAMES) - 1))["next"]["after"] == NAMES[-2]
    assert crowd.json("users", "list")["next"] is None


def test_who_goes_between_two_pages_moves_nobody(crowd: Host) -> None:
    first = crowd.json("users", "list", "--limit", "3")
    crowd.does("users", "remove", first["next"]["after"], "--yes")
    assert users(crowd, "--after", first["next"]["after"]) == NAMES[3:]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--activated"], ["bin", "man"]),
        (["--not-activated"], [name for name in NAMES if name not in ("bin", "man")]),
        (["--pending"], [name for name in NAMES if name not in ("bin", "man")]),
        (["--method", "sms"], ["sys"]),
        (["--method", "app", "--activated"], ["bin", "man"]),
        (["--locked"], []),
        (["--match", "MA"], ["mail", "man"]),
        (["--match", "m", "--activated"], ["man"]),
        (["--match", "no-such"], []),
    ],
)
def test_filters_keep_who_fits(crowd: Host, options: list[str], expected: list[str]) -> None:
    assert users(crowd, *options) == expected


def test_a_filter_goes_on_to_the_next_page(crowd: Host) -> None:
    page = crowd.json("users", "list", "--not-activated", "--match", "a", "--limit", "1")
    assert [user["user"] for user in page["users"]] == ["daemon"]
    follows = json.loads(crowd.does(*page["next"]["command"][WORDS_BEFORE_OPTIONS:]))
    assert [user["user"] for user in follows["users"]] == ["games"]


def test_a_page_as_text_says_how_to_go_on(crowd: Host) -> None:
    done = crowd.rw2fa("users", "list", "--limit", "2")
    assert re.findall(r"^\S+", done.out, re.MULTILINE) == ["USER", *NAMES[:2]]
    assert done.err == f"rw2fa: note: there are more; continue with: rw2fa users list --limit 2 --after={NAMES[1]}\n"
    assert "No users match." in crowd.does("users", "list", "--match", "no-such")


def test_a_wrong_limit_is_wrong_usage(crowd: Host) -> None:
    assert crowd.rw2fa("users", "list", "--limit", "0").status == 2


def test_another_spelling_is_no_other_person(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    # What a directory that ignores case would say; the real one is in tests/integration/directory.
    from rw2fa_daemon.cli.context import CliContext

    host.configure('[scope]\nusers = ["daemon", "DAEMON"]')
    monkeypatch.setattr(CliContext, "spellings", {"DAEMON": "daemon"})
    assert users(host) == ["daemon"]


def test_promise_11_a_list_reads_the_state_a_few_hundred_at_a_time(
    crowd: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And nobody beyond the page: the number of looks, not the time they take."""
    looked: list[int] = []
    survey = Store.survey

    def counted(store: Store, names: Sequence[str]) -> Any:
        looked.append(len(names))
        return survey(store, names)

    monkeypatch.setattr(Store, "survey", counted)
    monkeypatch.setattr(Store, "read", None)
    # One statement for all of them.
    monkeypatch.setattr(SqliteConnection, "record", None)
    monkeypatch.setattr(listing, "READ_AT_ONCE", 2)
    assert users(crowd) == NAMES
    assert looked == [2, 2, 2, 1]
    looked.clear()
    assert users(crowd, "--limit", "1") == NAMES[:1]
    assert looked == [2]


def test_the_first_lines_come_before_the_last_are_known(crowd: Host) -> None:
    """A reader that has seen enough ends the command, which is no error that anybody has to read about."""
    process = subprocess.Popen(crowd.argv("users", "list", "--json"), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.read(1) == b"{"
    process.stdout.close()
    assert b"Traceback" not in process.stderr.read()
    process.stderr.close()
    process.wait(30)


def test_progress_is_shown_on_a_terminal_if_the_list_goes_elsewhere(host: Host, tmp_path: Path) -> None:
    count = listing.BAR_FROM
    names = [f"nobody{number}" for number in range(count)]
    host.configure(f"[scope]\nusers = {json.dumps(names)}")
    out = tmp_path / "out"
    words = " ".join(map(str, host.argv("users", "list", "--json")))
    terminal = pexpect.spawn("/bin/sh", ["-c", f"exec {words} > {out}"], encoding="utf-8", timeout=60)
    terminal.expect("Users.*100%")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert len(json.loads(out.read_text())["users"]) == count
    done = subprocess.run(host.argv("users", "list", "--json"), capture_output=True, check=True)
    assert done.stderr == b""
