"""A running daemon acts on what the command changed, at once; one that is down is no obstacle."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.cli.command import Host
from tests.support import daemon

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="the daemon takes logins from root only")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[daemon.Site]:
    """A daemon that is on, with nobody in the scope."""
    site = daemon.Site(tmp_path)
    site.write_config(scope=[])
    site.initialise()
    with site.daemon():
        yield site


def test_item_1_the_next_login_of_somebody_who_was_added_meets_the_qr_code(site: daemon.Site, alice: str) -> None:
    host = Host(site.folder)
    with site.hook() as hook:
        assert hook.open(alice)["rule"] == "not-enabled"
    done = host.rw2fa("users", "add", alice)
    assert (done.status, done.err) == (0, "")
    with site.hook() as hook:
        assert hook.open(alice)["verb"] == "ask"
    host.does("users", "remove", alice, "--yes")
    with site.hook() as hook:
        assert hook.open(alice)["rule"] == "not-enabled"


def test_a_login_shows_the_secret_that_enrol_handed_out(site: daemon.Site, alice: str) -> None:
    host = Host(site.folder)
    host.does("users", "add", alice)
    secret = host.json("users", "enrol", alice)["secret"]
    with site.hook() as hook:
        assert secret in hook.open(alice)["text"].replace(" ", "")


def test_a_change_that_needs_a_restart_is_told(site: daemon.Site) -> None:
    done = Host(site.folder).rw2fa("settings", "set", "paths.state", str(site.folder / "elsewhere"))
    assert done.status == 0
    assert "the daemon keeps its old configuration: [paths] state cannot change while the daemon runs" in done.err


def test_without_a_daemon_the_change_is_made_and_that_is_told(host: Host, alice: str) -> None:
    done = host.rw2fa("users", "add", alice)
    assert done.status == 0
    assert "rw2fa: note: the daemon is not running; it reads the configuration when it starts" in done.err
    assert host.json("users", "show", alice)["enabled"] is True
