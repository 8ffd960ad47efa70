"""What a user's portal logons have to agree with, as account and scope are now."""

from rw2fa_daemon.core.account import Account
from rw2fa_daemon.core.account_state import lock_of
from rw2fa_daemon.core.login_settings import LoginSettings
from rw2fa_daemon.core.logon import Standing


def standing(account: Account | None, uid: int, settings: LoginSettings, now: float, *, asked: bool) -> Standing:
    """The standing of the user with this uid at `now` (UTC seconds); `asked` is whether the scope asks for a code."""
    if account is None or account.uid != uid:
        return Standing(uid, asked, None, locked=False)
    return Standing(uid, asked, account.generation, locked=lock_of(account, settings, now) is not None)
