"""Accounts to store, and jobs that change them."""

from collections.abc import Callable
from dataclasses import replace

from hypothesis import strategies as st

from rw2fa_daemon.core.account import Account, Algorithm, Bypass, Counters, Credential, Method, SmsCode
from rw2fa_daemon.core.secret import Secret, Unopened

SECRET = b"\x01\xfesecret of alice!\xff\x02"
PHONE = b"+4915112345678"

ALICE = Account(
    "alice",
    1001,
    generation=123_456_789,
    method=Method.SMS,
    phone=Secret(PHONE),
    enrol_opened_at=1_700_000_000,
    credential=Credential(Secret(SECRET), active=True, created_at=1_700_000_001),
    counters=Counters(used=(58_000_000, 58_000_002), last=58_000_002, floor=7, drift=-2, sessions="5@1790000000"),
    recovery=(b"r" * 32, b"s" * 32),
    token=b"t" * 32,
    bypass=Bypass(1_700_000_500, once=True),
    phone_confirmed=True,
    sms_code=SmsCode(b"d" * 34, b"l" * 16, 1_700_000_600, 1_700_001_200),
)
BOB = replace(ALICE, name="bob", uid=1002, generation=987_654_321, phone=None)
NEW = Account("new", 1003, generation=5)

_NUMBERS = st.integers(-(2**63), 2**63 - 1)
_SECRETS = st.binary().map(Secret)

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
"""What names may be made of: PAM's end at a NUL, and the configuration has none either."""

ACCOUNTS = st.builds(
    Account,
    name=TEXT.filter(bool),
    uid=_NUMBERS,
    generation=_NUMBERS,
    method=st.sampled_from(Method),
    phone=st.none() | _SECRETS,
    enrol_opened_at=_NUMBERS,
    credential=st.none()
    | st.builds(
        Credential,
        secret=_SECRETS,
        active=st.booleans(),
        digits=_NUMBERS,
        period=_NUMBERS,
        algorithm=st.sampled_from(Algorithm),
        created_at=_NUMBERS,
    ),
    counters=st.builds(
        Counters,
        used=st.lists(_NUMBERS, max_size=80).map(tuple),
        last=_NUMBERS,
        floor=_NUMBERS,
        failures=_NUMBERS,
        locked_until=_NUMBERS,
        enrol_failures=_NUMBERS,
        drift=_NUMBERS,
        wide_guesses=_NUMBERS,
        wide_at=_NUMBERS,
        narrow_guesses=_NUMBERS,
        narrow_at=_NUMBERS,
        sessions=TEXT,
    ),
    recovery=st.lists(st.binary(min_size=32, max_size=32), max_size=10).map(tuple),
    token=st.none() | st.binary(),
    bypass=st.none() | st.builds(Bypass, until=_NUMBERS, once=st.booleans()),
    phone_confirmed=st.booleans(),
    sms_code=st.none()
    | st.builds(SmsCode, digest=st.binary(), login=st.binary(max_size=255), sent_at=_NUMBERS, until=_NUMBERS),
)


def with_secret_sealed(account: Account) -> Account:
    """The account as a list of people gets it."""
    credential = account.credential
    return replace(account, credential=credential and replace(credential, secret=Unopened()))


Work = Callable[[Account | None], tuple[Account | None, Account | None]]


def put(account: Account | None) -> Work:
    """Store this; the result is what was there."""
    return lambda stored: (account, stored)


def look(stored: Account | None) -> tuple[Account | None, Account | None]:
    """Change nothing; the result is what is there."""
    return stored, stored


def spend(step: int) -> Callable[[Account | None], tuple[Account | None, bool]]:
    """Accept a step if it was not accepted before, as a login does."""

    def work(stored: Account | None) -> tuple[Account | None, bool]:
        assert stored is not None
        counters = stored.counters
        if step in counters.used:
            return stored, False
        used = (*counters.used, step)[-64:]
        return replace(stored, counters=replace(counters, used=used, last=max(counters.last, step))), True

    return work
