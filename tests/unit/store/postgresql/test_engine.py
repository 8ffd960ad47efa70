"""How a server is spoken to, and what of it is waited for how long."""

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import errors

from rw2fa_daemon.core.database import Database, Node
from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.store.postgresql import durability, engine
from rw2fa_daemon.store.postgresql.engine import PostgresqlEngine
from rw2fa_daemon.store.problem import StateProblem
from tests.support.postgresql import Cluster

FOLDER = Path("/nonexistent/state")
HOOK_SECONDS = 3
OPTIONS = (
    "-c statement_timeout=1500 -c lock_timeout=1000 -c idle_in_transaction_session_timeout=10000"
    " -c default_transaction_isolation=read\\ committed"
)
ALWAYS = {
    "dbname": "state",
    "user": "rw2fa",
    "gssencmode": "disable",
    "connect_timeout": 2,
    "tcp_user_timeout": 2000,
    "keepalives": 1,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 2,
    "client_encoding": "UTF8",
    "application_name": "rw2fa",
    "options": OPTIONS,
}


@pytest.fixture(autouse=True)
def _no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)


@pytest.fixture
def here(cluster: Cluster) -> PostgresqlEngine:
    return PostgresqlEngine(cluster.database, FOLDER)


@pytest.fixture
def driver(here: PostgresqlEngine) -> Iterator["psycopg.Connection[tuple[Any, ...]]"]:
    with closing(here.connect_driver()) as driver:
        yield driver


def parameters(database: Database) -> dict[str, Any]:
    return PostgresqlEngine(database, FOLDER)._parameters()


def test_a_server_on_this_host_is_told_all_that_matters() -> None:
    database = Database((Node("/run/postgresql", 5432),), "state", "rw2fa", tls=False)
    assert parameters(database) == {
        **ALWAYS,
        "host": "/run/postgresql",
        "port": "5432",
        "sslmode": "disable",
        "target_session_attrs": "any",
    }


def test_servers_elsewhere_are_verified_by_name_and_the_primary_is_looked_for() -> None:
    database = Database(
        (Node("db1.example", 5432, "192.0.2.1"), Node("db2.example", 5433, "")),
        "state",
        "rw2fa",
        password=Secret(b"word"),
        root_certificates="/etc/ca.pem",
        certificate="/etc/me.pem",
        key="/etc/me.key",
    )
    assert parameters(database) == {
        **ALWAYS,
        "host": "db1.example,db2.example",
        "hostaddr": "192.0.2.1,",
        "port": "5432,5433",
        "password": "word",
        "sslmode": "verify-full",
        "sslrootcert": "/etc/ca.pem",
        "sslcert": "/etc/me.pem",
        "sslkey": "/etc/me.key",
        "target_session_attrs": "primary",
    }


def test_without_a_password_in_the_url_that_of_the_file_is_used(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("of the file\n")
    file.chmod(0o600)
    database = Database((Node("db.example", 5432),), "state", "rw2fa", password_file=str(file))
    told = parameters(database)
    assert told["password"] == "of the file"
    assert "hostaddr" not in told
    assert "sslcert" not in told
    assert "sslkey" not in told


def test_a_new_state_has_a_folder_on_this_host_and_no_file(cluster: Cluster, tmp_path: Path) -> None:
    made = PostgresqlEngine(cluster.database, tmp_path / "state")
    made.create(None)
    assert list((tmp_path / "state").iterdir()) == []
    assert made.identity() is None
    assert made.place == str(cluster.database)


@pytest.mark.parametrize("state", ["55P03", "57014", "40001", "40P01", "53100", "23505"])
def test_after_a_passing_error_the_connection_is_used_again(here: PostgresqlEngine, state: str) -> None:
    assert here.passes(errors.lookup(state)("x"))


@pytest.mark.parametrize("error", [errors.lookup("08006")("x"), errors.lookup("42P01")("x"), psycopg.Error("x")])
def test_after_any_other_it_is_made_anew(here: PostgresqlEngine, error: Exception) -> None:
    assert not here.passes(error)


def test_an_error_is_told_with_the_place(here: PostgresqlEngine) -> None:
    assert here.problem(errors.lookup("53100")("x")).what == f"the disk of {here.place} is full"


def test_promise_1_a_server_that_may_forget_is_left_at_once(
    here: PostgresqlEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[psycopg.Connection[Any]] = []

    def refuse(driver: "psycopg.Connection[Any]", place: str) -> None:
        seen.append(driver)
        raise StateProblem(place, "set fsync to on")

    monkeypatch.setattr(durability, "demand", refuse)
    with pytest.raises(StateProblem):
        here.connect_driver()
    assert seen[0].closed


def test_promise_5_an_answer_that_does_not_come_is_not_waited_for(
    driver: "psycopg.Connection[tuple[Any, ...]]", monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the connection is closed, or the answer would be taken for that to the next statement."""
    monkeypatch.setattr(engine, "ANSWER_SECONDS", 0.2)
    begun = time.monotonic()
    with pytest.raises(psycopg.OperationalError):
        driver.execute("SELECT pg_sleep(1.2)")
    assert time.monotonic() - begun < 1.0
    assert driver.closed


def test_promise_5_our_patience_ends_before_that_of_the_hook() -> None:
    assert engine.ANSWER_SECONDS < HOOK_SECONDS
    assert engine.LOCK_MS < engine.STATEMENT_MS < 1_000 * engine.ANSWER_SECONDS


def test_an_error_that_the_server_answered_leaves_the_connection_open(
    driver: "psycopg.Connection[tuple[Any, ...]]",
) -> None:
    with pytest.raises(errors.UndefinedTable):
        driver.execute("SELECT 1 FROM nowhere")
    assert not driver.closed
    assert driver.execute("SELECT 1").fetchone() == (1,)


def test_nothing_is_a_transaction_unless_begun_and_numbers_are_of_one_type(
    driver: "psycopg.Connection[tuple[Any, ...]]",
) -> None:
    assert driver.autocommit
    assert driver.prepare_threshold == 0
    for number in (1, 40_000, 2**40):
        assert driver.execute("SELECT pg_typeof(%s)::text", (number,)).fetchone() == ("bigint",)


def test_promise_5_the_server_has_limits_too(driver: "psycopg.Connection[tuple[Any, ...]]") -> None:
    names = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "transaction_isolation")
    found = [driver.execute("SELECT current_setting(%s)", (name,)).fetchone() for name in names]
    assert found == [("1500ms",), ("1s",), ("10s",), ("read committed",)]
