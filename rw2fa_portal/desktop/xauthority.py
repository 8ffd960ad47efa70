"""The file by which a display server knows its user: every local user can reach the socket of X itself."""

import secrets
import struct
from pathlib import Path
from typing import Final

COOKIE_BYTES: Final = 16
"""What the server takes for MIT-MAGIC-COOKIE-1 (Xsecurity(7))."""

_FAMILY_WILD: Final = 0xFFFF
"""FamilyWild of Xauth.h: of every address and display. The server has its number only once it has read this."""

_NAME: Final = b"MIT-MAGIC-COOKIE-1"


def entry(cookie: bytes) -> bytes:
    """An Xauthority record, as XauWriteAuth(3) has it: a family, then address, number, name and data with lengths."""
    parts = (b"", b"", _NAME, cookie)
    return struct.pack(">H", _FAMILY_WILD) + b"".join(struct.pack(">H", len(part)) + part for part in parts)


def write_xauthority(path: Path) -> None:
    """Put a fresh cookie at `path`, for its owner alone; raises OSError."""
    path.unlink(missing_ok=True)
    path.touch(0o600, exist_ok=False)
    path.write_bytes(entry(secrets.token_bytes(COOKIE_BYTES)))
