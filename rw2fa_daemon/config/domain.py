"""The values that a setting may have: one class for each kind.

Each converts a value from TOML or a command line into the one that the rest of the program uses, or
says why it is refused.
"""

import ipaddress
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Protocol

from rw2fa_daemon.core.application import Application
from rw2fa_daemon.core.sms_account import prefix_of
from rw2fa_daemon.core.time_server import parse as time_server_parts
from rw2fa_daemon.core.user import GROUP_MARK

Value = bool | int | float | str | tuple[str, ...] | tuple[Application, ...]

NAME_BYTES_MAX: Final = 255
"""LOGIN_NAME_MAX of limits.h without its final NUL."""
DECIMAL_LENGTH_MAX: Final = 16
"""Characters of a typed number."""
SOCKET_PATH_BYTES_MAX: Final = 107
"""sun_path of unix(7) without its final NUL."""
PATH_BYTES_MAX: Final = 4095
"""PATH_MAX of limits.h without its final NUL."""


class Refused(ValueError):
    """A value that a setting cannot have: the `reason` and the `fix`, each a clause."""

    def __init__(self, reason: str, fix: str) -> None:
        super().__init__(reason, fix)
        self.reason = reason
        self.fix = fix


class Domain(Protocol):
    """The interface of every kind of value."""

    @property
    def kind(self) -> str:
        """TOML's name for it, to be read by a human."""
        ...

    @property
    def allowed(self) -> str:
        """The allowed values, to be read by a human; empty if the kind says it all."""
        ...

    def read(self, raw: object) -> Value:
        """The value of what a TOML parser returned; raises Refused."""
        ...

    def parse(self, text: str) -> Value:
        """The value of what was typed on a command line; raises Refused."""
        ...


def literal(value: object) -> str:
    """A value as TOML writes it, on one line and in ASCII."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(literal(item) for item in value) + "]"
    if isinstance(value, str):
        return json.dumps(value)
    return str(value)


def _wrong_type(raw: object, expected: str, example: str) -> Refused:
    names = {
        bool: "true or false",
        int: "a whole number",
        float: "a number with a fraction",
        str: "text",
        list: "a list",
        dict: "a table",
    }
    found = names.get(type(raw), "a date or time")
    return Refused(f"must be {expected}, but is {found}", f"write it like {example}")


def _printable(text: str) -> None:
    if not text.isprintable():
        raise Refused("contains a character that does not print", "remove it")


@dataclass(frozen=True, slots=True)
class Switch:
    """True or false."""

    kind: str = "boolean"
    allowed: str = "true or false"

    def read(self, raw: object) -> Value:
        """See Domain."""
        if not isinstance(raw, bool):
            raise _wrong_type(raw, "true or false", "true, without quotes")
        return raw

    def parse(self, text: str) -> Value:
        """See Domain."""
        words = {"true": True, "false": False}
        if text.lower() not in words:
            raise Refused(f"cannot be {literal(text)}", "give true or false")
        return words[text.lower()]


@dataclass(frozen=True, slots=True)
class Number:
    """A whole number from `low` to `high`, both included."""

    low: int
    high: int
    kind: str = "integer"

    @property
    def allowed(self) -> str:
        """See Domain."""
        return f"{self.low} to {self.high}"

    def read(self, raw: object) -> Value:
        """See Domain."""
        if isinstance(raw, bool) or not isinstance(raw, int):
            raise _wrong_type(raw, "a whole number", f"{self.high}, without quotes")
        if not self.low <= raw <= self.high:
            raise Refused(f"cannot be {raw}", f"choose a whole number from {self.allowed}")
        return raw

    def parse(self, text: str) -> Value:
        """See Domain."""
        # int() alone would accept "1_0", " 7 " and digits of every script, and take long for a long text.
        if not (text.isascii() and text.removeprefix("-").isdigit() and len(text) <= len(str(self.high)) + 1):
            raise Refused(f"cannot be {literal(text)}", f"give a whole number from {self.allowed}")
        return self.read(int(text))


@dataclass(frozen=True, slots=True)
class Decimal:
    """A number from `low` to `high`, both included, with a fraction or without."""

    low: float
    high: float
    kind: str = "number"

    @property
    def allowed(self) -> str:
        """See Domain."""
        return f"{self.low:g} to {self.high:g}"

    def read(self, raw: object) -> Value:
        """See Domain."""
        if isinstance(raw, bool) or not isinstance(raw, int | float):
            raise _wrong_type(raw, "a number", f"{self.high:g}, without quotes")
        # Not "outside": NaN is neither.
        if not self.low <= raw <= self.high:
            raise Refused(f"cannot be {raw}", f"choose a number from {self.allowed}")
        return float(raw)

    def parse(self, text: str) -> Value:
        """See Domain."""
        whole, _, fraction = text.partition(".")
        if not (text.isascii() and whole.isdigit() and (fraction or "0").isdigit() and len(text) <= DECIMAL_LENGTH_MAX):
            raise Refused(f"cannot be {literal(text)}", f"give a number from {self.allowed}")
        return self.read(float(text))


@dataclass(frozen=True, slots=True)
class Prompt:
    """Text of at most `longest` bytes of UTF-8, without control characters.

    It contains `must` and none of the characters of `never`, for the reason `why`.
    """

    longest: int
    must: str = ""
    never: str = ""
    why: str = ""
    kind: str = "string"

    @property
    def allowed(self) -> str:
        """See Domain."""
        parts = [f"at most {self.longest} bytes"]
        if self.must:
            parts.append(f"with {self.must}")
        if self.never:
            parts.append("without " + " ".join(self.never))
        return ", ".join(parts)

    def read(self, raw: object) -> Value:
        """See Domain."""
        if not isinstance(raw, str):
            raise _wrong_type(raw, "text", '"text", in quotes')
        return self.parse(raw)

    def parse(self, text: str) -> Value:
        """See Domain."""
        _printable(text)
        if (length := len(text.encode())) > self.longest:
            raise Refused(f"is {length} bytes long", f"shorten it to at most {self.longest}")
        if self.must not in text:
            raise Refused(f"does not contain {self.must}", f"put {self.must} where {self.why}")
        if found := next((character for character in self.never if character in text), ""):
            raise Refused(f"contains {found!r}, {self.why}", "remove it")
        if text != text.strip():
            raise Refused("begins or ends with a space", "remove it")
        return text


@dataclass(frozen=True, slots=True)
class Form:
    """Nothing, or text that `check` accepts: it raises ValueError, with the reason as its text, for any other.

    `allowed` says to a human what is accepted, `example` is such a text.
    """

    check: Callable[[str], object]
    allowed: str
    example: str
    kind: str = "string"

    def read(self, raw: object) -> Value:
        """See Domain."""
        if not isinstance(raw, str):
            raise _wrong_type(raw, "text", literal(self.example))
        return self.parse(raw)

    def parse(self, text: str) -> Value:
        """See Domain."""
        _printable(text)
        if text:
            try:
                self.check(text)
            except ValueError as error:
                raise Refused(str(error), f"write it like {literal(self.example)}") from None
        return text


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words."""

    words: tuple[str, ...]
    kind: str = "string"

    @property
    def allowed(self) -> str:
        """See Domain."""
        return ", ".join(self.words)

    def read(self, raw: object) -> Value:
        """See Domain."""
        if not isinstance(raw, str):
            raise _wrong_type(raw, "text", literal(self.words[0]))
        return self.parse(raw)

    def parse(self, text: str) -> Value:
        """See Domain."""
        if text not in self.words:
            raise Refused(f"cannot be {literal(text)}", "choose one of " + self.allowed)
        return text


@dataclass(frozen=True, slots=True)
class AbsolutePath:
    """An absolute path of at most `longest` bytes; if it is `optional`, also an empty text for none."""

    longest: int = PATH_BYTES_MAX
    optional: bool = False
    kind: str = "string"

    @property
    def allowed(self) -> str:
        """See Domain."""
        return f"an absolute path of at most {self.longest} bytes" + (", or nothing" if self.optional else "")

    def read(self, raw: object) -> Value:
        """See Domain."""
        if not isinstance(raw, str):
            raise _wrong_type(raw, "text", '"/a/path", in quotes')
        return self.parse(raw)

    def parse(self, text: str) -> Value:
        """See Domain."""
        _printable(text)
        if self.optional and not text:
            return text
        if not text.startswith("/"):
            raise Refused(f"is {literal(text)}, not an absolute path", "begin it with /")
        if (length := len(text.encode())) > self.longest:
            raise Refused(f"is {length} bytes long", f"choose a path of at most {self.longest}")
        return text


@dataclass(frozen=True, slots=True)
class Items:
    """A list of texts, each checked by `item`, which returns it in its stored form or raises Refused.

    At most `most` of them, if that is given.
    """

    item: Callable[[str], str]
    allowed: str
    most: int | None = None
    plain: re.Pattern[str] | None = None
    """Matches entries that `item` returns unchanged; a fast path, as there may be a hundred thousand."""
    kind: str = "list of strings"

    def read(self, raw: object) -> Value:
        """See Domain."""
        if not isinstance(raw, list | tuple):
            raise _wrong_type(raw, "a list", '["one", "two"]')
        for entry in raw:
            if not isinstance(entry, str):
                raise Refused(
                    f"contains {literal(entry)}, which is not text", 'write each entry in quotes, like ["one"]'
                )
        if self.plain is not None and all(map(self.plain.fullmatch, raw)):
            entries = tuple(dict.fromkeys(raw))
        else:
            entries = tuple(dict.fromkeys(self.item(entry) for entry in raw))
        if self.most is not None and len(entries) > self.most:
            raise Refused(f"contains {len(entries)} entries", f"reduce them to at most {self.most}")
        return entries

    def parse(self, text: str) -> Value:
        """See Domain."""
        return self.read([entry.strip() for entry in text.split(",") if entry.strip()])


@dataclass(frozen=True, slots=True)
class Moment:
    """A date and time, stored as UTC seconds."""

    kind: str = "date-time"
    allowed: str = "with an offset from UTC"

    def read(self, raw: object) -> Value:
        """See Domain."""
        if not isinstance(raw, datetime):
            raise Refused("must be a date with a time", "write it like 2026-01-31T12:00:00Z, without quotes")
        if raw.tzinfo is None:
            raise Refused("does not say its offset from UTC", "put Z after it if it is UTC")
        return int(raw.timestamp())

    def parse(self, text: str) -> Value:
        """See Domain."""
        try:
            return self.read(datetime.fromisoformat(text))
        except ValueError as error:
            if isinstance(error, Refused):
                raise
            raise Refused(f"cannot be {literal(text)}", "write it like 2026-01-31T12:00:00Z") from None


def moment(seconds: int) -> datetime:
    """The date and time that Moment reads, from UTC seconds."""
    return datetime.fromtimestamp(seconds, UTC)


PLAIN_NAME: Final = re.compile(r"@?[A-Za-z0-9._][A-Za-z0-9._-]{0,63}")
"""Names that are certainly valid."""


def name(text: str) -> str:
    """A user, or a group with its mark, as in a list of names."""
    bare = text.removeprefix(GROUP_MARK)
    if not bare:
        raise Refused(f"contains {literal(text)}, which names nobody", "remove it, or write a user or @group")
    _printable(text)
    if bare.startswith(GROUP_MARK) or ":" in bare or bare != bare.strip():
        raise Refused(
            f"contains {literal(text)}, which cannot be a name", "write a user like alice or a group like @staff"
        )
    if len(bare.encode()) > NAME_BYTES_MAX:
        raise Refused(f"contains a name of more than {NAME_BYTES_MAX} bytes", "remove it")
    return text


def network(text: str) -> str:
    """An IPv4 or IPv6 network in CIDR notation; a single address is a network of one."""
    try:
        return str(ipaddress.ip_network(text))
    except ValueError as error:
        if "host bits set" in str(error):
            meant = ipaddress.ip_network(text, strict=False)
            raise Refused(
                f"contains {literal(text)}, an address inside a network", f"write {literal(str(meant))}"
            ) from None
        raise Refused(
            f"contains {literal(text)}, which is not a network", 'write it like "192.0.2.0/24" or "2001:db8::/32"'
        ) from None


def number_prefix(text: str) -> str:
    """A calling code, or a longer prefix of a number, without a plus."""
    try:
        return prefix_of(text)
    except ValueError:
        raise Refused(f"contains {literal(text)}, which is not a calling code", 'write it like "33"') from None


def time_server(text: str) -> str:
    """A host, or host:port."""
    _printable(text)
    try:
        time_server_parts(text)
    except ValueError:
        raise Refused(
            f"contains {literal(text)}, which is not a time server",
            'write it like "pool.ntp.org", "pool.ntp.org:123" or "[2001:db8::1]:123"',
        ) from None
    return text
