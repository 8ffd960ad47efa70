"""Secrets as users and authenticator apps take them: otpauth URIs and base32 keys."""

from base64 import b32encode
from typing import Final
from urllib.parse import quote, urlencode

from rw2fa_daemon.core.account import Algorithm, Credential
from rw2fa_daemon.core.secret import Secret

KEY_GROUP: Final = 4
DIGITS_ASSUMED: Final = 6
PERIOD_ASSUMED: Final = 30
URI_FITS: Final = 141
"""Characters that a QR code of version 6 and level L holds, the key among them at 5.5 bits each (`core.qr`)."""


def base32_key(secret: Secret) -> str:
    """The secret in base32 without padding (RFC 4648 §6), as otpauth URIs carry it."""
    return b32encode(secret.reveal()).decode("ascii").rstrip("=")


def spaced_key(secret: Secret) -> str:
    """The base32 key in groups of four, to be typed by hand."""
    key = base32_key(secret)
    return " ".join(key[at : at + KEY_GROUP] for at in range(0, len(key), KEY_GROUP))


def otpauth_uri(credential: Credential, *, user: str, issuer: str) -> str:
    """The otpauth URI of a credential, as Google Authenticator's key URI format has it.

    As short as it may be, since its QR code has to fit a terminal. What every app assumes where a URI is
    silent (SHA1, 6 digits, 30 s) is left out. The issuer stands in the label, which every app shows; apps
    that would rather read the parameter find it there too while the code stays within `URI_FITS`.
    """
    label = quote(issuer, safe="") + ":" + quote(user.encode("utf-8", "replace"), safe="")
    parameters = {"secret": base32_key(credential.secret)}
    if credential.algorithm is not Algorithm.SHA1:
        parameters["algorithm"] = credential.algorithm.value
    if credential.digits != DIGITS_ASSUMED:
        parameters["digits"] = str(credential.digits)
    if credential.period != PERIOD_ASSUMED:
        parameters["period"] = str(credential.period)
    short = f"otpauth://totp/{label}?{urlencode(parameters)}"
    whole = f"{short}&{urlencode({'issuer': issuer}, quote_via=quote)}"
    return whole if len(whole) <= URI_FITS else short
