"""What a user's portal logons are held against: the user, the scope and the account of this moment."""

from dataclasses import replace

import pytest

from rw2fa_daemon.core.account import Account, Counters, Credential
from rw2fa_daemon.core.budget import Guessing
from rw2fa_daemon.core.lockout import FAILURES_MAX
from rw2fa_daemon.core.login_settings import LoginSettings
from rw2fa_daemon.core.logon import Standing
from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.core.standing import standing

NOW = 1_790_000_000.0
SETTINGS = LoginSettings(Guessing(480, 0.003), 6, "host", window_days=7, session_seconds=900)
ALICE = Account("alice", 1000, 77, credential=Credential(Secret(b"s" * 20), active=True))


@pytest.mark.parametrize("asked", [True, False])
def test_the_account_of_the_same_uid_gives_its_generation(asked: bool) -> None:
    assert standing(ALICE, 1000, SETTINGS, NOW, asked=asked) == Standing(1000, asked, 77, locked=False)


@pytest.mark.parametrize("account", [None, replace(ALICE, uid=1001)])
def test_promise_13_without_an_account_of_that_uid_there_is_no_generation(
    account: Account | None,
) -> None:
    assert standing(account, 1000, SETTINGS, NOW, asked=True) == Standing(1000, True, None, locked=False)


def test_promise_8_an_account_that_is_locked_is_so_for_its_logons() -> None:
    locked = replace(ALICE, counters=Counters(failures=FAILURES_MAX))
    assert standing(locked, 1000, SETTINGS, NOW, asked=True).locked
