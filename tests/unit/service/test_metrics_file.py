"""The file for node_exporter: written again and again, and a problem that stops nobody."""

import stat
from pathlib import Path

import pytest

from rw2fa_daemon.service.metrics_file import INTERVAL_SECONDS, MetricsFile
from tests.unit.service.stepped_loop import SteppedLoop


class Written:
    """A file of metrics that counts how often it is written."""

    def __init__(self, loop: SteppedLoop, folder: Path) -> None:
        self.loop = loop
        self.path = folder / "rw2fa.prom"
        self.count = 0
        self.file = MetricsFile(loop, self.text)

    def text(self, running: bool) -> str:
        self.count += 1
        return f"{running} {self.count}\n"


@pytest.fixture
def written(stepped_loop: SteppedLoop, tmp_path: Path) -> Written:
    return Written(stepped_loop, tmp_path)


def test_the_file_is_written_at_once_and_then_again_and_again(written: Written) -> None:
    written.file.use(written.path)
    assert written.path.read_text() == "True 1\n"
    for count in (2, 3):
        written.loop.advance(INTERVAL_SECONDS)
        assert written.path.read_text() == f"True {count}\n"


def test_anybody_may_read_the_file_and_only_root_write_it(written: Written) -> None:
    written.file.use(written.path)
    assert stat.S_IMODE(written.path.stat().st_mode) == 0o644


def test_after_a_stop_the_file_says_so_and_is_not_written_again(written: Written) -> None:
    written.file.use(written.path)
    written.file.close()
    written.loop.advance(10 * INTERVAL_SECONDS)
    assert written.path.read_text() == "False 2\n"


def test_without_a_file_nothing_is_written(written: Written) -> None:
    written.file.use(None)
    written.loop.advance(10 * INTERVAL_SECONDS)
    written.file.close()
    assert written.count == 0


def test_another_file_takes_the_place_of_the_one_before(written: Written) -> None:
    written.file.use(written.path)
    other = written.path.with_name("other.prom")
    written.file.use(other)
    written.loop.advance(INTERVAL_SECONDS)
    assert written.path.read_text() == "True 1\n"
    assert other.read_text() == "True 3\n"


def test_a_file_that_cannot_be_written_is_a_problem_until_it_can_be(written: Written) -> None:
    missing = written.path.parent / "missing" / "rw2fa.prom"
    written.file.use(missing)
    assert written.file.problem == f"{missing} cannot be written (No such file or directory)"
    missing.parent.mkdir()
    written.loop.advance(INTERVAL_SECONDS)
    assert written.file.problem == ""
    assert missing.read_text() == "True 2\n"


def test_a_problem_with_a_file_is_forgotten_with_it(written: Written) -> None:
    written.file.use(written.path.parent / "missing" / "rw2fa.prom")
    written.file.use(None)
    assert written.file.problem == ""
