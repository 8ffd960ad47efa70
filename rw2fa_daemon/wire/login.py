"""What the hook says, as the values that the core works on, and back."""

import hashlib
import string
from collections.abc import Mapping
from functools import lru_cache

from rw2fa_daemon.core.login import Begun, Evidence, Login, Phase, Slot
from rw2fa_daemon.core.transitions import Ask, End, NoReply
from rw2fa_daemon.wire.message import ITEM_MAX, VALUE_MAX, VERSION, Message, ProtocolError, compose

ALPHABETS = {
    "digits": frozenset(string.digits),
    "word": frozenset(string.ascii_letters + string.digits + "-"),
}
NUMBER_MAX = 10
"""Digits of a session or process, which have 32 bits."""

BOOT_LENGTH = 36
NAMESPACES_MAX = 2 * NUMBER_MAX + 1
PLACE_KEPT = 16
"""Hexadecimal digits that are stored with each session, for the boot and the namespaces: 64 bits."""

_DIGITS = ALPHABETS["digits"]
_NUMBERS = _DIGITS | {"-"}
_HEX = frozenset("0123456789abcdef-")
_ITEMS = ("service", "user", "tty", "rhost", "ruser", "first")
_PHASES = {phase.value: phase for phase in Phase}
_SLOTS = {slot.value: slot for slot in Slot}
_KNOWN = {"yes": True, "no": False}


def read_open(message: Message) -> Login:
    """The login that an `open` describes; ProtocolError if it is none."""
    fields = message.fields
    if message.verb != "open":
        raise ProtocolError("unknown verb")
    if message.required("v") != VERSION:
        raise ProtocolError("unknown version")
    # Nearly always all of them are short.
    if max(map(len, fields.values())) > ITEM_MAX and any(len(fields.get(item, "")) > ITEM_MAX for item in _ITEMS):
        raise ProtocolError("item too long")
    try:
        phase, slot = _PHASES[message.required("phase")], _SLOTS[message.required("slot")]
        rule = fields.get("evidence")
        evidence = None if rule is None else Evidence(rule, int(message.required("evidence_uid")))
    except (KeyError, ValueError) as error:
        raise ProtocolError("unknown phase, slot or uid") from error
    first = fields.get("first", "")
    boot = read_place(fields)
    return Login(
        phase=phase,
        slot=slot,
        service=message.required("service"),
        user=message.required("user"),
        tty=fields.get("tty", ""),
        rhost=fields.get("rhost", ""),
        ruser=fields.get("ruser", ""),
        known=_KNOWN.get(fields.get("known", "")),
        first=tuple(first.split(",")) if first else (),
        evidence=evidence,
        session=_session(fields.get("session", ""), boot),
        boot=boot,
        parent=_process(fields.get("parent", "0")),
    )


def read_session(message: Message) -> Begun:
    """The session that a login program begins; ProtocolError if the message is none of those."""
    if message.required("v") != VERSION:
        raise ProtocolError("unknown version")
    user = message.required("user")
    if len(user) > ITEM_MAX:
        raise ProtocolError("item too long")
    return Begun(user, _session(message.required("session"), read_place(message.fields)))


def _session(number: str, boot: str) -> str:
    """The session as it is told from those of other hosts, boots and containers; nothing where it cannot be."""
    if number and not (len(number) <= NUMBER_MAX and _DIGITS.issuperset(number)):
        raise ProtocolError("no number of a session")
    return f"{boot}:{number}" if number and boot else ""


def read_place(fields: Mapping[str, str]) -> str:
    """What tells this boot and the container in it, if it is one, from all others; nothing where it is not known."""
    boot, namespaces = fields.get("boot", ""), fields.get("namespaces", "")
    if boot and not (len(boot) == BOOT_LENGTH and _HEX.issuperset(boot)):
        raise ProtocolError("no id of a boot")
    if namespaces and not (len(namespaces) <= NAMESPACES_MAX and _NUMBERS.issuperset(namespaces)):
        raise ProtocolError("no numbers of namespaces")
    return _place(boot, namespaces) if boot and namespaces else ""


@lru_cache(maxsize=64)
def _place(boot: str, namespaces: str) -> str:
    return hashlib.sha256(f"{boot} {namespaces}".encode()).hexdigest()[:PLACE_KEPT]


def _process(text: str) -> int:
    if not (0 < len(text) <= NUMBER_MAX and _DIGITS.issuperset(text)):
        raise ProtocolError("no number of a process")
    return int(text)


def read_reply(message: Message, asked: Ask) -> str | NoReply:
    """What was answered to a question; ProtocolError unless it answers that very question.

    A value without the form that was asked for is an error too: the hook lets none through.
    """
    if message.verb != "reply":
        raise ProtocolError("unknown verb")
    if message.required("n") != str(asked.n):
        raise ProtocolError("answer to another question")
    value, none = message.fields.get("value"), message.fields.get("none")
    if value is not None and none is None:
        if len(value) > VALUE_MAX or not has_form(value, asked.form):
            raise ProtocolError("value without the form that was asked for")
        return value
    if value is None and none is not None:
        try:
            return NoReply(none)
        except ValueError as error:
            raise ProtocolError("unknown reason") from error
    raise ProtocolError("a reply has a value, or says why not")


def has_form(value: str, form: str) -> bool:
    """Whether a value has one of the alternatives `ALPHABET:MIN-MAX` of a form."""
    return any(len(value) in lengths and alphabet.issuperset(value) for alphabet, lengths in _alternatives(form))


@lru_cache(maxsize=64)
def _alternatives(form: str) -> list[tuple[frozenset[str], range]]:
    """The alternatives of a form as sets of characters and lengths. The forms that we ask for are few."""
    alternatives = []
    for alternative in form.split(","):
        alphabet, _, lengths = alternative.partition(":")
        shortest, _, longest = lengths.partition("-")
        alternatives.append((ALPHABETS[alphabet], range(int(shortest), int(longest) + 1)))
    return alternatives


def write_ask(ask: Ask) -> bytes:
    """The packet of a question."""
    return compose("ask", {"n": str(ask.n), "style": "echo", "text": ask.text, "form": ask.form})


def write_end(end: End) -> bytes:
    """The packet that ends a phase."""
    fields = {"rc": end.rc.value, "rule": end.rule}
    if end.text:
        fields["text"] = end.text
    if end.mint is not None:
        fields["mint"] = str(end.mint)
    return compose("end", fields)
