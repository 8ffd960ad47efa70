"""`make install DESTDIR=`: the tree that a distribution would pack."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest

from tests.support.machine.tree import REPOSITORY, project_tree


@pytest.fixture(scope="module")
def tree() -> Path:
    return project_tree()


@pytest.mark.parametrize(
    ("path", "mode"),
    [
        ("etc/rw2fa/rw2fa.toml", 0o640),
        ("etc/rw2fa/rw2fa.toml.d", 0o755),
        ("usr/bin/rw2fa", 0o755),
        ("usr/sbin/rw2fad", 0o755),
        ("usr/share/pam-configs/rw2fa", 0o644),
        ("usr/lib/systemd/system/rw2fad.service", 0o644),
        ("usr/lib/systemd/system/rw2fad.socket", 0o644),
        ("usr/lib/systemd/system/rw2fa-doctor.service", 0o644),
        ("usr/lib/systemd/system/rw2fa-doctor.timer", 0o644),
        ("usr/lib/systemd/system/rw2fa-sshd.service", 0o644),
        ("usr/sbin/rw2fa-relay", 0o755),
        ("usr/lib/systemd/system/rw2fa-relay.service", 0o644),
        ("usr/lib/systemd/system/rw2fa-relay.socket", 0o644),
        ("usr/sbin/rw2fa-notify", 0o755),
        ("usr/lib/systemd/system/rw2fa-notify.service", 0o644),
        ("usr/lib/systemd/system/rw2fa-notify.socket", 0o644),
        ("usr/share/doc/rw2fa/examples/notify-by-mail", 0o644),
        ("usr/lib/systemd/system/rw2fa-clock.service", 0o644),
        ("usr/lib/systemd/system/rw2fa-clock.timer", 0o644),
        ("usr/lib/sysusers.d/rw2fa.conf", 0o644),
        ("usr/lib/tmpfiles.d/rw2fa.conf", 0o644),
        ("etc/fail2ban/filter.d/rw2fa.conf", 0o644),
        ("etc/fail2ban/filter.d/rw2fa-file.conf", 0o644),
        ("usr/share/bash-completion/completions/rw2fa", 0o644),
        ("usr/share/zsh/vendor-completions/_rw2fa", 0o644),
    ],
)
def test_each_file_is_where_a_distribution_wants_it(tree: Path, path: str, mode: int) -> None:
    target = tree / path
    if target.is_symlink():
        # It points to where it will be once the tree has become /.
        target = tree / str(target.readlink()).lstrip("/")
    assert stat.S_IMODE(target.stat().st_mode) == mode


def test_the_hook_lies_where_libpam_looks(tree: Path) -> None:
    triplet = subprocess.run(["cc", "-print-multiarch"], check=True, capture_output=True, text=True).stdout.strip()
    assert (tree / "usr/lib" / triplet / "security/pam_rw2fa.so").is_file()


def test_nothing_in_it_knows_where_it_was_made(tree: Path) -> None:
    # build/ of this repository, the folder that it was first made in, and its own name now.
    places = [str(REPOSITORY).encode()]
    knowing = [
        path
        for path in tree.rglob("*")
        if path.is_file() and not path.is_symlink() and any(place in path.read_bytes() for place in places)
    ]
    assert knowing == []


def test_only_root_can_change_what_it_installs(tree: Path) -> None:
    for path in (tree, *tree.rglob("*")):
        status = path.lstat()
        assert status.st_uid == 0, path
        assert path.is_symlink() or not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH), path


def test_every_module_is_compiled_since_nobody_may_do_it_later(tree: Path) -> None:
    sources = [path for path in (tree / "usr/lib/rw2fa").rglob("*.py") if "__pycache__" not in path.parts]
    assert sources
    missing = [path for path in sources if not list((path.parent / "__pycache__").glob(f"{path.stem}.*.pyc"))]
    assert missing == []


def test_a_configuration_that_an_administrator_changed_stays(tmp_path: Path) -> None:
    def install() -> None:
        subprocess.run(["script/install-etc", "etc", str(tmp_path), "/etc", "/usr/share"], cwd=REPOSITORY, check=True)

    install()
    config = tmp_path / "etc/rw2fa/rw2fa.toml"
    config.write_text(config.read_text() + "# mine\n")
    changed = config.read_bytes()

    install()

    assert config.read_bytes() == changed
    assert (tmp_path / "etc/rw2fa/rw2fa.toml.dist").read_bytes() == (REPOSITORY / "etc/rw2fa.toml").read_bytes()


def test_neither_python_variables_nor_the_working_folder_say_what_root_runs(tree: Path) -> None:
    for script in ("rw2fa", "rw2fad"):
        first = (tree / "usr/lib/rw2fa/bin" / script).read_text().splitlines()[0]
        assert first == "#!/usr/lib/rw2fa/bin/python3 -I"


def test_a_host_without_a_group_of_ours_lets_only_root_read_the_configuration(tree: Path) -> None:
    status = (tree / "etc/rw2fa/rw2fa.toml").stat()
    assert (status.st_uid, status.st_gid) == (0, 0)
    assert not status.st_mode & stat.S_IROTH
    assert os.access(tree / "etc/rw2fa/rw2fa.toml", os.R_OK)
