"""The master key of hosts that share a PostgreSQL, and backups that go from one kind of database to the other."""

import shutil
from contextlib import closing
from pathlib import Path

import pytest

from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.store.secrets import TWILIO_TOKEN
from rw2fa_daemon.vault.master_key import load_master_key
from tests.integration.cli.command import Host
from tests.integration.cli.test_backup import does
from tests.integration.cli.test_key import PEOPLE, fill, logins
from tests.support.daemon import wait_until
from tests.support.postgresql import Cluster

OTHERS = 500


@pytest.fixture
def first(tmp_path: Path, cluster: Cluster) -> Host:
    """A host with people who are enrolled, in a database that is shared."""
    cluster.empty()
    host = Host(tmp_path, cluster=cluster)
    host.write_config()
    host.initialise()
    host.enrol(*PEOPLE)
    return host


@pytest.fixture
def second(first: Host) -> Host:
    """Another host: its own socket, folder and key file, the same database."""
    other = Host(first.folder / "second", first.secrets, first.digits, first.cluster)
    other.folder.mkdir()
    text = first.config.read_text()
    for path in ("socket", "state", "key"):
        text = text.replace(str(getattr(first, path)), str(getattr(other, path)))
    other.config.write_text(text)
    shutil.copy2(first.key, other.key)
    other.join()
    return other


@pytest.mark.timeout(300)
def test_on_several_hosts_the_key_is_changed_once_all_have_it_and_no_login_is_refused(
    first: Host, second: Host
) -> None:
    fill(first, OTHERS)
    with first.daemon(), second.daemon(), logins(first, PEOPLE[:4]) as here, logins(second, PEOPLE[4:]) as there:
        assert "Copy the file to every other host" in first.does("key", "rotate")
        assert first.json("key", "show")["in_use"] == 1
        assert "begun with a key that this host does not have" in second.refuses("key", "rotate")
        assert load_master_key(second.key).numbers == (1,), "and has drawn none"
        shutil.copy2(first.key, second.key)
        second.does("key", "load")
        done = first.json("key", "rotate", "--every-host")
        assert (done["key"], done["done"]) == (2, True)
        assert done["records"] >= OTHERS
        assert second.json("key", "show")["daemon"] == [2, 1]
        second.does("key", "rotate", "--every-host")
        seen = here.total(), there.total()
        wait_until(lambda: here.total() > seen[0] + 4 and there.total() > seen[1] + 4, 30)
    assert set(here) == set(there) == {"SUCCESS code-right"}
    for host in (first, second):
        assert load_master_key(host.key).numbers == (2,)
        assert host.json("key", "show")["records"] == {"2": OTHERS + len(PEOPLE)}
    assert first.key.read_bytes() == second.key.read_bytes()


def test_a_backup_of_one_kind_of_database_is_put_back_into_the_other(first: Host, tmp_path: Path) -> None:
    with closing(first.store()) as store:
        store.keep_secret(TWILIO_TOKEN, Secret(b"token"))
    one = Host(tmp_path / "one", first.secrets, first.digits)
    one.folder.mkdir()
    one.configure()
    one.does("init")
    away, back = tmp_path / "away.backup", tmp_path / "back.backup"
    does(first, "backup", str(away))
    does(one, "restore", str(away), "--yes")
    does(one, "backup", str(back))
    with first.daemon():
        code = first.code(PEOPLE[0])
        assert first.login(PEOPLE[0], code)["rule"] == "code-right"
        does(first, "restore", str(back), "--yes")
        assert "used already" in first.login(PEOPLE[0], code)["text"]
        assert first.status()["state"] == "ok"
    for host in (first, one):
        with closing(host.store()) as store:
            assert sorted(store.names()) == sorted(PEOPLE)
            assert store.secret(TWILIO_TOKEN) == Secret(b"token")
        for name in PEOPLE:
            account = host.account(name)
            assert account is not None
            assert account.credential is not None
            assert account.credential.secret == first.secrets[name]
    assert "state-older" not in first.does("audit")
