"""Promise 1 rests on a server that says "stored" when it is."""

from contextlib import closing
from dataclasses import replace

import pytest

from rw2fa_daemon.store.postgresql.durability import Settings, demand
from tests.support.postgresql import Cluster

SOUND = Settings("on", "on", in_recovery=False, read_only="off", encoding="UTF8")


@pytest.mark.parametrize("level", ["on", "local", "remote_write", "remote_apply"])
def test_a_server_that_flushes_before_it_answers_is_sound(level: str) -> None:
    assert replace(SOUND, synchronous_commit=level).complaint("the database") is None


@pytest.mark.parametrize(
    ("settings", "said", "do"),
    [
        (replace(SOUND, synchronous_commit="off"), "before it is (synchronous_commit is off)", "synchronous_commit"),
        (replace(SOUND, synchronous_commit="newer"), "(synchronous_commit is newer)", "synchronous_commit"),
        (replace(SOUND, fsync="off"), "(fsync is off)", "set fsync to on"),
        (replace(SOUND, in_recovery=True), "is a standby", "name the primary"),
        (replace(SOUND, read_only="on"), "takes no writes", "set it to off"),
        (replace(SOUND, encoding="LATIN1"), "stores text as LATIN1", "--encoding=UTF8"),
    ],
)
def test_promise_1_any_other_server_is_refused_with_the_reason(settings: Settings, said: str, do: str) -> None:
    complaint = settings.complaint("the database")
    assert complaint is not None
    assert complaint.what.startswith("the database ")
    assert said in complaint.what
    assert do in complaint.fix


def test_promise_1_a_reload_of_the_server_does_not_change_a_session_that_was_checked(cluster: Cluster) -> None:
    with closing(cluster.connect()) as driver:
        driver.execute("SELECT set_config('synchronous_commit', 'local', false)")
        demand(driver, "the database")
        assert driver.execute(
            "SELECT setting, source FROM pg_settings WHERE name = 'synchronous_commit'"
        ).fetchone() == ("local", "session")
