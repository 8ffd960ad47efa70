"""The administrator's command on a state that is in a PostgreSQL, on two hosts."""

import json
from pathlib import Path

import pytest

from rw2fa_daemon.core.account import Account
from tests.integration.cli.command import PROGRAM, run
from tests.support.daemon import Site
from tests.support.postgresql import Cluster

USER = "daemon"


def rw2fa(site: Site, *arguments: str) -> str:
    done = run([str(PROGRAM), "--config", str(site.config), *arguments])
    assert done.status == 0, done.err
    return done.out


@pytest.fixture
def bare(tmp_path: Path, cluster: Cluster) -> Site:
    """A host with a configuration, and a database with nothing in it."""
    cluster.empty()
    site = Site(tmp_path, cluster=cluster)
    site.write_config(scope=[USER])
    return site


def another_host(site: Site) -> Site:
    """Its configuration, which names a folder, a key and a socket of its own, none of which is there yet."""
    other = Site(site.folder / "other", cluster=site.cluster)
    other.folder.mkdir()
    other.config.write_text(site.config.read_text().replace(f'"{site.folder}/', f'"{other.folder}/'))
    return other


def test_a_state_is_made_used_and_shared(bare: Site) -> None:
    assert f"the state in the database rw2fa on {bare.cluster.base}" in rw2fa(bare, "init")  # type: ignore[union-attr]  # there is one
    assert "nothing to do" in rw2fa(bare, "init")
    shown = json.loads(rw2fa(bare, "users", "enrol", USER, "--json"))
    assert shown["uri"].startswith("otpauth://")

    other = another_host(bare)
    refused = run([str(PROGRAM), "--config", str(other.config), "init"])
    assert refused.status == 1
    assert "or copy it from another host that shares the state" in refused.err
    assert not other.key.exists(), "a key of its own would open nothing"

    other.key.write_bytes(bare.key.read_bytes())
    other.key.chmod(0o600)
    rw2fa(other, "init")
    account: Account | None = other.account(USER)
    assert account is not None
    assert account.credential is not None
    assert json.loads(rw2fa(other, "users", "show", USER, "--json"))["user"] == USER
    rw2fa(other, "users", "reset", USER, "--yes")
    assert json.loads(rw2fa(bare, "users", "show", USER, "--json"))["activated"] is False


def test_doctor_says_what_is_wrong_with_the_database(bare: Site) -> None:
    rw2fa(bare, "init")
    assert database(bare)["ok"] is True
    assert bare.cluster is not None
    bare.config.write_text(bare.config.read_text().replace(str(bare.cluster.base), "/nonexistent"))
    found = database(bare)
    assert found["ok"] is False
    assert "cannot be reached" in str(found["detail"])


def test_promise_3_a_password_in_the_url_is_shown_nowhere(bare: Site) -> None:
    rw2fa(bare, "init")
    bare.config.write_text(bare.config.read_text().replace("//rw2fa@", "//rw2fa:hunter2@"))
    for arguments in (
        ("settings", "list"),
        ("settings", "list", "--json"),
        ("settings", "get", "database.url"),
        ("settings", "get", "database.url", "--json"),
        ("status",),
        ("doctor", "--json"),
    ):
        done = run([str(PROGRAM), "--config", str(bare.config), *arguments])
        assert "hunter2" not in done.out + done.err, arguments
    found = database(bare)
    assert found["ok"] is False
    assert "others can read it" in str(found["detail"])
    refused = run(
        [str(PROGRAM), "--config", str(bare.config), "settings", "set", "database.url", "postgresql+psycopg://a:b@c/d"]
    )
    assert refused.status == 1
    assert "/etc/rw2fa/database.password" in refused.err


def database(site: Site) -> dict[str, object]:
    """What doctor finds of the database."""
    done = run([str(PROGRAM), "--config", str(site.config), "doctor", "--json"])
    findings: list[dict[str, object]] = json.loads(done.out)
    return min((one for one in findings if one["check"] == "database"), key=lambda one: bool(one["ok"]))


def test_what_was_saved_is_put_back(bare: Site, tmp_path: Path) -> None:
    rw2fa(bare, "init")
    bare.enrol(USER)
    file = tmp_path / "saved"
    saved = run([str(PROGRAM), "--config", str(bare.config), "backup", str(file)], "correct horse battery\n")
    assert saved.status == 0, saved.err
    rw2fa(bare, "users", "reset", USER, "--yes")
    back = run([str(PROGRAM), "--config", str(bare.config), "restore", str(file), "--yes"], "correct horse battery\n")
    assert back.status == 0, back.err
    account = bare.account(USER)
    assert account is not None
    assert account.activated
