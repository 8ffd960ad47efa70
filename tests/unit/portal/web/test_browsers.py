"""What is kept for a browser, and for how long."""

import pytest

from rw2fa_portal.web import browsers as module
from rw2fa_portal.web.browsers import Browsers
from rw2fa_portal.web.limits import AGE_SECONDS, IDLE_SECONDS, WAITING_SECONDS


class _Kept:
    def __init__(self) -> None:
        self.closed = 0
        self.used = 0.0

    @property
    def ended(self) -> bool:
        return self.closed > 0

    def close(self) -> None:
        self.closed += 1


def test_a_logon_under_way_waits_and_then_ends() -> None:
    browsers, kept = Browsers[_Kept](), _Kept()
    name = browsers.add(kept, 0.0, stands=False)
    assert (entry := browsers.find(name, WAITING_SECONDS - 1)) is not None
    assert entry.what is kept
    assert browsers.find(name, 2 * WAITING_SECONDS) is None
    assert kept.closed == 1


def test_a_logon_that_stands_ends_when_it_is_not_used_and_in_any_case() -> None:
    browsers, kept = Browsers[_Kept](), _Kept()
    name = browsers.add(kept, 0.0, stands=True)
    now = 0.0
    while now < AGE_SECONDS - IDLE_SECONDS:
        now += IDLE_SECONDS - 1
        assert browsers.find(name, now) is not None
    assert browsers.find(name, AGE_SECONDS) is None
    other = browsers.add(_Kept(), 0.0, stands=True)
    assert browsers.find(other, IDLE_SECONDS) is None
    assert kept.closed == 1


def test_names_are_new_and_nobody_else_s() -> None:
    browsers = Browsers[_Kept]()
    one, two = browsers.add(_Kept(), 0.0, stands=True), browsers.add(_Kept(), 0.0, stands=True)
    assert one != two
    for name in (None, "", "planted", "ü"):
        assert browsers.find(name, 0.0) is None


def test_a_token_belongs_to_one_browser_and_one_process() -> None:
    browsers = Browsers[_Kept]()
    token = browsers.token("name")
    assert browsers.is_token("name", token)
    assert not browsers.is_token("other", token)
    assert not browsers.is_token(None, browsers.token(""))
    assert not browsers.is_token("", browsers.token(""))
    assert not browsers.is_token("name", "")
    assert not browsers.is_token("name", "ü")
    assert not Browsers[_Kept]().is_token("name", token)


def test_promise_11_no_more_are_kept_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BROWSERS_MAX", 2)
    browsers, first = Browsers[_Kept](), _Kept()
    browsers.add(first, 0.0, stands=False)
    assert browsers.add(_Kept(), 1.0, stands=True) is not None
    assert browsers.add(_Kept(), 2.0, stands=True) is None
    assert browsers.add(_Kept(), WAITING_SECONDS, stands=True) is not None, "one has ended by then"
    assert first.closed == 1


def test_dropping_ends_and_taking_does_not() -> None:
    browsers, dropped, taken, swept = Browsers[_Kept](), _Kept(), _Kept(), _Kept()
    for kept, end in ((dropped, browsers.drop), (taken, browsers.take)):
        name = browsers.add(kept, 0.0, stands=True)
        assert name is not None
        end(name)
        end(name)
        assert browsers.find(name, 0.0) is None
    browsers.add(swept, 0.0, stands=False)
    browsers.sweep(WAITING_SECONDS)
    last = _Kept()
    browsers.add(last, 0.0, stands=True)
    browsers.close()
    assert [one.closed for one in (dropped, taken, swept, last)] == [1, 0, 1, 1]
