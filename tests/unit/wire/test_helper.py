"""What a helper of the daemon says about its own faults."""

import threading

import pytest

from rw2fa_daemon.wire.helper import _say_where


def test_promise_3_an_error_that_nobody_foresaw_is_told_without_its_text(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise KeyError("token=fedcba9876543210")

    try:
        fail()
    except KeyError as error:
        _say_where("rw2fa-relay", threading.ExceptHookArgs((KeyError, error, error.__traceback__, None)))
    said = capsys.readouterr().err
    assert said.startswith("rw2fa-relay: KeyError at ")
    assert "test_helper.py:" in said
    assert "fedcba" not in said
