"""Encoding an account as sealed rows of the database, and decoding it."""

import struct
from dataclasses import fields
from operator import attrgetter
from typing import Any, Final, NamedTuple

from rw2fa_daemon.core.account import Account, Algorithm, Bypass, Counters, Credential, Method, SmsCode
from rw2fa_daemon.core.secret import Secret, Unopened
from rw2fa_daemon.store.problem import altered, other_key
from rw2fa_daemon.vault.code_hasher import DIGEST_BYTES
from rw2fa_daemon.vault.context import Context
from rw2fa_daemon.vault.vault import Tampered, UnknownKey, Vault

SEAL_PURPOSE: Final = "record 1"
"""Identifies the layout of `_packed`: a layout with more columns needs another number."""

CredentialRow = tuple[int, bytes, int, int, str, int]
NoCredential = tuple[None, None, None, None, None, None]
FixedRow = tuple[Any, ...]
"""Columns that a login does not change: uid, generation, method, phone, enrol_opened_at, recovery, token,
bypass_until, bypass_once, phone_confirmed, sms_code; then the credential: active, secret, digits, period,
algorithm, created_at."""
CountersRow = tuple[Any, ...]
"""Columns that a login changes: used, last, floor, failures, locked_until, enrol_failures, drift, wide_guesses,
wide_at, narrow_guesses, narrow_at, sessions, revision."""

_CREDENTIAL_AT: Final = 11
_COUNTERS_AT: Final = 17
_SEAL_AT: Final = 30
_WITNESS_AT: Final = 31
_PHONE_IN_FIXED: Final = 3
_SECRET_IN_CREDENTIAL: Final = 1
_REVISION_IN_COUNTERS: Final = 12
_GUESSES_IN_COUNTERS: Final = slice(7, 11)

_FIXED_NUMBERS: Final = struct.Struct(">18q")
_COUNTERS_NUMBERS: Final = struct.Struct(">13q")
_SMS_CODE: Final = struct.Struct(">qqB")
"""When it was sent, until when it is valid, and the length of the login's identifier, which follows with the digest."""
_NO_CREDENTIAL: Final[NoCredential] = (None, None, None, None, None, None)
_NONE: Final = -1
_METHODS: Final = {method.value: method for method in Method}
_ALGORITHMS: Final = {algorithm.value: algorithm for algorithm in Algorithm}
_ALL_BUT_COUNTERS: Final = attrgetter(*(field.name for field in fields(Account) if field.name != "counters"))
_STEP_BYTES: Final = 8
_UNOPENED: Final[Secret] = Unopened()


class Stored(NamedTuple):
    """An account and its columns, except the name."""

    account: Account
    fixed: FixedRow
    counters: CountersRow
    seal: bytes
    head: bytes
    """The part of the seal's input made from name and `fixed`, reused by the next seal."""
    written: Account
    """The account that the columns encode. `account` differs from it after a rollback; see `floor.applied`."""

    @property
    def revision(self) -> int:
        """How often this record was written."""
        revision: int = self.counters[_REVISION_IN_COUNTERS]
        return revision

    @property
    def guesses(self) -> tuple[Any, ...]:
        """What was spent of the guess budget, and when."""
        return self.counters[_GUESSES_IN_COUNTERS]

    @property
    def counters_but_guesses(self) -> tuple[Any, ...]:
        """The other counters."""
        return (*self.counters[: _GUESSES_IN_COUNTERS.start], *self.counters[_GUESSES_IN_COUNTERS.stop :])


def decode(vault: Vault, name: str, row: tuple[Any, ...], *, unopened: bool = False) -> Stored | None:
    """Decode a row of `SELECT_RECORD`; None if there is no record.

    `unopened` leaves the secret encrypted; the seal of the record covers it like every other column.

    Raises `StateProblem` if the row is not what `encode` returned last for this name.
    """
    if row.count(None) == len(row):
        return None
    fixed, counters, seal = row[:_COUNTERS_AT], row[_COUNTERS_AT:_SEAL_AT], row[_SEAL_AT]
    try:
        head = _head(name, fixed)
        sound = vault.verify(SEAL_PURPOSE, _packed(head, counters), seal)
        if not sound or counters[_REVISION_IN_COUNTERS] != row[_WITNESS_AT]:
            raise altered(name)
        uid, generation, method, phone, enrol_opened_at, recovery, token, until, once, confirmed, sms_code = fixed[
            :_CREDENTIAL_AT
        ]
        account = Account(
            name,
            uid,
            generation,
            _METHODS[method],
            _open_phone(vault, name, generation, phone),
            enrol_opened_at,
            _open_credential(vault, name, generation, fixed[_CREDENTIAL_AT:], unopened=unopened),
            Counters(_steps(counters[0]), *counters[1:_REVISION_IN_COUNTERS]),
            _digests(recovery),
            token,
            None if until is None else Bypass(until, bool(once)),
            bool(confirmed),
            None if sms_code is None else _read_sms_code(sms_code),
        )
    except UnknownKey:
        raise other_key(name) from None
    except (Tampered, struct.error, TypeError, ValueError, LookupError, AttributeError):
        # Besides a broken seal: an altered column may hold any type, or NULL.
        raise altered(name) from None
    return Stored(account, fixed, counters, seal, head, account)


def encode(vault: Vault, name: str, before: Stored | None, after: Account) -> Stored:
    """Encode `after` as the revision after `before`, whose unchanged columns are reused.

    Raises `ValueError` if the account has another name, and the errors of `struct` and `str.encode` if a
    value cannot be stored.
    """
    if after.name != name:
        raise ValueError("an account was given another name")
    if before is not None and _ALL_BUT_COUNTERS(before.written) == _ALL_BUT_COUNTERS(after):
        fixed, head = before.fixed, before.head
    else:
        fixed = _fixed(vault, before, after)
        head = _head(name, fixed)
    now = after.counters
    counters = (
        struct.pack(f">{len(now.used)}q", *now.used),
        now.last,
        now.floor,
        now.failures,
        now.locked_until,
        now.enrol_failures,
        now.drift,
        now.wide_guesses,
        now.wide_at,
        now.narrow_guesses,
        now.narrow_at,
        now.sessions,
        1 if before is None else before.revision + 1,
    )
    return Stored(after, fixed, counters, vault.mac(SEAL_PURPOSE, _packed(head, counters)), head, after)


def sealed_again(vault: Vault, name: str, stored: Stored) -> tuple[bytes | None, bytes | None, bytes]:
    """Phone, secret and seal of an unchanged record under the current master key."""
    phone, credential = _seal_phone(vault, stored.written), _seal_credential(vault, stored.written)
    fixed = (
        *stored.fixed[:_PHONE_IN_FIXED],
        phone,
        *stored.fixed[_PHONE_IN_FIXED + 1 : _CREDENTIAL_AT],
        *credential,
    )
    return (
        phone,
        credential[_SECRET_IN_CREDENTIAL],
        vault.mac(SEAL_PURPOSE, _packed(_head(name, fixed), stored.counters)),
    )


def _fixed(vault: Vault, before: Stored | None, after: Account) -> FixedRow:
    """The fixed columns; phone and secret are encrypted again only if they, or what they are bound to, changed."""
    phone: bytes | None
    credential: tuple[Any, ...]
    was = None if before is None or before.written.generation != after.generation else before
    if was is not None and was.written.phone == after.phone:
        phone = was.fixed[_PHONE_IN_FIXED]
    else:
        phone = _seal_phone(vault, after)
    if was is not None and was.written.credential == after.credential:
        credential = was.fixed[_CREDENTIAL_AT:]
    else:
        credential = _seal_credential(vault, after)
    bypass = after.bypass
    return (
        after.uid,
        after.generation,
        after.method.value,
        phone,
        after.enrol_opened_at,
        b"".join(after.recovery),
        after.token,
        None if bypass is None else bypass.until,
        None if bypass is None else int(bypass.once),
        int(after.phone_confirmed),
        None if after.sms_code is None else _write_sms_code(after.sms_code),
        *credential,
    )


def _head(name: str, fixed: FixedRow) -> bytes:
    """The part of the seal's input that a login does not change: the name and the fixed columns."""
    uid, generation, method, phone, enrol_opened_at, recovery, token, until, once, confirmed, sms_code = fixed[
        :_CREDENTIAL_AT
    ]
    active, secret, digits, period, algorithm, created_at = fixed[_CREDENTIAL_AT:]
    texts = (
        name.encode(),
        method.encode(),
        recovery,
        phone,
        token,
        sms_code,
        secret,
        None if algorithm is None else algorithm.encode(),
    )
    # Numbers, then lengths, then texts: no two records give the same bytes, as only NULL has a
    # length below zero.
    packed = _FIXED_NUMBERS.pack(
        uid,
        generation,
        enrol_opened_at,
        confirmed,
        *[_NONE if number is None else number for number in (until, once, active, digits, period, created_at)],
        *[_NONE if text is None else len(text) for text in texts],
    )
    return packed + b"".join([text for text in texts if text is not None])


def _packed(head: bytes, counters: CountersRow) -> bytes:
    """The seal's input: every column, and the name (in `head`)."""
    used, *numbers, sessions, revision = counters
    text = sessions.encode()
    packed = _COUNTERS_NUMBERS.pack(*numbers, revision, len(used), len(text))
    return b"".join((head, packed, used, text))


def _steps(used: bytes) -> tuple[int, ...]:
    return struct.unpack(f">{len(used) // _STEP_BYTES}q", used)


def _digests(joined: bytes) -> tuple[bytes, ...]:
    return tuple(joined[at : at + DIGEST_BYTES] for at in range(0, len(joined), DIGEST_BYTES))


def _write_sms_code(code: SmsCode) -> bytes:
    return _SMS_CODE.pack(code.sent_at, code.until, len(code.login)) + code.login + code.digest


def _read_sms_code(packed: bytes) -> SmsCode:
    sent_at, until, length = _SMS_CODE.unpack_from(packed)
    digest_at = _SMS_CODE.size + length
    return SmsCode(packed[digest_at:], packed[_SMS_CODE.size : digest_at], sent_at, until)


def _phone_context(name: str, generation: int) -> Context:
    return Context("accounts", "phone", name, generation)


def _open_phone(vault: Vault, name: str, generation: int, phone: bytes | None) -> Secret | None:
    return None if phone is None else Secret(vault.open(phone, _phone_context(name, generation)))


def _seal_phone(vault: Vault, account: Account) -> bytes | None:
    if account.phone is None:
        return None
    return vault.seal(account.phone.reveal(), _phone_context(account.name, account.generation))


def _secret_context(name: str, generation: int, active: int, digits: int, period: int, algorithm: str) -> Context:
    return Context("accounts", "secret", name, generation, (active, digits, period, algorithm))


def _open_credential(
    vault: Vault, name: str, generation: int, columns: tuple[Any, ...], *, unopened: bool
) -> Credential | None:
    if columns == _NO_CREDENTIAL:
        return None
    active, secret, digits, period, algorithm, created_at = columns
    if unopened:
        shown = _UNOPENED
    else:
        shown = Secret(vault.open(secret, _secret_context(name, generation, active, digits, period, algorithm)))
    return Credential(shown, bool(active), digits, period, _ALGORITHMS[algorithm], created_at)


def _seal_credential(vault: Vault, account: Account) -> CredentialRow | NoCredential:
    credential = account.credential
    if credential is None:
        return _NO_CREDENTIAL
    active, digits, period = int(credential.active), credential.digits, credential.period
    algorithm = credential.algorithm.value
    context = _secret_context(account.name, account.generation, active, digits, period, algorithm)
    sealed = vault.seal(credential.secret.reveal(), context)
    return (active, sealed, digits, period, algorithm, credential.created_at)
