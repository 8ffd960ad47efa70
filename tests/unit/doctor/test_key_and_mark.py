"""A change of the key that was left half done, and a state that is older than it was."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from rw2fa_daemon.config.load import load
from rw2fa_daemon.doctor.finding import Finding
from rw2fa_daemon.doctor.host.permissions import daemon_uid
from rw2fa_daemon.doctor.state.key import check_key
from rw2fa_daemon.doctor.state.rollback_marker import check_mark
from rw2fa_daemon.doctor.subject import Subject
from rw2fa_daemon.store.rollback_detector import marker_file, write_outside
from rw2fa_daemon.store.rollback_marker import RollbackMarker
from rw2fa_daemon.vault.master_key import load_master_key, replace_master_key, successor
from tests.support.daemon import Site
from tests.unit.doctor.conftest import NOW

Check = Callable[[Subject], Iterator[Finding]]


def found(site: Site, check: Check) -> list[Finding]:
    return list(check(Subject(load(site.config), Path("/"), NOW)))


@pytest.fixture
def marked(site: Site) -> RollbackMarker:
    """The mark of the state, and one beside it."""
    with closing(site.store()) as store:
        mark = store.mark()
    assert mark is not None
    write_outside(marker_file(site.state), mark)
    os.chown(marker_file(site.state).parent, daemon_uid(), -1)
    os.chown(marker_file(site.state), daemon_uid(), -1)
    return mark


def test_one_key_is_right(site: Site) -> None:
    assert found(site, check_key) == []
    with site.daemon():
        assert found(site, check_key) == []
    site.key.unlink()
    assert found(site, check_key) == [], "a credential may hold it"


def test_promise_7_an_old_key_that_is_still_there_is_found(site: Site) -> None:
    replace_master_key(site.key, successor(load_master_key(site.key)))
    (finding,) = found(site, check_key)
    assert "contains keys 2 and 1: a change of the master key was not finished" in finding.detail
    assert "rw2fa key rotate" in finding.fix
    assert not finding.ok


def test_a_daemon_with_other_keys_is_found(site: Site) -> None:
    with site.daemon():
        replace_master_key(site.key, successor(load_master_key(site.key)))
        details = [finding.detail for finding in found(site, check_key)]
        assert f"the daemon has key 1, but {site.key} contains key 2 and 1" in details


@pytest.mark.usefixtures("marked")
def test_a_mark_that_the_state_follows_is_right(site: Site) -> None:
    assert found(site, check_mark) == []


def test_promise_7_a_missing_mark_is_found_once_there_was_one(site: Site) -> None:
    marker_file(site.state).unlink()
    (finding,) = found(site, check_mark)
    assert not finding.ok
    assert "no code from before is accepted" in finding.detail
    shutil.rmtree(site.state)
    site.store(create=True).close()
    (finding,) = found(site, check_mark)
    assert finding.ok
    assert "the state is new" in finding.detail


def test_promise_7_a_state_that_is_behind_its_mark_is_found(site: Site, marked: RollbackMarker) -> None:
    write_outside(marker_file(site.state), marked._replace(steps=marked.steps + 1))
    (finding,) = found(site, check_mark)
    assert "the state was rolled back" in finding.detail
    assert not finding.ok


@pytest.mark.usefixtures("marked")
def test_promise_7_a_mark_that_others_could_write_is_found(site: Site) -> None:
    marker_file(site.state).chmod(0o622)
    os.chown(marker_file(site.state).parent, 4711, -1)
    details = [finding.detail for finding in found(site, check_mark)]
    assert [detail.partition(" belongs ")[2] for detail in details] == [
        "to uid 4711 with mode 0700",
        f"to uid {daemon_uid()} with mode 0622",
    ]
