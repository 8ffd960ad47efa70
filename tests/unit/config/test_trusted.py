"""A file that others could have written decides nothing."""

import os
import pwd
from pathlib import Path

import pytest

from rw2fa_daemon.config import trusted
from rw2fa_daemon.config.edit import change
from rw2fa_daemon.config.load import load
from rw2fa_daemon.core.problem import Problem


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "rw2fa.toml"
    path.write_text("enabled = false\n")
    path.chmod(0o644)
    return path


def refusal(path: Path) -> str:
    with pytest.raises(Problem) as caught:
        load(path)
    return str(caught.value)


@pytest.mark.parametrize("mode", [0o664, 0o646, 0o666])
def test_a_file_that_others_can_write_is_refused_with_the_command_that_mends_it(file: Path, mode: int) -> None:
    file.chmod(mode)
    assert refusal(file) == (
        f"{file} can be written by users other than its owner (mode {mode:04o}); run: chmod go-w {file}"
    )


def test_the_folder_counts_too(file: Path) -> None:
    file.parent.chmod(0o777)
    assert refusal(file).endswith(f"run: chmod go-w {file.parent}")


def test_a_sticky_folder_is_refused(file: Path) -> None:
    file.parent.chmod(0o1777)
    assert refusal(file) == (
        f"{file.parent} is a folder that others can put files into (mode 1777); keep the configuration in a folder that"
        " only root can write to, such as /etc/rw2fa"
    )


def test_a_folder_of_ones_own_in_a_sticky_one_passes(file: Path) -> None:
    own = file.parent / "own"
    own.mkdir(0o755)
    file.parent.chmod(0o1777)
    assert not load(file.rename(own / file.name)).enabled


def shared_folder(file: Path, mode: int = 0o777) -> Path:
    """A folder that others can write to, beside the file."""
    folder = file.parent / "shared"
    folder.mkdir()
    folder.chmod(mode)
    return folder


@pytest.mark.parametrize("mode", [0o777, 0o775, 0o1777])
def test_a_link_that_leads_into_a_folder_of_others_is_refused(file: Path, mode: int) -> None:
    folder = shared_folder(file, mode)
    file.rename(folder / "real.toml")
    file.symlink_to("shared/real.toml")
    assert str(folder) in refusal(file)


def test_a_link_that_others_could_replace_is_refused_though_it_leads_back(file: Path) -> None:
    folder = shared_folder(file)
    (folder / "middle").symlink_to("../real")
    real = file.parent / "real"
    real.mkdir(0o755)
    file.rename(real / "rw2fa.toml")
    file.symlink_to("shared/middle/rw2fa.toml")
    assert refusal(file).endswith(f"run: chmod go-w {folder}")


def test_a_way_through_a_folder_of_others_is_refused_though_it_ends_in_ones_own(file: Path) -> None:
    folder = shared_folder(file)
    own = folder / "own"
    own.mkdir(0o755)
    assert refusal(file.rename(own / file.name)).endswith(f"run: chmod go-w {folder}")


def test_a_drop_in_that_is_such_a_link_is_refused(file: Path) -> None:
    dropins = file.with_name("rw2fa.toml.d")
    dropins.mkdir(0o755)
    folder = shared_folder(file)
    (folder / "extra.toml").write_text("")
    (dropins / "extra.toml").symlink_to(folder / "extra.toml")
    assert refusal(file).endswith(f"run: chmod go-w {folder}")


def test_a_folder_of_drop_ins_behind_such_a_link_is_refused(file: Path) -> None:
    folder = shared_folder(file)
    (folder / "own").mkdir(0o755)
    file.with_name("rw2fa.toml.d").symlink_to(folder / "own")
    assert refusal(file).endswith(f"run: chmod go-w {folder}")


def test_links_between_folders_of_ones_own_pass(file: Path) -> None:
    own = file.parent / "own"
    (own / "deeper").mkdir(mode=0o755, parents=True)
    file.rename(own / "real.toml")
    (own / "deeper" / "link.toml").symlink_to("../real.toml")
    file.symlink_to(own / "deeper" / "link.toml")
    (own / "rw2fa.toml.d").mkdir(0o755)
    (own / "rw2fa.toml.d" / "extra.toml").write_text("enabled = true\n")
    file.with_name("rw2fa.toml.d").symlink_to("own/rw2fa.toml.d")
    assert load(file).enabled


def test_a_change_goes_by_no_link_that_others_could_replace(file: Path) -> None:
    folder = shared_folder(file)
    (folder / "link.toml").symlink_to("../real.toml")
    real = file.rename(file.parent / "real.toml")
    file.symlink_to("shared/link.toml")
    with pytest.raises(Problem, match="chmod go-w"):
        change(file, lambda _layers: {"enabled": True})
    assert real.read_text() == "enabled = false\n"


def test_links_in_a_circle_are_refused(file: Path) -> None:
    file.unlink()
    file.symlink_to(file.name)
    assert "cannot be read" in refusal(file)


def test_a_folder_of_dropins_that_others_can_write_is_refused(file: Path) -> None:
    folder = file.with_name("rw2fa.toml.d")
    folder.mkdir()
    folder.chmod(0o775)
    assert refusal(file).endswith(f"run: chmod go-w {folder}")


def test_a_dropin_that_others_can_write_is_refused(file: Path) -> None:
    folder = file.with_name("rw2fa.toml.d")
    folder.mkdir(0o755)
    extra = folder / "extra.toml"
    extra.write_text("")
    extra.chmod(0o666)
    assert refusal(file).endswith(f"run: chmod go-w {extra}")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_file_of_somebody_else_is_refused(file: Path) -> None:
    uid = pwd.getpwnam("nobody").pw_uid
    os.chown(file, uid, -1)
    assert refusal(file) == f"{file} belongs to uid {uid}, who could change it; run: chown root {file}"


def test_a_missing_file_says_where_to_put_one(tmp_path: Path) -> None:
    path = tmp_path / "absent.toml"
    assert refusal(path) == (
        f"{path} does not exist; put the configuration file shipped with rw2fa there, or name another with --config"
    )


def test_a_named_pipe_is_refused_without_waiting(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path, 0o600)
    assert "is not a regular file" in refusal(path)


def test_a_folder_is_refused(tmp_path: Path) -> None:
    assert "is not a regular file" in refusal(tmp_path)


def test_promise_11_a_file_is_bounded(file: Path) -> None:
    with file.open("r+b") as content:
        content.truncate(trusted.FILE_BYTES_MAX + 1)
    assert "shorten it to at most 33554432; name groups" in refusal(file)
