"""otpauth URIs as authenticator apps read them."""

from base64 import b32decode

import pyotp
import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from pyte import Screen

from rw2fa_daemon.core.account import Algorithm, Credential
from rw2fa_daemon.core.otp import code_at
from rw2fa_daemon.core.qr import RENDERINGS, Ground, Rendering, Shape, picture_of, smallest_code
from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.core.uri import URI_FITS, base32_key, otpauth_uri, spaced_key
from tests.support.world.phone import Phone
from tests.support.world.screen import Background, photographs, strictly_read, visible

KEY = Secret(b"12345678901234567890")
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


def test_what_apps_assume_is_left_out_and_the_issuer_stands_in_the_label() -> None:
    credential = Credential(KEY, active=False)
    assert otpauth_uri(credential, user="alice", issuer="host - remote-work") == (
        "otpauth://totp/host%20-%20remote-work:alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
        "&issuer=host%20-%20remote-work"
    )
    odd = Credential(KEY, active=False, digits=8, algorithm=Algorithm.SHA256, period=60)
    assert otpauth_uri(odd, user="alice", issuer="host") == (
        "otpauth://totp/host:alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&algorithm=SHA256&digits=8&period=60&issuer=host"
    )


@pytest.mark.parametrize("digits", range(4, 13))
def test_row_19_other_than_six_digits_are_in_the_uri(digits: int) -> None:
    uri = otpauth_uri(Credential(KEY, active=False, digits=digits), user="alice", issuer="host")
    assert (f"&digits={digits}&" in uri) is (digits != 6)
    assert Phone(uri).digits == digits


def test_the_issuer_stands_twice_where_a_screen_of_24_lines_holds_it_and_once_where_it_does_not() -> None:
    longest = "i" * ((URI_FITS - len(otpauth_uri(Credential(KEY, active=False), user="al", issuer=""))) // 2)
    for issuer, times in ((longest, 2), (longest + "i", 1)):
        uri = otpauth_uri(Credential(KEY, active=False), user="al", issuer=issuer)
        assert uri.count(issuer) == times
        assert Phone(uri).issuer == issuer
    whole = otpauth_uri(Credential(KEY, active=False), user="al", issuer=longest)
    padded = whole + "&" * (URI_FITS - len(whole))
    assert smallest_code(padded).version == 6
    assert smallest_code(padded + "&").version == 7


def test_the_key_can_be_typed_by_hand() -> None:
    secret = Secret(b"12345678901234567890")
    assert spaced_key(secret) == "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ"
    assert b32decode(base32_key(secret)) == secret.reveal()


def test_two_readers_take_every_rendering_on_the_terminals_that_it_is_for() -> None:
    uri = otpauth_uri(Credential(KEY, active=False), user="alice", issuer="host - remote-work")
    for rendering in {rendering for renderings in RENDERINGS.values() for rendering in renderings}:
        picture = picture_of(uri, rendering)
        screen = visible("\n".join(picture.lines), rows=len(picture.lines) + 2, columns=picture.columns + 2)
        for background in Background:
            if rendering.ground.name in {"ANY", background.name}:
                assert strictly_read(screen, background) == uri, (rendering, background)
                assert uri in _leniently_read(screen, background), (rendering, background)


def test_codes_of_every_size_scan() -> None:
    for characters in range(60, 700, 40):
        text = "otpauth://totp/" + "x" * characters
        picture = picture_of(text, Rendering(Shape.HALF, Ground.ANY))
        screen = visible("\n".join(picture.lines), rows=len(picture.lines) + 2, columns=picture.columns + 2)
        assert strictly_read(screen, Background.LIGHT) == text, characters


def _leniently_read(screen: Screen, background: Background) -> list[str]:
    return [found.text for seen in photographs(screen, background) for found in zxingcpp.read_barcodes(seen)]
