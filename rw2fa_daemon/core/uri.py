"""Secrets as people and authenticator apps take them: otpauth URIs and base32 keys."""

from base64 import b32encode
from urllib.parse import quote, urlencode

from rw2fa_daemon.core.account import Credential
from rw2fa_daemon.core.secret import Secret

KEY_GROUP = 4


def base32_key(secret: Secret) -> str:
    """The secret in base32 without padding (RFC 4648 §6), as otpauth URIs carry it."""
    return b32encode(secret.reveal()).decode("ascii").rstrip("=")


def spaced_key(secret: Secret) -> str:
    """The base32 key in groups of four, to be typed by hand."""
    key = base32_key(secret)
    return " ".join(key[at : at + KEY_GROUP] for at in range(0, len(key), KEY_GROUP))


def otpauth_uri(credential: Credential, *, user: str, issuer: str) -> str:
    """The otpauth URI of a credential, as Google Authenticator's key URI format has it.

    The issuer stands in the label and in the parameter, since apps differ in which they read;
    every parameter is written out, since apps differ in their defaults.
    """
    label = quote(issuer, safe="") + ":" + quote(user.encode("utf-8", "replace"), safe="")
    parameters = {
        "secret": base32_key(credential.secret),
        "issuer": issuer,
        "algorithm": credential.algorithm.value,
        "digits": str(credential.digits),
        "period": str(credential.period),
    }
    return f"otpauth://totp/{label}?{urlencode(parameters, quote_via=quote)}"
