"""The QR code of an activation: dark on light whatever the page's colours are, or phones do not read it."""

import io

import segno

_SCALE = 6
_QUIET_ZONE = 4
"""Modules around it, as ISO/IEC 18004 wants."""


def qr_picture(uri: str) -> bytes:
    """SVG, error correction M: a phone's camera looks at it on a screen, with glare."""
    out = io.BytesIO()
    segno.make(uri, error="m", micro=False).save(
        out, kind="svg", scale=_SCALE, border=_QUIET_ZONE, dark="#000", light="#fff", svgclass=None, lineclass=None
    )
    return out.getvalue()
