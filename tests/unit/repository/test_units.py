"""What the units must say, whatever else changes in them (promise 5)."""

from __future__ import annotations

from pathlib import Path

import pytest

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


def test_the_verifier_sees_the_real_uids_of_its_peers() -> None:
    # PrivateUsers= would make every peer but root 65534.
    assert "PrivateUsers" not in settings("rw2fad.service")


def test_the_folder_of_the_socket_is_not_the_verifiers() -> None:
    folders = " ".join(settings("rw2fad.service").get("RuntimeDirectory", [])).split()
    assert "rw2fa" not in folders
    assert "rw2fa" in settings("rw2fad.socket")["ListenSequentialPacket"][0].split("/")
