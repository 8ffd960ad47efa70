"""`rw2fa status`, with the daemon down, and how fast it is."""

import resource
from datetime import UTC, datetime, timedelta

from tests.integration.cli.command import Host


def test_it_says_what_is_off_down_and_empty(host: Host) -> None:
    told = host.json("status")
    assert told["enabled"] is False
    assert told["daemon"] is None
    assert told["clock_offset"] is None
    assert (told["users_enabled"], told["users_activated"]) == (0, 0)
    assert told["state"] == "ok"
    assert "off; switch it on with: rw2fa enable" in host.does("status")


def test_it_names_the_builds_of_command_daemon_and_hook(host: Host) -> None:
    versions = host.json("status")["versions"]
    assert versions["command"] == host.does("--version").removeprefix("rw2fa ").strip()
    assert versions["daemon"] is None, "none runs here"
    for name in ("command", "daemon", "hook"):
        assert f"Version of the {name}" in host.does("status")


def test_it_works_before_init_and_says_what_to_do(bare: Host) -> None:
    assert "rw2fa init" in bare.json("status")["state"]
    assert "rw2fa init" in bare.does("status")


def test_it_counts_people_once_and_members_of_groups(host: Host, alice: str, bob: str, staff: str) -> None:
    host.does("users", "add", alice, bob, staff)
    assert host.json("status")["users_enabled"] == 2


def test_a_group_that_is_gone_makes_the_number_unknown(bare: Host) -> None:
    bare.configure('scope.groups = ["no-such-group"]')
    bare.does("init")
    assert bare.json("status")["users_enabled"] is None


def test_a_trial_that_ended_is_off(bare: Host) -> None:
    past = datetime.now(UTC) - timedelta(hours=1)
    bare.configure(f"enabled = true\nenabled_until = {past.isoformat(timespec='seconds')}")
    assert bare.json("status")["enabled"] is False
    assert "the trial ended" in bare.does("status")


def test_a_trial_that_runs_says_until_when(bare: Host) -> None:
    future = datetime.now(UTC) + timedelta(hours=1)
    bare.configure(f"enabled = true\nenabled_until = {future.isoformat(timespec='seconds')}")
    assert bare.json("status")["enabled"] is True
    assert "rw2fa enable --keep" in bare.does("status")


def test_measure_status_takes_less_than_three_tenths_of_a_second(host: Host, alice: str) -> None:
    """The processor time of the whole process, which a busy machine blurs least; it waits for nothing."""
    host.does("users", "add", alice)

    def seconds() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert host.process("status").status == 0
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    assert min(seconds() for _ in range(5)) < 0.3
