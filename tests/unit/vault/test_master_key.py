"""The file of the master key: made whole, never replaced, refused where others could have read it."""

import base64
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.vault.master_key import (
    CREDENTIAL,
    KEYS_MAX,
    MasterKey,
    create_master_key,
    load_master_key,
    replace_master_key,
    successor,
)

KEY = bytes(range(32))
LINE = f"1:{base64.urlsafe_b64encode(KEY).decode()}\n"


@pytest.fixture(autouse=True)
def _no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "master.key"


def put(path: Path, content: str, mode: int = 0o600) -> Path:
    path.write_text(content)
    path.chmod(mode)
    return path


def test_a_new_key_is_private_and_loads(path: Path) -> None:
    umask = os.umask(0)
    try:
        create_master_key(path)
    finally:
        os.umask(umask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    key = load_master_key(path)
    assert (key.number, len(key.key.reveal())) == (1, 32)
    assert list(path.parent.iterdir()) == [path], "nothing else is left behind"


def test_a_new_key_can_be_read_by_its_owner_whatever_the_umask_is(path: Path) -> None:
    umask = os.umask(0o777)
    try:
        create_master_key(path)
    finally:
        os.umask(umask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_no_two_keys_are_alike(tmp_path: Path) -> None:
    for name in ("a", "b"):
        create_master_key(tmp_path / name)
    assert load_master_key(tmp_path / "a").key != load_master_key(tmp_path / "b").key


def test_an_existing_key_is_never_replaced(path: Path) -> None:
    put(path, LINE)
    with pytest.raises(Problem, match="already"):
        create_master_key(path)
    assert path.read_text() == LINE
    assert list(path.parent.iterdir()) == [path]


def test_where_no_key_can_be_written_the_reason_is_given(tmp_path: Path) -> None:
    with pytest.raises(Problem, match=r"No such file or directory; make sure that .*nowhere is a folder"):
        create_master_key(tmp_path / "nowhere" / "master.key")


@pytest.mark.parametrize("line", [LINE, LINE.rstrip(), LINE.replace("=", "")])
def test_padding_and_the_last_newline_do_not_matter(path: Path, line: str) -> None:
    assert load_master_key(put(path, line)).key.reveal() == KEY


@pytest.mark.parametrize(
    "content",
    [
        "",
        "\n",
        LINE.removeprefix("1:"),
        LINE.replace("1:", "0:"),
        LINE.replace("1:", "65536:"),
        LINE.replace("1:", "-1:"),
        LINE.replace("A", "", 1),
        LINE + LINE,
        LINE + "2:AAAA",
        "".join(LINE.replace("1:", f"{number}:") for number in range(1, KEYS_MAX + 2)),
        LINE.replace("A", "*", 1),
        "1:" + "A" * 100_000,
        "\N{SNOWMAN}",
    ],
)
def test_what_is_no_master_key_is_refused_without_quoting_it(path: Path, content: str) -> None:
    with pytest.raises(Problem, match="is not one line `NUMBER:KEY`") as caught:
        load_master_key(put(path, content))
    assert content.strip() == "" or content.strip() not in str(caught.value)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601, 0o660, 0o666, 0o777])
def test_a_key_that_others_could_have_read_is_refused(path: Path, mode: int) -> None:
    with pytest.raises(Problem, match=f"has mode {mode:04o}.*chmod 0600"):
        load_master_key(put(path, LINE, mode))


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o700])
def test_a_private_key_is_taken(path: Path, mode: int) -> None:
    assert load_master_key(put(path, LINE, mode)).key.reveal() == KEY


def test_a_key_of_another_user_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(path, LINE)
    if os.geteuid() == 0:
        os.chown(path, 65534, 65534)
    else:
        uid = os.geteuid()
        monkeypatch.setattr(os, "geteuid", lambda: uid + 1)
    with pytest.raises(Problem, match=r"belongs to uid .*chown root"):
        load_master_key(path)


def test_a_key_that_was_read_or_refused_leaves_no_descriptor_open(path: Path) -> None:
    def descriptors() -> list[Path]:
        return [file for file in Path("/proc/self/fd").iterdir() if path.name in str(file.resolve())]

    load_master_key(put(path, LINE))
    with pytest.raises(Problem):
        load_master_key(put(path, LINE, 0o644))
    assert descriptors() == []


def test_a_missing_key_says_how_to_get_one(path: Path) -> None:
    with pytest.raises(Problem, match=r"no master key in .*rw2fa init"):
        load_master_key(path)


@pytest.mark.timeout(30)
@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo])
def test_what_is_not_a_file_is_refused_at_once(path: Path, make: Callable[[Path, int], None]) -> None:
    make(path, 0o700)
    with pytest.raises(Problem, match="is not a file"):
        load_master_key(path)


def test_the_credential_of_systemd_wins(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(path, LINE)
    other = tmp_path / "credentials"
    other.mkdir()
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(other))
    assert load_master_key(path).key.reveal() == KEY, "a unit may have other credentials"
    create_master_key(other / CREDENTIAL)
    assert load_master_key(path).key.reveal() != KEY


@pytest.mark.parametrize("mode", [0o400, 0o440])
def test_a_credential_may_show_the_mask_of_an_acl_as_its_group(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int
) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    put(tmp_path / CREDENTIAL, LINE, mode)
    assert load_master_key(Path("/nonexistent")).key.reveal() == KEY


@pytest.mark.parametrize("mode", [0o460, 0o444])
def test_a_credential_that_is_open_to_others_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int
) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    put(tmp_path / CREDENTIAL, LINE, mode)
    with pytest.raises(Problem, match="has mode"):
        load_master_key(Path("/nonexistent"))


def test_a_file_may_hold_the_keys_that_one_takes_the_place_of_in_any_order(path: Path) -> None:
    key = load_master_key(put(path, LINE + LINE.replace("1:", "12:") + LINE.replace("1:", "3:")))
    assert key.numbers == (12, 3, 1)
    assert [older.numbers for older in key.older] == [(3,), (1,)]


def test_a_successor_has_the_present_keys_with_it(path: Path) -> None:
    first = load_master_key(put(path, LINE))
    replace_master_key(path, successor(successor(first)))
    third = load_master_key(path)
    assert third.numbers == (3, 2, 1)
    assert third.older[1] == first
    assert len({third.key, *(older.key for older in third.older)}) == 3
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]
    replace_master_key(path, MasterKey(third.number, third.key))
    assert load_master_key(path).numbers == (3,)


def test_there_is_an_end_to_successors(path: Path) -> None:
    key = load_master_key(put(path, LINE))
    for _ in range(KEYS_MAX - 1):
        key = successor(key)
    with pytest.raises(Problem, match="8 master keys already, the latest of them number 8; finish"):
        successor(key)


def test_a_key_file_that_cannot_be_replaced_stays(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = load_master_key(put(path, LINE))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Problem, match="No space left on device"):
        replace_master_key(path, successor(key))
    assert path.read_text() == LINE
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("write", [create_master_key, lambda path: replace_master_key(path, MasterKey(1, Secret(KEY)))])
def test_the_whole_key_is_on_disk_and_then_its_name(
    path: Path, monkeypatch: pytest.MonkeyPatch, write: Callable[[Path], None]
) -> None:
    seen: list[bytes | str] = []

    def fsync(descriptor: int) -> None:
        synced = Path(f"/proc/self/fd/{descriptor}").resolve()
        seen.append(synced.name if synced.is_dir() else synced.read_bytes())

    monkeypatch.setattr(os, "fsync", fsync)
    write(path)
    assert seen == [path.read_bytes(), path.parent.name]
    assert len(path.read_bytes()) == len(LINE) - 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_the_key_is_roots_or_of_whoever_runs_this(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(path, LINE)
    monkeypatch.setattr(os, "geteuid", lambda: 1234)
    assert load_master_key(path).key.reveal() == KEY, "root's"
    os.chown(path, 1234, 0)
    assert load_master_key(path).key.reveal() == KEY, "our own"
    os.chown(path, 1, 0)
    with pytest.raises(Problem, match="belongs to uid 1,"):
        load_master_key(path)


def test_a_key_file_is_a_number_and_base64url_without_padding(path: Path) -> None:
    replace_master_key(path, MasterKey(12, Secret(b"\xff" * 32), (MasterKey(1, Secret(KEY)),)))
    assert path.read_text() == "12:" + "_" * 42 + "8\n" + LINE.replace("=", "")


@pytest.mark.parametrize("number", [1, 65535])
def test_keys_are_numbered_by_two_bytes_from_1(path: Path, number: int) -> None:
    assert load_master_key(put(path, LINE.replace("1:", f"{number}:"))).number == number


def test_eight_keys_fit_one_file_and_the_last_number_has_no_successor(path: Path) -> None:
    content = "".join(LINE.replace("1:", f"{number}:") for number in range(1, 9))
    assert load_master_key(put(path, content)).numbers == (8, 7, 6, 5, 4, 3, 2, 1)
    with pytest.raises(Problem, match="1 master keys already, the latest of them number 65535"):
        successor(MasterKey(65535, Secret(KEY)))
    assert successor(MasterKey(65534, Secret(KEY))).number == 65535


def test_a_file_longer_than_4_kib_is_not_read_on(path: Path) -> None:
    with pytest.raises(Problem, match="is not one line"):
        load_master_key(put(path, LINE + " " * 4096 + "\n"))


def test_the_unit_says_by_a_credential_that_there_is_no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    put(tmp_path / CREDENTIAL, "none", 0o400)
    with pytest.raises(Problem, match=r"there is no master key in /etc/key; put it back .*then restart rw2fad"):
        load_master_key(Path("/etc/key"))


def test_a_folder_in_the_place_of_the_key_says_why_it_cannot_be_replaced(path: Path) -> None:
    path.mkdir()
    with pytest.raises(
        Problem, match=r"cannot be written to .*: Is a directory; make sure that .*run the command again"
    ):
        replace_master_key(path, MasterKey(1, Secret(KEY)))
    assert list(path.parent.iterdir()) == [path]


def test_a_key_below_a_file_cannot_be_read_and_that_is_said(path: Path) -> None:
    put(path, LINE)
    with pytest.raises(Problem, match=r"cannot be read: Not a directory; run this as root"):
        load_master_key(path / "master.key")
