"""otpauth URIs as authenticator apps read them."""

from base64 import b32decode

import pyotp
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from rw2fa_daemon.core.account import Algorithm, Credential
from rw2fa_daemon.core.otp import code_at
from rw2fa_daemon.core.qr import qr_text
from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.core.uri import base32_key, otpauth_uri, spaced_key

NAMES = st.text(st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters=":"), min_size=1, max_size=30)


@given(
    secret=st.binary(min_size=20, max_size=20),
    digits=st.integers(6, 8),
    user=NAMES,
    issuer=NAMES,
    step=st.integers(0, 2**32),
)
def test_another_library_reads_every_part_of_the_uri(
    secret: bytes, digits: int, user: str, issuer: str, step: int
) -> None:
    credential = Credential(Secret(secret), active=False, digits=digits)
    read = pyotp.parse_uri(otpauth_uri(credential, user=user, issuer=issuer))
    assert isinstance(read, pyotp.TOTP)
    assert (read.name, read.issuer, read.digits, read.interval) == (user, issuer, digits, 30)
    assert read.generate_otp(step) == code_at(credential.secret, step, digits)


def test_every_parameter_is_written_out_and_the_issuer_stands_in_the_label() -> None:
    credential = Credential(Secret(b"12345678901234567890"), active=False, digits=8, algorithm=Algorithm.SHA256)
    assert otpauth_uri(credential, user="alice", issuer="host - remote-work") == (
        "otpauth://totp/host%20-%20remote-work:alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
        "&issuer=host%20-%20remote-work&algorithm=SHA256&digits=8&period=30"
    )


def test_the_key_can_be_typed_by_hand() -> None:
    secret = Secret(b"12345678901234567890")
    assert spaced_key(secret) == "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ"
    assert b32decode(base32_key(secret)) == secret.reveal()


def test_the_qr_code_scans() -> None:
    uri = otpauth_uri(
        Credential(Secret(b"12345678901234567890"), active=False), user="alice", issuer="host - remote-work"
    )
    plain, coloured = qr_text(uri, colour=False), qr_text(uri, colour=True)
    for text in (plain, coloured.replace("\x1b[38;5;231;48;5;16m", "").replace("\x1b[0m", "")):
        assert [found.text for found in zxingcpp.read_barcodes(_picture(text))] == [uri]
    assert all(line.endswith("\x1b[0m") for line in coloured.splitlines())


def _picture(text: str) -> Image.Image:
    """The half blocks as a terminal with light letters on a dark ground shows them."""
    lines = text.splitlines()
    picture = Image.new("L", (len(lines[0]), 2 * len(lines)), 0)
    for y, line in enumerate(lines):
        for x, block in enumerate(line):
            picture.putpixel((x, 2 * y), 255 if block in "█▀" else 0)
            picture.putpixel((x, 2 * y + 1), 255 if block in "█▄" else 0)
    return picture.resize((picture.width * 4, picture.height * 4), Image.Resampling.NEAREST)
