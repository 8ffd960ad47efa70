"""What a user who enrols at a terminal sees: why, the QR code, the key as text, the prompt."""

import textwrap
from collections.abc import Sequence
from itertools import zip_longest
from typing import Final

from rw2fa_daemon.core.account import Credential
from rw2fa_daemon.core.clients import Qr
from rw2fa_daemon.core.page_text import enrolment_text
from rw2fa_daemon.core.prompts import Prompt
from rw2fa_daemon.core.qr import HALF_LINES, RENDERINGS, Ground, Picture, Rendering, Shape, picture_of
from rw2fa_daemon.core.transitions import Context
from rw2fa_daemon.core.uri import otpauth_uri, spaced_key

COLUMNS: Final = 80
"""Of the smallest terminal in use, which has 24 lines."""

GAP: Final = 2
"""Columns between a picture and what stands beside it."""

SCREEN_BYTES_MAX: Final = 12_000
"""A question has to fit a message of the protocol, with room for the rest of it."""

_CALLED: Final = {
    Rendering(Shape.HALF, Ground.ANY): "a small picture, in block characters",
    Rendering(Shape.HALF, Ground.DARK): "a small picture, in block characters, which your terminal has to know (UTF-8)",
    Rendering(Shape.HALF, Ground.LIGHT): "a small picture, in block characters, for a light background",
    Rendering(Shape.FULL, Ground.ANY): "a large picture, without block characters",
    Rendering(Shape.FULL, Ground.DARK): "a large picture, in plain letters",
    Rendering(Shape.FULL, Ground.LIGHT): "a large picture, in plain letters, for a light background",
}


def enrolment_screen(user: str, credential: Credential, context: Context, turn: int) -> str:
    """The question for the first code, with all that is needed to have one.

    `turn` counts the renderings that were shown before: the client's own come one after the other, and again.
    """
    if context.client.qr is Qr.URI:
        return enrolment_text(
            otpauth_uri(credential, user=user, issuer=context.settings.issuer), spaced_key(credential.secret)
        )
    renderings = RENDERINGS[context.client.qr, context.client.colour]
    here, after = (renderings[number % len(renderings)] for number in (turn, turn + 1))
    picture = picture_of(otpauth_uri(credential, user=user, issuer=context.settings.issuer), here)
    key = f"key  {spaced_key(credential.secret)}"
    account = f"account  {context.settings.issuer}:{user}"
    kind = f"type  time-based, {credential.digits} digits"
    another = Prompt.ENROL_NEXT.value.format(next=_CALLED[after])
    fits = len(picture.lines) <= HALF_LINES
    too_large = Prompt.ENROL_ENLARGE.value.format(lines=len(picture.lines), columns=picture.columns)
    told: tuple[str, ...] = (
        *(Prompt.ENROL_WHY.value, Prompt.ENROL_SCAN.value, "", Prompt.ENROL_TYPE.value),
        *(account, kind, "", *(() if fits else (too_large,)), another),
    )
    if not fits and _bytes(picture) > SCREEN_BYTES_MAX:
        picture = Picture((), 0)
        told = (Prompt.ENROL_WHY.value, Prompt.ENROL_TYPE_ONLY.value, account, kind)
    lines = _beside(picture, told) if fits else [*picture.lines, *_wrapped(told, COLUMNS)]
    return "\n".join(["", *lines, key, Prompt.ENROL_PROMPT.value])


def _beside(picture: Picture, told: Sequence[str]) -> list[str]:
    """The picture with the text to the right of it."""
    text = _wrapped(told, COLUMNS - 1 - picture.columns - GAP)
    rows = zip_longest(picture.lines, text, fillvalue="")
    return [f"{drawn or ' ' * picture.columns}{' ' * GAP}{words}".rstrip(" ") for drawn, words in rows]


def _wrapped(told: Sequence[str], columns: int) -> list[str]:
    return [line for sentence in told for line in textwrap.wrap(sentence, columns) or [""]]


def _bytes(picture: Picture) -> int:
    return sum(len(line.encode()) + 1 for line in picture.lines)
