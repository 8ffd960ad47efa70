"""One account as rows of the database, sealed, and back."""

import hmac
import struct
from typing import Final, NamedTuple, cast

from rw2fa_daemon.core.account import Account, Algorithm, Counters, Credential, Method
from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.store.problem import altered
from rw2fa_daemon.vault.context import Context
from rw2fa_daemon.vault.vault import Tampered, Vault

SEAL_PURPOSE: Final = "record 1"
"""Names the layout of `_seal`: one that takes in more columns needs another number."""

AccountRow = tuple[int, int, int, str, bytes | None, int]
"""uid, generation, revision, method, phone, enrol_opened_at."""
CredentialRow = tuple[int, bytes, int, int, str, int]
"""active, secret, digits, period, algorithm, created_at."""
CountersRow = tuple[bytes, int, int, int, int, int]
"""used, last, floor, failures, locked_until, enrol_failures."""

_REVISION_AT: Final = 2
_PHONE_AT: Final = 4
_CREDENTIAL_AT: Final = 6
_COUNTERS_AT: Final = 12
_SEAL_AT: Final = 18

_FIXED: Final = struct.Struct(">18q")
_NO_CREDENTIAL: Final = (-1, b"", -1, -1, "", -1)
_STEP_BYTES: Final = 8


class Stored(NamedTuple):
    """An account with the rows that it is stored as, without the name in front of each."""

    account: Account
    row: AccountRow
    credential_row: CredentialRow | None
    counters_row: CountersRow
    seal: bytes

    @property
    def revision(self) -> int:
        """How often this record was changed, itself included."""
        return self.row[_REVISION_AT]

    @property
    def row_but_revision(self) -> tuple[object, ...]:
        """What of the account's row a login does not change."""
        return self.row[:_REVISION_AT] + self.row[_REVISION_AT + 1 :]


def decode(vault: Vault, name: str, row: tuple[object, ...]) -> Stored | None:
    """What the columns of `select_record` say; None if there is nothing.

    Raises `StateProblem` if that is not what `encode` gave last for this name.
    """
    if row.count(None) == len(row):
        return None
    account_row = cast(AccountRow, row[:_CREDENTIAL_AT])
    credential_row = cast(CredentialRow | None, row[_CREDENTIAL_AT:_COUNTERS_AT])
    counters_row = cast(CountersRow, row[_COUNTERS_AT:_SEAL_AT])
    seal = cast(bytes, row[_SEAL_AT])
    if row[_CREDENTIAL_AT] is None:
        credential_row = None
    try:
        if not hmac.compare_digest(_seal(vault, name, account_row, credential_row, counters_row), seal):
            raise altered(name)
        account = Account(
            name,
            account_row[0],
            account_row[1],
            Method(account_row[3]),
            _open_phone(vault, name, account_row),
            account_row[5],
            _open_credential(vault, name, account_row[1], credential_row),
            Counters(_steps(counters_row[0]), *counters_row[1:]),
        )
    except (Tampered, struct.error, TypeError, ValueError, AttributeError):
        # Not only the seal: an altered column may hold any type, or none.
        raise altered(name) from None
    return Stored(account, account_row, credential_row, counters_row, seal)


def encode(vault: Vault, name: str, before: Stored | None, after: Account) -> Stored:
    """The rows of `after`, one revision later than `before`, what did not change taken from it.

    Raises `ValueError` if that is somebody else's account, and the errors of `struct` and
    `str.encode` where a value cannot be stored.
    """
    if after.name != name:
        raise ValueError("an account was given another name")
    credential, counters = after.credential, after.counters
    # What was sealed stays as it is unless it or what it is bound to changed.
    bound = before is not None and before.account.generation == after.generation
    if before is not None and bound and before.account.phone == after.phone:
        phone = before.row[_PHONE_AT]
    else:
        phone = _seal_phone(vault, after)
    if before is not None and bound and before.account.credential == credential:
        credential_row = before.credential_row
    else:
        credential_row = _credential_row(vault, after.name, after.generation, credential)
    account_row = (
        after.uid,
        after.generation,
        1 if before is None else before.revision + 1,
        after.method.value,
        phone,
        after.enrol_opened_at,
    )
    counters_row = (
        struct.pack(f">{len(counters.used)}q", *counters.used),
        counters.last,
        counters.floor,
        counters.failures,
        counters.locked_until,
        counters.enrol_failures,
    )
    seal = _seal(vault, after.name, account_row, credential_row, counters_row)
    return Stored(after, account_row, credential_row, counters_row, seal)


def _seal(
    vault: Vault, name: str, account: AccountRow, credential: CredentialRow | None, counters: CountersRow
) -> bytes:
    """A MAC over every column of a person's rows, so that each fits only the others of its time."""
    uid, generation, revision, method, phone, enrol_opened_at = account
    active, secret, digits, period, algorithm, created_at = credential or _NO_CREDENTIAL
    used, last, floor, failures, locked_until, enrol_failures = counters
    # Numbers first, then lengths, then what has them: no two records give the same bytes.
    texts = (name.encode(), method.encode(), algorithm.encode(), secret, used, phone or b"")
    numbers = _FIXED.pack(
        uid,
        generation,
        revision,
        enrol_opened_at,
        active,
        digits,
        period,
        created_at,
        last,
        floor,
        failures,
        locked_until,
        enrol_failures,
        *map(len, texts[:4]),
        -1 if phone is None else len(phone),
    )
    return vault.mac(SEAL_PURPOSE, numbers + b"".join(texts))


def _steps(used: bytes) -> tuple[int, ...]:
    return struct.unpack(f">{len(used) // _STEP_BYTES}q", used)


def _phone_context(name: str, generation: int) -> Context:
    return Context("accounts", "phone", name, generation)


def _open_phone(vault: Vault, name: str, row: AccountRow) -> Secret | None:
    return None if row[4] is None else Secret(vault.open(row[4], _phone_context(name, row[1])))


def _seal_phone(vault: Vault, account: Account) -> bytes | None:
    if account.phone is None:
        return None
    return vault.seal(account.phone.reveal(), _phone_context(account.name, account.generation))


def _credential_context(name: str, generation: int, active: int, digits: int, period: int, algorithm: str) -> Context:
    return Context("credentials", "secret", name, generation, (active, digits, period, algorithm))


def _open_credential(vault: Vault, name: str, generation: int, row: CredentialRow | None) -> Credential | None:
    if row is None:
        return None
    active, secret, digits, period, algorithm, created_at = row
    plain = vault.open(secret, _credential_context(name, generation, active, digits, period, algorithm))
    return Credential(Secret(plain), bool(active), digits, period, Algorithm(algorithm), created_at)


def _credential_row(vault: Vault, name: str, generation: int, credential: Credential | None) -> CredentialRow | None:
    if credential is None:
        return None
    active, algorithm = int(credential.active), credential.algorithm.value
    context = _credential_context(name, generation, active, credential.digits, credential.period, algorithm)
    sealed = vault.seal(credential.secret.reveal(), context)
    return (active, sealed, credential.digits, credential.period, algorithm, credential.created_at)
