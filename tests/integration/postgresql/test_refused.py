"""Databases that a login may not rely on are refused, each with what to do; and nobody between us and the right one."""

import socket
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from rw2fa_daemon.core.database import Database, Node
from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.store.store import StateProblem, Store
from rw2fa_daemon.vault.master_key import MasterKey
from rw2fa_daemon.vault.vault import Vault
from tests.support.certificates import Authority
from tests.support.postgresql import OWNER, STATE, SUPERUSER, Cluster

VAULT = Vault(MasterKey(1, Secret(bytes(range(32)))))
HOST = "db.example.org"
PASSWORD = "correct horse"


def opened(folder: Path, database: Database) -> None:
    Store.open(folder / "state", VAULT, create=True, database=database).close()


@pytest.mark.parametrize("mode", ["on", "local", "remote_write", "remote_apply"])
def test_a_server_that_answers_after_its_log_is_on_disk_is_used(tmp_path: Path, cluster: Cluster, mode: str) -> None:
    cluster.empty()
    with closing(cluster.connect(SUPERUSER)) as raw:
        raw.execute(f"ALTER ROLE {OWNER} SET synchronous_commit = {mode}")
        try:
            opened(tmp_path, cluster.database)
        finally:
            raw.execute(f"ALTER ROLE {OWNER} RESET synchronous_commit")


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("synchronous_commit = off", r"says that something is stored before it is .*; set synchronous_commit to on"),
        ("default_transaction_read_only = on", r"takes no writes .*; set it to off"),
    ],
)
def test_promise_1_a_server_that_forgets_is_refused(tmp_path: Path, cluster: Cluster, setting: str, said: str) -> None:
    cluster.empty()
    name = setting.partition(" ")[0]
    with closing(cluster.connect(SUPERUSER)) as raw:
        raw.execute(f"ALTER ROLE {OWNER} SET {setting}")
        try:
            with pytest.raises(StateProblem, match=said):
                opened(tmp_path, cluster.database)
        finally:
            raw.execute(f"ALTER ROLE {OWNER} RESET {name}")


def test_promise_1_a_commit_stays_durable_when_somebody_changes_the_server_under_way(
    tmp_path: Path, cluster: Cluster
) -> None:
    cluster.empty()
    with (
        closing(Store.open(tmp_path / "state", VAULT, create=True, database=cluster.database)) as store,
        closing(cluster.connect(SUPERUSER)) as raw,
    ):
        raw.execute("ALTER SYSTEM SET synchronous_commit = off")
        raw.execute("SELECT pg_reload_conf()")
        try:
            driver = store._ready()._driver  # type: ignore[attr-defined]  # PostgreSQL's
            assert driver.execute("SHOW synchronous_commit").fetchone() == ("on",)
        finally:
            raw.execute("ALTER SYSTEM RESET synchronous_commit")
            raw.execute("SELECT pg_reload_conf()")


def test_promise_1_a_server_without_fsync_and_a_database_for_some_letters_only_are_refused(tmp_path: Path) -> None:
    with Cluster.make({"fsync": "off"}) as cluster:
        with pytest.raises(StateProblem, match=r"\(fsync is off\).*; set fsync to on"):
            opened(tmp_path, cluster.database)
        cluster.stop()
        cluster.start()
        with closing(cluster.connect(SUPERUSER, "postgres")) as raw:
            raw.execute("CREATE DATABASE latin OWNER rw2fa ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
        with pytest.raises(StateProblem, match=r"stores text as LATIN1.*; make the database anew"):
            opened(tmp_path, replace(cluster.database, name="latin"))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"name": "nothing"},
            r"the database nothing on .* cannot be reached: .*does not exist; .* compare database.url",
        ),
        ({"user": "nobody"}, r"cannot be reached: .*role .nobody. does not exist; .* compare database.url"),
        ({"nodes": (Node("/nonexistent", 5432),)}, r"cannot be reached: .*; make sure that it runs"),
        ({"nodes": (Node("127.0.0.1", 1),)}, r"cannot be reached: .*[Cc]onnection refused"),
    ],
)
def test_what_is_wrong_with_the_way_there_is_said(
    tmp_path: Path, cluster: Cluster, change: dict[str, object], said: str
) -> None:
    with pytest.raises(StateProblem, match=said):
        opened(tmp_path, replace(cluster.database, **change))  # type: ignore[arg-type]  # fields of each type


class Guarded:
    """A server on loopback that wants TLS and a password."""

    def __init__(self, cluster: Cluster, authority: Authority, port: int) -> None:
        self.cluster = cluster
        self.database = Database(
            (Node(HOST, port, "127.0.0.1"),),
            STATE,
            OWNER,
            Secret(PASSWORD.encode()),
            root_certificates=str(authority.file),
        )


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    with Cluster.make() as cluster:
        authority = Authority(tmp_path_factory.mktemp("ca"))
        port = free_port()
        cluster.guard(authority, HOST, PASSWORD, port)
        yield Guarded(cluster, authority, port)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_server_whose_certificate_has_its_name_is_used(tmp_path: Path, guarded: Guarded) -> None:
    with closing(Store.open(tmp_path / "state", VAULT, create=True, database=guarded.database)) as store:
        assert list(store.names()) == []
        driver = store._ready()._driver  # type: ignore[attr-defined]  # PostgreSQL's
        assert driver.pgconn.ssl_in_use


def test_the_password_is_read_from_its_file(tmp_path: Path, guarded: Guarded) -> None:
    file = tmp_path / "database.password"
    file.write_text(PASSWORD + "\n")
    file.chmod(0o600)
    opened(tmp_path, replace(guarded.database, password=None, password_file=str(file)))
    file.chmod(0o640)
    with pytest.raises(StateProblem, match="others can read or replace the password"):
        opened(tmp_path, replace(guarded.database, password=None, password_file=str(file)))


def test_promise_3_a_wrong_password_is_refused_and_shown_nowhere(tmp_path: Path, guarded: Guarded) -> None:
    with pytest.raises(StateProblem, match="password authentication failed") as caught:
        opened(tmp_path, replace(guarded.database, password=Secret(b"hunter2")))
    told = f"{caught.value!r} {caught.value} {guarded.database!r}"
    assert "hunter2" not in told
    assert PASSWORD not in told


def test_somebody_in_between_with_another_name_or_authority_is_refused(tmp_path: Path, guarded: Guarded) -> None:
    (node,) = guarded.database.nodes
    with pytest.raises(StateProblem, match=r"cannot be reached: .*certificate"):
        opened(tmp_path, replace(guarded.database, nodes=(replace(node, host="other.example.org"),)))
    other = Authority(tmp_path, "another authority")
    with pytest.raises(StateProblem, match=r"cannot be reached: .*certificate verify failed"):
        opened(tmp_path, replace(guarded.database, root_certificates=str(other.file)))
