"""What a state must be before a login relies on it, and what is said where it is not."""

import os
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from rw2fa_daemon.store.sqlite.connection import demand_log
from rw2fa_daemon.store.store import StateProblem, Store
from rw2fa_daemon.vault.vault import Vault
from tests.unit.store.place import ONLY_SQLITE, ScopeResult
from tests.unit.store.samples import ALICE, put


def change(place: ScopeResult, *statements: str) -> None:
    with place.raw() as raw:
        for statement in statements:
            raw.execute(statement)


@pytest.fixture
def closed(place: ScopeResult, store: Store) -> ScopeResult:
    """A state that nobody has open."""
    store.transact("alice", put(ALICE))
    store.close()
    return place


@ONLY_SQLITE
@pytest.mark.parametrize("umask", [0, 0o277])
def test_a_new_state_is_private_whatever_the_umask(place: ScopeResult, folder: Path, vault: Vault, umask: int) -> None:
    umask = os.umask(umask)
    try:
        with closing(place.open(vault, create=True)) as store:
            store.transact("alice", put(ALICE))
            modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()}
    finally:
        os.umask(umask)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert modes == {"state.db": 0o600, "state.db-wal": 0o600, "state.db-shm": 0o600}


def test_what_is_there_is_kept_when_a_state_is_asked_for_again(closed: ScopeResult, vault: Vault) -> None:
    with closing(closed.open(vault, create=True)) as store:
        assert store.read("alice") == ALICE


@ONLY_SQLITE
def test_every_commit_is_durable_before_it_returns(store: Store) -> None:
    connection = store._ready()
    assert connection.rows("PRAGMA synchronous") == [(2,)]
    assert connection.rows("PRAGMA journal_mode") == [("wal",)]
    assert connection.rows("PRAGMA secure_delete") == [(1,)]


@ONLY_SQLITE
@pytest.mark.parametrize("there", ["nothing", "folder", "empty file"])
def test_without_a_state_one_is_told_how_to_make_it(place: ScopeResult, folder: Path, vault: Vault, there: str) -> None:
    if there != "nothing":
        folder.mkdir()
    if there == "empty file":
        (folder / "state.db").touch()
    with pytest.raises(StateProblem, match=r"there is no state in .*/state; make it with `rw2fa init`"):
        place.open(vault)
    with closing(place.open(vault, create=True)) as store:
        assert store.read("alice") is None


def test_a_state_that_cannot_be_made_says_why(tmp_path: Path, vault: Vault) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StateProblem, match=r"the state cannot be made in .*: (Not a directory|File exists); make sure"):
        Store.open(tmp_path / "file" / "state", vault, create=True)


@ONLY_SQLITE
def test_a_link_in_place_of_the_state_is_not_followed(tmp_path: Path, closed: ScopeResult, vault: Vault) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "state.db").symlink_to(closed.folder / "state.db")
    for create in (False, True):
        with pytest.raises(StateProblem, match="is not a file"):
            Store.open(other, vault, create=create)


@ONLY_SQLITE
@pytest.mark.parametrize("content", [b"no database at all, but as long as the head of one must be" * 20, b"x" * 5])
def test_a_file_that_is_no_database_is_refused(closed: ScopeResult, vault: Vault, content: bytes) -> None:
    (closed.folder / "state.db").write_bytes(content)
    with pytest.raises(StateProblem, match=r"the state in .* is no database; put it back from a backup"):
        closed.open(vault)


def test_a_state_of_a_newer_version_is_refused(closed: ScopeResult, vault: Vault) -> None:
    change(closed, "UPDATE alembic_version SET version_num = '9999'")
    for create in (False, True):
        with pytest.raises(StateProblem, match=r"newer version of rw2fa \(schema 9999; .*; install that version again"):
            closed.open(vault, create=create)
    change(closed, "UPDATE alembic_version SET version_num = '0001'")
    with closing(closed.open(vault)) as store:
        assert store.read("alice") == ALICE, "it was left as it was"


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("DROP TABLE not_members", r"""(no such table: not_members|relation "not_members" does not exist)"""),
        (
            "ALTER TABLE accounts DROP COLUMN drift",
            r"(no such column: record.drift|column \S*drift\S* (of relation \S+ )?does not exist)",
        ),
        (
            "ALTER TABLE meta RENAME COLUMN value TO worth",
            r"""(no such column: value|column \S*value\S* (of relation "meta" )?does not exist)""",
        ),
        (
            "DROP TABLE alembic_version",
            r"""(no such table: alembic_version|relation "alembic_version" does not exist)""",
        ),
        ("DELETE FROM alembic_version", "the number of the schema is missing"),
        ("DELETE FROM meta", "the check value of the master key is missing"),
    ],
)
def test_a_broken_schema_is_refused(closed: ScopeResult, vault: Vault, statement: str, said: str) -> None:
    change(closed, statement)
    for create in (False, True):
        with pytest.raises(StateProblem, match=f"the tables of the state in .* are not as rw2fa made them: {said}"):
            closed.open(vault, create=create)


def test_an_interrupted_creation_is_made_good(
    place: ScopeResult, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(vault.__class__, "seal", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            place.open(vault, create=True)
    with pytest.raises(StateProblem, match="there is no state"):
        place.open(vault)
    with closing(place.open(vault, create=True)) as store:
        assert store.transact("alice", put(ALICE)) is None


def test_a_place_where_no_log_can_be_kept_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    # Locks by means of files, as SQLite does it where processes cannot share memory.
    with (
        closing(sqlite3.connect(f"file:{path}?vfs=unix-dotfile", uri=True)) as connection,
        pytest.raises(StateProblem, match=r"cannot keep a write-ahead log .* \(it offers 'delete'\); set `state`"),
    ):
        demand_log(connection, path)


@pytest.mark.parametrize("kind_of_mount", ["nfs4", "cifs", "9p", "fuse.sshfs"])
@pytest.mark.parametrize("create", [False, True])
def test_a_network_file_system_is_refused(
    tmp_path: Path, folder: Path, vault: Vault, kind_of_mount: str, create: bool
) -> None:
    mountinfo = tmp_path / "mountinfo"
    mountinfo.write_text(
        "1 0 0:1 / / rw - ext4 /dev/vda rw\n"
        f"2 1 0:2 / {tmp_path.resolve()} rw,relatime shared:7 master:8 - {kind_of_mount} server:/x rw\n"
    )
    if not create:
        folder.mkdir()
        (folder / "state.db").touch()
    with pytest.raises(StateProblem, match=rf"is on a network file system \({kind_of_mount}\).*; set `state`"):
        Store.open(folder, vault, create=create, mountinfo=mountinfo)
    assert folder.exists() is not create, "and nothing is made there"


@ONLY_SQLITE
def test_opening_a_state_that_is_up_to_date_is_quick(closed: ScopeResult) -> None:
    """The daemon has half a second to be ready in; SQLAlchemy and Alembic would take most of it."""
    program = """if True:
        import sys
        from pathlib import Path
        from rw2fa_daemon.core.secret import Secret
        from rw2fa_daemon.store.store import Store
        from rw2fa_daemon.vault.master_key import MasterKey
        from rw2fa_daemon.vault.vault import Vault
        store = Store.open(Path(sys.argv[1]), Vault(MasterKey(1, Secret(bytes(range(32))))))
        assert store.read("alice").uid == 1001
        assert not {"sqlalchemy", "alembic"} & sys.modules.keys()
    """
    subprocess.run([sys.executable, "-c", program, str(closed.folder)], check=True)
