"""TLS certificates: an administrator's, checked; or a self-signed one, made for a first try."""

import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from rw2fa_daemon.core.problem import Problem

DAYS: Final = 397
"""The longest that browsers take for a server."""
RENEW_DAYS: Final = 30
"""Before its end a new one is made."""


def given(certificate: Path, key: Path, now: datetime) -> tuple[bytes, bytes]:
    """The content of an administrator's files, in PEM. Raises Problem where they do not serve."""
    chain, secret = _read(certificate, "portal.certificate"), _read(key, "portal.key")
    try:
        first = x509.load_pem_x509_certificates(chain)[0]
    except (ValueError, IndexError):
        raise Problem(f"{certificate} holds no certificate in PEM", "give the chain that the authority sent") from None
    if _private(secret, key).public_key() != first.public_key():
        raise Problem(f"{key} is not the key of {certificate}", "set portal.key to the key it was made with")
    if now >= first.not_valid_after_utc:
        raise Problem(f"{certificate} expired on {first.not_valid_after_utc:%Y-%m-%d}", "renew it")
    return chain, secret


def self_signed(folder: Path, names: Sequence[str], now: datetime) -> tuple[bytes, bytes]:
    """The certificate and key that are kept in `folder`, made if there are none or they end soon. Raises Problem."""
    certificate, key = folder / "self-signed.pem", folder / "self-signed.key"
    try:
        kept = x509.load_pem_x509_certificate(certificate.read_bytes())
        if now < kept.not_valid_after_utc - timedelta(days=RENEW_DAYS):
            return certificate.read_bytes(), key.read_bytes()
    except (OSError, ValueError):
        pass  # none yet, or none that can be used
    made, secret = make_self_signed(names, now)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for path, content in ((key, secret), (certificate, made)):
            path.unlink(missing_ok=True)
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(content)
    except OSError as error:
        raise Problem(f"no certificate can be kept in {folder} ({error.strerror})", "run this as root") from None
    return made, secret


def make_self_signed(names: Sequence[str], now: datetime) -> tuple[bytes, bytes]:
    """A certificate for DNS names, and its key, both in PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0][:64])])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=DAYS))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return certificate.public_bytes(serialization.Encoding.PEM), secret


def now_utc() -> datetime:
    """The time, as certificates have it."""
    return datetime.now(UTC)


def _read(path: Path, setting: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Problem(
            f"{path} cannot be read ({error.strerror})",
            f"make it a file that the user rw2fa-portal can read, or {setting}",
        ) from None


def _private(secret: bytes, path: Path) -> PrivateKeyTypes:
    try:
        return serialization.load_pem_private_key(secret, None)
    except (ValueError, TypeError):
        raise Problem(f"{path} holds no key in PEM without a password", "take its password off") from None
