"""The bench's load generator against real modules: each outcome is counted for what it is. No timings."""

import json
import subprocess
import sysconfig
from dataclasses import dataclass
from pathlib import Path

import pytest

from bench.accounts import name_of, secret_of

ROOT = Path(__file__).resolve().parents[3]
MODULES = Path("/lib") / str(sysconfig.get_config_var("MULTIARCH")) / "security"
SUCCESS = "0"
AUTH_ERR = "7"


@dataclass
class Counted:
    """What the tests read of the load generator's result."""

    logins: int
    asked: int
    codes_never: int
    codes_once: int
    codes_more: int
    returned: dict[str, int]


class Generator:
    """The load generator with a private stack of one module."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stack("other", "pam_deny.so")

    def _stack(self, service: str, module: str) -> None:
        (self._folder / service).write_text(f"auth required {MODULES}/{module}\n")

    def send(self, module: str, *arguments: object) -> Counted:
        """CLIENTS SENDERS FIRST COUNT right|wrong [STEP]… through `module`."""
        self._stack("login", module)
        command: list[str | Path] = [ROOT / "build/bench/pam_load", self._folder, "login", *map(str, arguments)]
        result = json.loads(subprocess.run(command, check=True, capture_output=True, timeout=60).stdout)
        return Counted(**{name: result[name] for name in Counted.__dataclass_fields__})


@pytest.fixture(scope="session", autouse=True)
def built() -> None:
    subprocess.run(["make", "--silent", "--directory", ROOT / "bench"], check=True)


@pytest.fixture
def generator(tmp_path: Path) -> Generator:
    return Generator(tmp_path)


@pytest.fixture
def oath(tmp_path: Path) -> str:
    """A line for pam_oath with ten users, which needs neither root nor accounts."""
    users = tmp_path / "users.oath"
    users.write_text("".join(f"HOTP/T30/6 {name_of(n)} - {secret_of(n).hex()}\n" for n in range(10)))
    users.chmod(0o600)
    return f"pam_oath.so usersfile={users} window=20 digits=6"


def test_right_codes_are_accepted_once_and_a_second_time_refused(generator: Generator, oath: str) -> None:
    first = generator.send(oath, 1, 1, 0, 10, "right")
    assert first == Counted(10, 10, 0, 10, 0, {SUCCESS: 10})
    again = generator.send(oath, 1, 1, 0, 10, "right", -1)
    assert again == Counted(10, 10, 10, 0, 0, {AUTH_ERR: 10})


def test_wrong_codes_are_refused_after_a_question(generator: Generator, oath: str) -> None:
    assert generator.send(oath, 1, 1, 0, 10, "wrong") == Counted(10, 10, 10, 0, 0, {AUTH_ERR: 10})


def test_each_user_sends_one_code_for_each_step(generator: Generator, oath: str) -> None:
    assert generator.send(oath, 1, 1, 0, 5, "right", -3, 0, 3) == Counted(15, 15, 0, 15, 0, {SUCCESS: 15})


def test_senders_of_one_code_are_counted_by_code(generator: Generator) -> None:
    sent = generator.send("pam_permit.so", 8, 4, 0, 10, "right")
    assert (sent.logins, sent.codes_more, sent.returned) == (40, 10, {SUCCESS: 40})


def test_a_module_that_asks_nothing_is_told_apart(generator: Generator) -> None:
    assert generator.send("pam_permit.so", 2, 1, 0, 10, "right").asked == 0
    assert generator.send("pam_deny.so", 2, 1, 0, 10, "right") == Counted(10, 0, 10, 0, 0, {AUTH_ERR: 10})


def test_every_user_is_served_whatever_the_number_of_clients(generator: Generator) -> None:
    for clients in (1, 3, 16, 64):
        assert generator.send("pam_permit.so", clients, 1, 0, 10, "right").codes_once == 10
