"""RFC vectors and an independent oracle for one-time passwords."""

import shutil
import subprocess
from datetime import UTC, datetime

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rw2fa_daemon.core.account import Algorithm
from rw2fa_daemon.core.otp import DIGITS_MAX, DIGITS_MIN, HOTP_MAX, Hotp, code_at, step_at
from rw2fa_daemon.core.secret import Secret

RFC_4226 = ("755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489")
SEEDS = {
    Algorithm.SHA1: b"12345678901234567890",
    Algorithm.SHA256: b"12345678901234567890123456789012",
    Algorithm.SHA512: b"1234567890123456789012345678901234567890123456789012345678901234",
}
RFC_6238 = (
    (59, Algorithm.SHA1, "94287082"),
    (59, Algorithm.SHA256, "46119246"),
    (59, Algorithm.SHA512, "90693936"),
    (1111111109, Algorithm.SHA1, "07081804"),
    (1111111109, Algorithm.SHA256, "68084774"),
    (1111111109, Algorithm.SHA512, "25091201"),
    (1111111111, Algorithm.SHA1, "14050471"),
    (1111111111, Algorithm.SHA256, "67062674"),
    (1111111111, Algorithm.SHA512, "99943326"),
    (1234567890, Algorithm.SHA1, "89005924"),
    (1234567890, Algorithm.SHA256, "91819424"),
    (1234567890, Algorithm.SHA512, "93441116"),
    (2000000000, Algorithm.SHA1, "69279037"),
    (2000000000, Algorithm.SHA256, "90698825"),
    (2000000000, Algorithm.SHA512, "38618901"),
    (20000000000, Algorithm.SHA1, "65353130"),
    (20000000000, Algorithm.SHA256, "77737706"),
    (20000000000, Algorithm.SHA512, "47863826"),
)


@pytest.mark.parametrize(("counter", "code"), list(enumerate(RFC_4226)))
def test_vectors_of_rfc_4226_appendix_d(counter: int, code: str) -> None:
    assert code_at(Secret(SEEDS[Algorithm.SHA1]), counter, 6) == code


@pytest.mark.parametrize(("at", "algorithm", "code"), RFC_6238)
def test_vectors_of_rfc_6238_appendix_b(at: int, algorithm: Algorithm, code: str) -> None:
    assert code_at(Secret(SEEDS[algorithm]), step_at(at, 30), 8, algorithm) == code


@given(
    secret=st.binary(min_size=16, max_size=200),
    step=st.integers(0, 2**40),
    digits=st.integers(6, 10),
    algorithm=st.sampled_from(Algorithm),
)
def test_pyotp_gives_the_same_codes(secret: bytes, step: int, digits: int, algorithm: Algorithm) -> None:
    import hashlib
    from base64 import b32encode

    oracle = pyotp.HOTP(b32encode(secret).decode(), digits=digits, digest=getattr(hashlib, algorithm.value.lower()))
    assert code_at(Secret(secret), step, digits, algorithm) == oracle.at(step)


@pytest.mark.parametrize("seed", range(12))
def test_oathtool_gives_the_same_codes(seed: int) -> None:
    import random

    oathtool = shutil.which("oathtool")
    assert oathtool is not None, "oathtool is missing: run script/bootstrap"
    chance = random.Random(seed)  # a reproducible sample, no secret
    for _ in range(4):
        secret, now = chance.randbytes(20), chance.randrange(0, 2**33)
        digits = chance.choice((6, 7, 8))
        when = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        told = subprocess.run(
            [oathtool, "--totp", f"--digits={digits}", f"--now={when}", secret.hex()],
            capture_output=True,
            text=True,
            check=True,
        )
        assert code_at(Secret(secret), step_at(now, 30), digits) == told.stdout.strip()


@given(step=st.integers(0, 2**63), secret=st.binary(min_size=1, max_size=80))
def test_eleven_and_twelve_digits_are_the_same_number_with_zeros_in_front(step: int, secret: bytes) -> None:
    value = Hotp(Secret(secret), Algorithm.SHA1).value(step)
    assert 0 <= value <= HOTP_MAX
    assert code_at(Secret(secret), step, 12) == f"{value:012d}"
    assert code_at(Secret(secret), step, 11) == f"{value:011d}"


@given(now=st.floats(0, 2**40), period=st.integers(1, 300))
def test_promise_12_a_step_depends_on_utc_seconds_alone(now: float, period: int) -> None:
    step = step_at(now, period)
    assert step * period <= now < (step + 1) * period


def test_codes_have_four_to_twelve_digits() -> None:
    assert (DIGITS_MIN, DIGITS_MAX) == (4, 12)
