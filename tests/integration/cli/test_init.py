"""`rw2fa init` makes what is missing, and never in place of what is there."""

import stat
from contextlib import closing

from rw2fa_daemon.store.rollback_detector import marker_file, read_outside
from tests.integration.cli.command import Host


def test_key_and_state_are_for_their_owner_alone(bare: Host) -> None:
    assert bare.does("init").startswith(f"Created the master key {bare.key} and the state in {bare.state}.")
    assert stat.S_IMODE(bare.key.stat().st_mode) == 0o600
    assert stat.S_IMODE(bare.state.stat().st_mode) == 0o700
    for file in bare.state.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_second_time_there_is_nothing_to_do(host: Host) -> None:
    before = host.stored()
    assert "nothing to do" in host.does("init")
    assert host.stored() == before


def test_the_first_mark_is_there_before_the_daemon_is_started(bare: Host) -> None:
    bare.does("init")
    with closing(bare.store()) as store:
        inside, outside = store.mark(), read_outside(marker_file(bare.state))
        assert inside is not None
        assert inside.begun
        assert outside is not None
        assert inside.follows(outside)
    with bare.daemon():
        pass
    assert "state-older" not in bare.does("audit")


def test_promise_7_a_mark_that_is_gone_is_not_made_anew_beside_a_state_of_this_host_alone(host: Host) -> None:
    with host.daemon():
        pass
    marker_file(host.state).unlink()
    assert "nothing to do" in host.does("init")
    assert read_outside(marker_file(host.state)) is None
    with host.daemon():
        assert "state-older" in host.does("audit")


def test_a_state_without_its_key_gets_no_new_key(host: Host) -> None:
    host.key.unlink()
    assert host.refuses("init") == (
        f"there is a state in {host.state}, but no master key in {host.key}; restore the key from your copy, or "
        "copy it from another host that shares the state; only if there is no copy, move the state away and run this"
        " again"
    )
    assert not host.key.exists()


def test_a_key_without_a_state_is_used(host: Host) -> None:
    key = host.key.read_bytes()
    for file in host.state.iterdir():
        file.unlink()
    assert host.does("init") == f"Created the state in {host.state}.\n"
    assert host.key.read_bytes() == key


def test_a_missing_configuration_is_named(bare: Host) -> None:
    bare.config.unlink()
    assert bare.refuses("init").startswith(f"{bare.config} does not exist; ")
