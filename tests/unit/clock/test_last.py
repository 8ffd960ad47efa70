"""The file with the last comparison."""

import stat
from pathlib import Path

import pytest

from rw2fa_daemon.clock.last import FILE_NAME, keep, last
from rw2fa_daemon.core.clock import Answer, Instant, Kernel, Measurement

SOME = Measurement(
    Instant(1_800_000_000.25, 12.5),
    Kernel(True, 0.25),
    (Answer("a:1", "192.0.2.1", -0.5, 0.01, 2), Answer("b", problem="its name has no address")),
    "",
)


def test_what_is_kept_is_read_again_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    keep(tmp_path, SOME)
    assert last(tmp_path) == SOME
    assert stat.S_IMODE((tmp_path / FILE_NAME).stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b"\xff", b'{"at": {}}', b'{"at": {"utc": 1, "uptime": 1, "more": 1}}', b"[" * 100_000],
)
def test_a_file_that_is_none_counts_as_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE_NAME).write_bytes(content)
    assert last(tmp_path) is None
    keep(tmp_path, SOME)
    assert last(tmp_path) == SOME


def test_without_a_folder_there_is_none(tmp_path: Path) -> None:
    assert last(tmp_path / "none") is None
    with pytest.raises(OSError, match="No such file"):
        keep(tmp_path / "none", SOME)
