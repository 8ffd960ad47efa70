"""`rw2fa key` beside a real daemon that people log in through."""

import json
import os
import secrets
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from rw2fa_daemon.core.account import Account, Credential
from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.store.store import Job
from rw2fa_daemon.vault.master_key import create_master_key, load_master_key, replace_master_key, successor
from tests.integration.cli.command import Host
from tests.support.daemon import HOST_USERS, wait_until

PEOPLE = HOST_USERS[:8]
OTHERS = 3_000
FIRST_STEP = -470
LAST_STEP = 470


def fill(host: Host, count: int = OTHERS) -> None:
    """People who have a device and do not log in."""
    store = host.store()
    for start in range(0, count, 500):
        jobs = [
            Job(
                f"other{n:05}",
                lambda _, n=n: (  # type: ignore[misc]  # bound now
                    Account(f"other{n:05}", n, n, credential=Credential(Secret(secrets.token_bytes(20)), active=True)),
                    None,
                ),
            )
            for n in range(start, min(start + 500, count))
        ]
        assert set(store.run(jobs)) == {None}
    store.close()


@contextmanager
def logins(host: Host, people: Sequence[str] = PEOPLE) -> Iterator["Counter[str]"]:
    """People who log in all the time, each code once; counted by what came of it."""
    outcomes: Counter[str] = Counter()
    stop = threading.Event()

    def go(name: str) -> None:
        for step in range(FIRST_STEP, LAST_STEP):
            if stop.is_set():
                return
            try:
                end = host.login(name, host.code(name, step))
                outcomes[f"{end.get('rc')} {end.get('rule')}"] += 1
            except (OSError, Problem) as error:
                outcomes[repr(error)] += 1
            time.sleep(0.01)

    threads = [threading.Thread(target=go, args=(name,)) for name in people]
    for thread in threads:
        thread.start()
    try:
        yield outcomes
    finally:
        stop.set()
        for thread in threads:
            thread.join()


@pytest.fixture
def people(host: Host) -> Host:
    host.write_config()
    host.enrol(*PEOPLE)
    return host


def test_while_the_key_is_changed_no_login_is_refused_and_the_old_key_opens_nothing_after(
    people: Host, tmp_path: Path
) -> None:
    fill(people)
    old = tmp_path / "old.key"
    old.write_bytes(people.key.read_bytes())
    old.chmod(0o600)
    with people.daemon() as process:
        assert people.status()["keys"] == "1"
        with logins(people) as outcomes:
            wait_until(lambda: outcomes.total() > len(PEOPLE), 20)
            before = outcomes.total()
            done = people.json("key", "rotate")
            during = outcomes.total() - before
            wait_until(lambda: outcomes.total() > before + during + len(PEOPLE), 20)
        assert set(outcomes) == {"SUCCESS code-right"}
        assert during > len(PEOPLE), "they went on meanwhile"
        assert (done["key"], done["done"], done["unsound"]) == (2, True, [])
        assert done["records"] >= OTHERS + len(PEOPLE)
        shown = people.json("key", "show")
        assert (shown["in_use"], shown["records"], shown["daemon"]) == (2, {"2": OTHERS + len(PEOPLE)}, [2])
        assert [key["number"] for key in shown["keys"]] == [2]
        assert process.poll() is None
        assert "key rotate, everything is under key 2" in people.does("audit")
    with people.daemon():
        assert people.login(PEOPLE[0], people.code(PEOPLE[0], LAST_STEP + 1))["rule"] == "code-right"
    people.key.write_bytes(old.read_bytes())
    assert "that is key 2, and this is key 1" in people.refuses("users", "show", PEOPLE[0])
    with people.daemon():
        assert people.login(PEOPLE[0], people.code(PEOPLE[0], LAST_STEP + 2))["rc"] == "AUTHINFO_UNAVAIL"
        assert "that is key 2, and this is key 1" in people.status()["state"]


@pytest.mark.timeout(300)
def test_a_change_that_is_killed_again_and_again_ends_well(people: Host) -> None:
    fill(people)
    chance = secrets.SystemRandom()
    killed, ended = 0, False
    with people.daemon(), logins(people) as outcomes:
        for attempt in range(12):
            command = subprocess.Popen(people.argv("key", "rotate", "--json"), stdout=subprocess.PIPE, text=True)
            try:
                # Later each time, so that it gets there in the end.
                command.wait(0.3 + attempt * chance.uniform(0.1, 0.3))
            except subprocess.TimeoutExpired:
                os.kill(command.pid, signal.SIGKILL)
                killed += 1
            output, _ = command.communicate()
            ended = command.returncode == 0
            if ended:
                assert json.loads(output)["done"]
                break
        if not ended:
            people.does("key", "rotate")
        assert killed
    assert set(outcomes) <= {"SUCCESS code-right"}
    shown = people.json("key", "show")
    assert shown["records"] == {str(shown["in_use"]): OTHERS + len(PEOPLE)}
    assert load_master_key(people.key).numbers == (shown["in_use"],)


def test_a_daemon_that_starts_in_the_middle_has_both_keys(people: Host) -> None:
    fill(people)
    command = subprocess.Popen(people.argv("key", "rotate"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_until(lambda: load_master_key(people.key).numbers == (2, 1), 20)
    with people.daemon(), logins(people) as outcomes:
        _, complaint = command.communicate(timeout=60)
        assert command.returncode == 0, complaint
        wait_until(lambda: outcomes.total() > len(PEOPLE), 20)
    assert set(outcomes) == {"SUCCESS code-right"}


def test_recovery_codes_outlive_the_key(people: Host) -> None:
    name = PEOPLE[0]
    word = people.json("users", "recovery", name)["recovery_codes"][0]
    with people.daemon():
        people.does("key", "rotate")
        assert people.login(name, word)["rule"] == "recovery-code"


def test_promise_3_no_key_is_printed_or_written_but_to_the_key_file(people: Host) -> None:
    with people.daemon() as process:
        printed = [people.process("key", "rotate"), people.process("key", "load"), people.process("key", "show")]
        process.send_signal(signal.SIGTERM)
        assert process.stderr is not None
        texts = {
            "what was printed": "".join(done.out + done.err for done in printed),
            "the daemon's errors": process.stderr.read(),
            "the audit": "".join(file.read_text() for file in people.state.glob("audit*")),
        }
    key = people.key.read_text().strip().partition(":")[2]
    assert len(key) == 43
    for where, text in texts.items():
        assert key[:12] not in text, where
    held = [path for path in people.folder.rglob("*") if path.is_file() and key.encode() in path.read_bytes()]
    assert held == [people.key]


def test_without_a_daemon_the_key_is_changed_as_well(host: Host) -> None:
    out = host.does("key", "rotate")
    assert out.startswith("Everything is encrypted under key 2: 0 records")
    host.does("key", "rotate")
    assert "Key 3 " in host.does("key", "show")
    assert "daemon is not running" in host.rw2fa("key", "load").err


def test_a_host_that_got_the_file_hands_it_to_its_daemon(people: Host) -> None:
    with people.daemon(), logins(people) as outcomes:
        replace_master_key(people.key, successor(load_master_key(people.key)))
        assert people.does("key", "load") == "The daemon has key 2 and 1.\n"
        assert people.status()["keys"] == "2,1"
        assert "A change of the key is not finished" in people.does("key", "show")
        wait_until(lambda: outcomes.total() > len(PEOPLE), 20)
    assert set(outcomes) == {"SUCCESS code-right"}


def test_keys_that_do_not_open_the_state_are_not_taken(people: Host, tmp_path: Path) -> None:
    with people.daemon():
        right = people.key.read_bytes()
        people.key.unlink()
        create_master_key(people.key)
        assert "the daemon refuses the keys: the master key is not the one" in people.refuses("key", "load")
        people.key.write_bytes(right)
        assert people.login(PEOPLE[0], people.code(PEOPLE[0]))["rule"] == "code-right"


def test_a_key_that_comes_from_elsewhere_is_not_changed(host: Host) -> None:
    host.key.unlink()
    assert "does not get the master key from" in host.refuses("key", "rotate")
