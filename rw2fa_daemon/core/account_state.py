"""What the state says about a user: the rules that logins, the command and doctor share."""

from collections.abc import Callable

from rw2fa_daemon.core import sessions
from rw2fa_daemon.core.account import Account, Method
from rw2fa_daemon.core.enrolment import exhausted, lacks_token, window_end
from rw2fa_daemon.core.lock_status import LockStatus, lock_status
from rw2fa_daemon.core.login_settings import LoginSettings
from rw2fa_daemon.core.policy import AccountState, Row, decide, with_account
from rw2fa_daemon.core.transitions import Context


def account_state(account: Account | None, context: Context) -> AccountState:
    """What the state says about this user now."""
    settings = context.settings
    if account is not None:
        if account.uid != context.uid:
            return AccountState.UID_CHANGED
        if account.bypass is not None and context.now < account.bypass.until:
            return AccountState.BYPASSED
        if lock_of(account, settings, context.now) is not None:
            return AccountState.LOCKED
        by_sms = method_in_force(account, settings) is Method.SMS
        if account.activated_by(Method.SMS if by_sms else Method.APP) and _recent(account, context):
            return AccountState.RECENT
        if by_sms:
            return AccountState.BY_SMS
        if account.activated_by(Method.APP):
            return AccountState.ACTIVATED
    end = enrolment_end(account, settings, lambda: context.scope_since)
    return AccountState.WINDOW_CLOSED if end is None or context.now >= end else AccountState.MAY_ENROL


def row_of(state: AccountState, context: Context) -> Row:
    """What the policy says of a login once the state was looked at."""
    return decide(with_account(context.facts, state))


def method_in_force(account: Account | None, settings: LoginSettings) -> Method:
    """How a user gets codes now."""
    return Method.APP if account is None else account.method_in_force(sms_enabled=settings.sms is not None)


def lock_of(account: Account, settings: LoginSettings, now: float) -> LockStatus | None:
    """What keeps this user at `now` (UTC seconds) from trying a code by the method in force, None if nothing does."""
    by_sms = method_in_force(account, settings) is Method.SMS
    return lock_status(account, settings.guessing, now, settings.digits if by_sms else None)


def must_enrol(account: Account | None, settings: LoginSettings) -> bool:
    """Whether a user has to enrol an app before a code can be asked for."""
    return account is None or (
        method_in_force(account, settings) is Method.APP and not account.activated_by(Method.APP)
    )


def enrolment_end(account: Account | None, settings: LoginSettings, scope_since: Callable[[], int]) -> int | None:
    """UTC seconds until which a login may enrol; None where none may: there were too many tries, or there is no token.

    `scope_since` gives the UTC seconds at which the scope began to name this user. It is called only if that matters,
    since it may take longer than all the rest.
    """
    if account is not None and exhausted(account.counters):
        return None
    if lacks_token(account, token_needed=settings.token_needed):
        return None
    return window_end(account, scope_since=scope_since(), window_days=settings.window_days)


def _recent(account: Account, context: Context) -> bool:
    """Whether a code was accepted a short while ago in this very audit session."""
    if not context.client.remembers_session:
        return False
    since = sessions.accepted_at(account.counters.sessions, context.login.session)
    return since is not None and context.booted_at <= since <= context.now < since + context.settings.session_seconds
