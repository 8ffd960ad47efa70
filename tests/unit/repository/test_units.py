"""What the units must say, whatever else changes in them (promise 5)."""

from __future__ import annotations

from pathlib import Path

import pytest

from rw2fa_daemon.relay.ntp import ADDRESSES_MAX
from rw2fa_daemon.relay.resolver import NAMES_MAX
from rw2fa_daemon.relay.time_verb import ASKING_MAX
from rw2fa_daemon.relay.verbs import VERBS
from rw2fa_daemon.wire.serving import CONNECTIONS_MAX

SYSTEMD = Path(__file__).resolve().parents[3] / "systemd"


def settings(unit: str) -> dict[str, list[str]]:
    """Every setting of a unit file with its values, in order."""
    found: dict[str, list[str]] = {}
    for line in (SYSTEMD / unit).read_text().splitlines():
        key, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found.setdefault(key, []).append(value)
    return found


@pytest.mark.parametrize(
    ("unit", "key", "value"),
    [
        ("rw2fad.service", "StartLimitIntervalSec", "0"),
        ("rw2fad.service", "RestartSec", "1"),
        ("rw2fad.service", "Restart", "always"),
        ("rw2fad.socket", "TriggerLimitIntervalSec", "0"),
        ("rw2fa-relay.service", "StartLimitIntervalSec", "0"),
        ("rw2fa-relay.socket", "TriggerLimitIntervalSec", "0"),
        ("rw2fa-notify.service", "StartLimitIntervalSec", "0"),
        ("rw2fa-notify.socket", "TriggerLimitIntervalSec", "0"),
    ],
)
def test_promise_5_no_number_of_crashes_is_too_many(unit: str, key: str, value: str) -> None:
    assert settings(unit)[key] == [value]


def test_promise_11_the_relay_may_have_what_all_of_its_places_take() -> None:
    service, places = settings("rw2fa-relay.service"), sum(verb.at_once for verb in VERBS.values())
    assert places < CONNECTIONS_MAX
    # A thread for each connection, those that ask time servers and resolve names, and the one that accepts.
    assert int(service["TasksMax"][0]) >= CONNECTIONS_MAX + ASKING_MAX + NAMES_MAX + 1
    # Each of them has a socket, and another to whom it asks.
    assert int(service["LimitNOFILE"][0]) >= 2 * CONNECTIONS_MAX + ADDRESSES_MAX * ASKING_MAX
    assert int(settings("rw2fa-relay.socket")["Backlog"][0]) >= CONNECTIONS_MAX


def test_the_verifier_sees_the_real_uids_of_its_peers() -> None:
    # PrivateUsers= would make every peer but root 65534.
    assert "PrivateUsers" not in settings("rw2fad.service")


def test_the_folder_of_the_socket_is_not_the_verifiers() -> None:
    folders = " ".join(settings("rw2fad.service").get("RuntimeDirectory", [])).split()
    assert "rw2fa" not in folders
    assert "rw2fa" in settings("rw2fad.socket")["ListenSequentialPacket"][0].split("/")
