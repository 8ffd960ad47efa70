"""Promise 6 under systemd: a bad file stops a start with the reason; a reload keeps what was running."""

from tests.support.machine import Machine
from tests.system.knocking import knock

CONFIG = "/etc/rw2fa/rw2fa.toml"


def spoil(machine: Machine) -> str:
    """Put a bad value into the configuration; returns what the file held."""
    path = machine.path(CONFIG)
    good = path.read_text()
    path.write_text(good.replace("digits = 6", "digits = 3"))
    assert path.read_text() != good
    return good


def test_promise_6_a_bad_file_stops_a_start_with_the_reason(host: Machine) -> None:
    spoil(host)

    started = host.run("systemctl", "start", "rw2fad.service", check=False)

    assert started.returncode != 0
    assert "digits" in host.journal()
    assert CONFIG in host.journal()


def test_promise_6_a_start_that_a_bad_file_stopped_succeeds_by_itself_once_it_is_mended(host: Machine) -> None:
    good = spoil(host)
    host.run("systemctl", "start", "--no-block", "rw2fad.service")
    host.eventually("a first try", lambda: "digits" in host.journal())

    host.path(CONFIG).write_text(good)

    host.eventually("the daemon", lambda: host.state("rw2fad.service") == "active", seconds=10)


def test_promise_6_a_reload_with_a_bad_file_keeps_what_was_running_and_says_so(host: Machine) -> None:
    knock(host, "alice")
    before = host.show("rw2fad.service", "MainPID")
    spoil(host)

    reloaded = host.run("systemctl", "reload", "rw2fad.service", check=False)

    assert reloaded.returncode != 0
    host.eventually(
        "the reason in the status",
        lambda: "digits" in host.show("rw2fad.service", "StatusText")["StatusText"],
    )
    assert host.show("rw2fad.service", "MainPID") == before
    assert host.state("rw2fad.service") == "active"
    assert "rule=off" in knock(host, "alice")


def test_promise_6_a_reload_with_a_good_file_takes_effect_without_a_restart(host: Machine) -> None:
    assert "rule=off" in knock(host, "alice")
    before = host.show("rw2fad.service", "MainPID")
    path = host.path(CONFIG)
    path.write_text(path.read_text().replace("enabled = false", "enabled = true", 1))

    host.run("systemctl", "reload", "rw2fad.service")

    host.eventually("the new rule", lambda: "rule=not-enabled" in knock(host, "alice"))
    assert host.show("rw2fad.service", "MainPID") == before
    assert host.show("rw2fad.service", "StatusText")["StatusText"] == "Two-factor authentication is enabled"


def test_promise_6_a_mended_file_is_taken_after_a_refused_reload(host: Machine) -> None:
    knock(host, "alice")
    good = spoil(host)
    host.run("systemctl", "reload", "rw2fad.service", check=False)
    host.path(CONFIG).write_text(good.replace("enabled = false", "enabled = true", 1))

    host.run("systemctl", "reload", "rw2fad.service")

    host.eventually("the new rule", lambda: "rule=not-enabled" in knock(host, "alice"))
    assert "refused" not in host.show("rw2fad.service", "StatusText")["StatusText"]
