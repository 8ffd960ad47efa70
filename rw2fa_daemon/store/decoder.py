"""Decoding records, with a cache of recent ones."""

from typing import Any, Final

from rw2fa_daemon.store.record import Stored, decode
from rw2fa_daemon.vault.vault import Vault

RECORDS_MAX: Final = 512
"""About 2 KiB each; enough for all users who are typing a code at the same time."""


class Decoder:
    """`record.decode`, cached.

    A login reads a record when it asks for a code and again when it judges one. The row is read from the
    database each time; if every byte equals a row that was verified before, it is not verified and
    decrypted again.
    """

    def __init__(self, vault: Vault) -> None:
        self._vault: Final = vault
        self._sound: Final[dict[str, tuple[tuple[Any, ...], Stored]]] = {}

    def decode(self, name: str, row: tuple[Any, ...]) -> Stored | None:
        """What `record.decode` gives, and raises."""
        known = self._sound.get(name)
        if known is not None and known[0] == row:
            return known[1]
        stored = decode(self._vault, name, row)
        self._sound.pop(name, None)
        if stored is not None:
            self._sound[name] = (row, stored)
            if len(self._sound) > RECORDS_MAX:
                del self._sound[next(iter(self._sound))]
        return stored
