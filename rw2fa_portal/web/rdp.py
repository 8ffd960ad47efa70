"""What an RDP client gets of the portal: a file with where to connect and as whom, and what became of a pass."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

STANDS_FOR_NOTHING: Final = "tsv://rw2fa"
"""What is said to a load balancer that there is not; FreeRDP says the user's name without it, before TLS."""

_HOST: Final = re.compile(r"([A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")


class PassState(StrEnum):
    """What became of the latest pass of a logon, in the words of the protocol."""

    NONE = "none"
    ARMED = "armed"
    USED = "used"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class RdpPass:
    """A pass as the daemon has it; `until` is UTC seconds, None where it lets nobody in."""

    state: PassState
    until: int | None
    needed: bool
    """Whether this user needs one."""


def read_pass(report: Mapping[str, str]) -> RdpPass:
    """A pass from what rw2fa-session reports; what it does not say is no pass."""
    state, until = report.get("pass", ""), report.get("pass_until", "")
    return RdpPass(
        PassState(state) if state in set(PassState) else PassState.NONE,
        int(until) if until.isdecimal() else None,
        report.get("asked") != "no",
    )


def host_of(header: str) -> str:
    """The host that a Host header names (RFC 9110 §7.2), without its port; empty if it names none."""
    found = _HOST.fullmatch(header)
    return found[1] if found else ""


def rdp_file(address: str, user: str, load_balance_info: str) -> bytes:
    """The file, without a password and nothing of a pass. Raises ValueError for what is more than one line.

    mstsc reads its files as ASCII, or as UTF-16 with a byte order mark.
    """
    values = {
        "full address": address,
        "username": user,
        "loadbalanceinfo": load_balance_info or STANDS_FOR_NOTHING,
    }
    if not all(value.isprintable() for value in values.values()):
        raise ValueError("not on one line")
    lines = "".join(f"{name}:s:{value}\r\n" for name, value in values.items())
    lines += "prompt for credentials:i:1\r\n"
    return lines.encode() if lines.isascii() else lines.encode("utf-16")
