r"""A record as a line of text, for humans, syslog and fail2ban. Its form is an interface.

    decision=deny rule=code-wrong rhost=192.0.2.7 service=sshd phase=auth user=alice: the code was wrong

Always these six fields, in this order, separated by one space, then a colon, a space and the reason. A field without a
value is `-`. A value of ASCII letters, digits and `._:%/+@-` is written as it is (except `-` alone, and values that
begin with `-`); any other is in double quotes, in which `"`, `\` and all characters that do not print (line breaks,
bidirectional controls, bytes that are not UTF-8) are escaped. Long values are cut and end in `…"`.

A matcher should start at the beginning of the line: a peer can choose nothing before rhost, and no value contains
an unquoted space, so neither a user name nor a reason can look like another line or another rhost.
"""

import re
from functools import lru_cache

from rw2fa_daemon.core.audit import Record

VALUE_CHARACTERS_MAX = 256
REASON_CHARACTERS_MAX = 512
FIELDS_KEPT = 256
"""Values whose form is cached: there are few decisions, rules, services and phases."""
_PLAIN = re.compile(r"[A-Za-z0-9._:%/+@][A-Za-z0-9._:%/+@-]{0,255}")
_CUT = "…"


def message(record: Record) -> str:
    """The line, without a line break at its end."""
    return (
        f"decision={_field(record.decision)} rule={_field(record.rule)} rhost={_field(record.address)}"
        f" service={_field(record.service)} phase={_field(record.phase)} user={_field(record.user)}"
        f": {_printable(record.reason[:REASON_CHARACTERS_MAX])}"
        f"{_CUT if len(record.reason) > REASON_CHARACTERS_MAX else ''}"
    )


@lru_cache(maxsize=FIELDS_KEPT)
def _field(value: str) -> str:
    if not value:
        return "-"
    if _PLAIN.fullmatch(value):
        return value
    quoted = "".join(_inside_quotes(character) for character in value[:VALUE_CHARACTERS_MAX])
    return f'"{quoted}{_CUT if len(value) > VALUE_CHARACTERS_MAX else ""}"'


def _inside_quotes(character: str) -> str:
    return "\\" + character if character in '"\\' else _printable_character(character)


def _printable(text: str) -> str:
    return text if text.isprintable() else "".join(map(_printable_character, text))


def _printable_character(character: str) -> str:
    if character.isprintable():
        return character
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that was not UTF-8, PEP 383
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{{{code:x}}}"
