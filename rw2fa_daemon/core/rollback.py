"""What is left of an account when the state may have forgotten what it accepted last (promise 7).

A state that was put back, or a database that failed over, is older than it says. What counts once must not count again.
"""

from dataclasses import replace
from typing import Final

from rw2fa_daemon.core.account import Account

DEFAULT_PERIOD: Final = 30
"""Seconds in a time step for who has no credential yet."""

BESIDE_DRIFT: Final = 1
"""Steps by which a device may have been further ahead than when it was last seen."""


def forgot(account: Account, second: int) -> bool:
    """Whether acceptances up to `second` (UTC) may have been forgotten, and this account was not treated for it yet."""
    return account.counters.floor < second // _period(account)


def after_rollback(account: Account, second: int) -> Account:
    """The account, if what was accepted up to `second` (UTC) may have been forgotten.

    No code counts that this device can have shown until then, by its own clock: the floor lies as far ahead as that was
    last seen to be. Recovery codes, bypasses, SMS codes and sudo's memory of a code have no step, so they end. A user
    who is not activated may have been, with a device that the state has forgotten: whatever would allow an enrolment
    with the password alone ends too, until an administrator resets.
    """
    counters = account.counters
    ahead = max(0, counters.drift) + BESIDE_DRIFT
    credential = account.credential if account.credential is not None and account.credential.active else None
    return replace(
        account,
        enrol_opened_at=0,
        credential=credential,
        counters=replace(
            counters,
            floor=max(counters.floor, second // _period(account) + ahead),
            sessions="",
        ),
        recovery=(),
        token=None,
        bypass=None,
        sms_code=None,
    )


def with_floor(account: Account, second: int) -> Account:
    """The account as it is stored after a loss at `second` (UTC): from now on it is known to be treated for it."""
    if not forgot(account, second):
        return account
    floor = second // _period(account)
    return replace(account, counters=replace(account.counters, floor=floor))


def _period(account: Account) -> int:
    return account.credential.period if account.credential is not None else DEFAULT_PERIOD
