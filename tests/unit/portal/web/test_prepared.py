"""What root writes down for the portal."""

import os
from pathlib import Path

import pytest

from rw2fa_daemon.core.problem import Problem
from rw2fa_portal.web.prepared import KEY, Prepared, read_prepared, write_prepared

SETTINGS = Prepared("Example", "0.0.0.0:8443", ("10.0.0.0/24",), "/run/rw2fa/session.sock", own_certificate=False)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    write_prepared(tmp_path / "folder", SETTINGS, os.getuid(), b"certificate", b"key")
    assert read_prepared(tmp_path / "folder") == SETTINGS
    assert {file.stat().st_mode & 0o777 for file in (tmp_path / "folder").iterdir()} == {0o400}
    assert not SETTINGS.behind_socket
    assert [str(network) for network in SETTINGS.networks] == ["10.0.0.0/24"]


def test_a_link_that_the_portal_left_is_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text("precious")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / KEY).symlink_to(target)
    write_prepared(folder, SETTINGS, os.getuid(), b"certificate", b"key")
    assert target.read_text() == "precious"


def test_nothing_prepared_is_said(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="--prepare"):
        read_prepared(tmp_path)
    (tmp_path / "portal.json").write_text("{}")
    with pytest.raises(Problem):
        read_prepared(tmp_path)
