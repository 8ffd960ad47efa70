"""Owners and modes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rw2fa_daemon.config.load import load
from rw2fa_daemon.doctor.host.permissions import check_permissions, daemon_uid
from rw2fa_daemon.doctor.subject import Subject
from tests.support.daemon import Site
from tests.unit.doctor.conftest import NOW, wrong

SOMEBODY = 4711


def found(site: Site) -> list[str]:
    return [finding.detail for finding in wrong(check_permissions(Subject(load(site.config), Path("/"), NOW)))]


@pytest.fixture
def owned(site: Site) -> Site:
    for path in (site.state, *site.state.iterdir()):
        os.chown(path, daemon_uid(), -1)
    site.folder.chmod(0o755)
    return site


def test_what_init_makes_is_right(owned: Site) -> None:
    assert found(owned) == []


@pytest.mark.parametrize("name", ["key", "config", "state"])
def test_promise_7_a_file_of_somebody_else_is_found(owned: Site, name: str) -> None:
    path: Path = getattr(owned, name)
    config = load(owned.config)
    os.chown(path, SOMEBODY, -1)
    (detail,) = (finding.detail for finding in wrong(check_permissions(Subject(config, Path("/"), NOW))))
    assert f"{path} belongs to uid {SOMEBODY}" in detail


def test_promise_7_a_key_that_others_may_read_is_found(owned: Site) -> None:
    owned.key.chmod(0o644)
    (detail,) = found(owned)
    assert "others may have read it" in detail


def test_promise_7_a_state_that_others_may_read_is_found(owned: Site) -> None:
    owned.state.chmod(0o755)
    (owned.state / "state.db").chmod(0o640)
    details = found(owned)
    assert len(details) == 2
    assert any("state.db" in detail for detail in details)


def test_a_state_that_is_not_there_is_found(owned: Site) -> None:
    owned.state.rename(owned.folder / "elsewhere")
    (detail,) = found(owned)
    assert "there is no state" in detail


def test_a_socket_folder_that_others_may_write_to_is_found(owned: Site) -> None:
    config = load(owned.config)
    owned.folder.chmod(0o777)
    details = [finding.detail for finding in wrong(check_permissions(Subject(config, Path("/"), NOW)))]
    assert any("the hook trusts no socket in it" in detail for detail in details)


def test_a_file_in_the_place_of_the_socket_is_found(owned: Site) -> None:
    owned.socket.write_text("")
    (detail,) = found(owned)
    assert "is not a socket" in detail


def test_a_socket_that_lockers_cannot_connect_to_is_found(owned: Site) -> None:
    with owned.daemon():
        assert found(owned) == []
        owned.socket.chmod(0o600)
        (detail,) = found(owned)
        assert "screen lockers" in detail
