"""What sshd says that it does, judged. The real sshd is asked in tests/integration/pamstack/test_doctor.py."""

from __future__ import annotations

from typing import Any

import pytest

from rw2fa_daemon.core.user import User, UserList
from rw2fa_daemon.doctor.pam.sshd import SAMPLE_MAX, check_sshd, sample
from rw2fa_daemon.pamstack.sshd.ask import wanted_dropin
from rw2fa_daemon.pamstack.sshd.dropin import DROPIN, Scope
from tests.unit.doctor.conftest import Host, wrong

GOOD = {
    "usepam": "yes",
    "kbdinteractiveauthentication": "yes",
    "pubkeyauthentication": "yes",
    "authenticationmethods": "publickey,keyboard-interactive:pam keyboard-interactive:pam",
}


def details(host: Host, settings: Any, **more: Any) -> list[str]:
    host.set(enabled=True, scope=UserList.of(["daemon"]))
    return [finding.detail for finding in wrong(check_sshd(host.subject(sshd=lambda _user: settings, **more)))]


def test_good_settings_are_good(host: Host) -> None:
    assert details(host, GOOD) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"usepam": "no"}, "does not use PAM"),
        ({"kbdinteractiveauthentication": "no"}, "does not let daemon use keyboard-interactive"),
        ({"authenticationmethods": "any"}, "accepts a key alone from daemon"),
        ({"authenticationmethods": "publickey,password"}, "without keyboard-interactive"),
    ],
)
def test_promise_4_settings_that_keep_the_code_away_are_found(host: Host, change: dict[str, str], words: str) -> None:
    (detail,) = details(host, GOOD | change)
    assert words in detail


def test_any_method_will_do_where_there_are_no_keys(host: Host) -> None:
    assert details(host, GOOD | {"authenticationmethods": "any", "pubkeyauthentication": "no"}) == []


def test_an_sshd_that_was_never_started_is_a_warning(host: Host) -> None:
    (finding,) = check_sshd(host.subject(sshd=lambda _user: "Missing privilege separation directory: /run/sshd"))
    assert (finding.ok, finding.fix) == (True, "start sshd once")


def test_an_sshd_that_cannot_say_is_a_finding(host: Host) -> None:
    (host.root / "run/sshd").mkdir(parents=True)
    assert details(host, "bad line 3") == ["sshd cannot read its configuration: bad line 3"]


def test_no_sshd_is_no_finding(host: Host) -> None:
    assert details(host, None) == []


def test_nobody_is_enabled_while_the_whole_is_off(host: Host) -> None:
    host.set(scope=UserList.of(["daemon"]))
    assert list(check_sshd(host.subject(sshd=lambda _user: GOOD | {"authenticationmethods": "any"}))) == []


def test_what_a_trial_left_behind_when_it_ended_is_found(host: Host) -> None:
    host.write(DROPIN.lstrip("/"), wanted_dropin(Scope(UserList.of(["daemon"])), host.root))
    host.set(enabled=True, enabled_until=1)
    [finding] = check_sshd(host.subject(sshd=lambda _user: GOOD))
    assert (finding.ok, finding.fix) == (False, "run `rw2fa pam install sshd`")
    host.write(DROPIN.lstrip("/"), wanted_dropin(Scope(), host.root))
    assert list(check_sshd(host.subject(sshd=lambda _user: GOOD))) == []


def test_the_sample_is_named(host: Host) -> None:
    host.set(enabled=True, scope=UserList.of(["daemon", "bin"]))
    (finding,) = check_sshd(host.subject(sshd=lambda _user: GOOD))
    assert finding.ok
    assert "2 of 2 enabled users: bin, daemon" in finding.detail


def test_who_is_exempt_is_not_looked_at(host: Host) -> None:
    host.set(enabled=True, scope=UserList.of(["daemon", "bin"]), exempt_users=UserList.of(["bin"]))
    (finding,) = check_sshd(host.subject(sshd=lambda _user: GOOD))
    assert "1 of 1 enabled users: daemon" in finding.detail


def test_promise_11_one_user_for_each_set_of_groups_comes_first_and_there_is_an_end() -> None:
    alike = [User(f"a{number}", number, frozenset({1})) for number in range(100)]
    other = User("other", 1000, frozenset({2}))
    chosen = sample([*alike, other])
    assert chosen[:2] == [alike[0], other]
    assert len(chosen) == SAMPLE_MAX
