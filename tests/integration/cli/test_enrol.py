"""`rw2fa users enrol` and `confirm`: an administrator hands out a secret at the desk."""

import stat
import sys
import time
from base64 import b32decode
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pexpect
import pytest
from PIL import Image
from pyzbar import pyzbar

from rw2fa_daemon.core.otp import code_at
from rw2fa_daemon.core.secret import Secret
from tests.integration.cli.command import Host
from tests.support.world.phone import Phone
from tests.support.world.qr import read_code, shows_code


@pytest.fixture
def added(host: Host, alice: str) -> str:
    host.does("users", "add", alice)
    return alice


def test_the_uri_says_everything(host: Host, added: str) -> None:
    host.does("settings", "set", "issuer", "My Office")
    told = host.json("users", "enrol", added)
    uri = urlsplit(told["uri"])
    assert (uri.scheme, uri.netloc) == ("otpauth", "totp")
    assert unquote(uri.path) == f"/My Office:{added}"
    parameters = {key: value for key, (value,) in parse_qs(uri.query).items()}
    assert parameters == {"secret": told["secret"], "issuer": "My Office"}, "and what every app assumes is left out"
    assert len(told["secret"]) == 32, "160 bits"


@pytest.mark.parametrize("digits", range(4, 13))
def test_row_19_every_number_of_digits_works(host: Host, added: str, digits: int) -> None:
    # Few digits do not fit the guess budget beside the default discrepancy.
    host.does("settings", "set", "digits", str(digits), *(["--accept-risk"] if digits < 6 else []))
    secret = Secret(b32decode(host.json("users", "enrol", added)["secret"]))
    # pyotp, and with it the phone of the other tests, knows ten digits at most.
    code = code_at(secret, int(time.time()) // 30, digits)
    assert len(code) == digits
    host.does("users", "confirm", added, code)
    assert host.json("users", "show", added)["activated"] is True


def test_an_unfinished_one_shows_the_same_secret_again(host: Host, added: str) -> None:
    first, second = host.json("users", "enrol", added), host.json("users", "enrol", added)
    assert first == second
    host.does("settings", "set", "digits", "8")
    assert host.json("users", "enrol", added)["digits"] == 6, "what was scanned already stays valid"


def test_it_is_pending_until_confirmed(host: Host, added: str) -> None:
    phone = Phone(host.json("users", "enrol", added)["uri"])
    told = host.json("users", "show", added)
    assert (told["activated"], told["pending"]) == (False, True)
    host.does("users", "confirm", added, phone.fresh())
    told = host.json("users", "show", added)
    assert (told["activated"], told["pending"]) == (True, False)


def test_a_code_may_have_spaces(host: Host, added: str) -> None:
    code = Phone(host.json("users", "enrol", added)["uri"]).fresh()
    host.does("users", "confirm", added, f"{code[:3]} {code[3:]}")


def test_an_activated_user_gets_no_second_secret(host: Host, added: str) -> None:
    phone = Phone(host.json("users", "enrol", added)["uri"])
    host.does("users", "confirm", added, phone.fresh())
    advice = f"{added} is activated already; for a new device run: rw2fa users reset {added}"
    assert host.refuses("users", "enrol", added) == advice
    assert host.refuses("users", "confirm", added, phone.fresh()) == advice


def test_a_wrong_code_activates_nobody(host: Host, added: str) -> None:
    phone = Phone(host.json("users", "enrol", added)["uri"])
    assert host.refuses("users", "confirm", added, phone.wrong()) == (
        "that is not the right code; type the code that the app shows now"
    )
    assert host.json("users", "show", added)["activated"] is False


@pytest.mark.parametrize("code", ["12345", "1234567", "abcdef", "١٢٣٤٥٦", ""])
def test_what_is_no_code_is_told_apart(host: Host, added: str, code: str) -> None:
    host.does("users", "enrol", added)
    assert "does not have the right number of digits" in host.refuses("users", "confirm", added, code)


def test_row_14_a_clock_that_is_off_is_told_apart(host: Host, added: str) -> None:
    phone = Phone(host.json("users", "enrol", added)["uri"])
    reason = host.refuses("users", "confirm", added, phone.code(-20))
    assert "the clock of the device is" in reason
    assert "slow; set the device to automatic time" in reason


def test_without_a_secret_there_is_nothing_to_confirm(host: Host, added: str) -> None:
    assert host.refuses("users", "confirm", added, "123456") == (
        f"{added} has no secret to confirm; run: rw2fa users enrol {added}"
    )


def test_only_who_is_enabled_gets_a_secret(host: Host, bob: str) -> None:
    assert host.refuses("users", "enrol", bob) == (
        f"{bob} does not have two-factor authentication; run: rw2fa users add {bob}"
    )


@pytest.mark.parametrize("term", ["xterm", "linux"])
def test_the_qr_code_on_a_terminal_scans_and_has_its_own_colours(host: Host, added: str, term: str) -> None:
    terminal = pexpect.spawn(
        sys.executable,
        ["-m", "rw2fa_daemon.cli.main", "--config", str(host.config), "users", "enrol", added],
        env={"LANG": "C.UTF-8", "TERM": term, "PATH": "/usr/bin:/bin"},
        encoding="utf-8",
        dimensions=(60, 120),
    )
    terminal.expect(pexpect.EOF)
    terminal.close()
    screen = terminal.before
    assert isinstance(screen, str)
    assert "\x1b[38;5;231;48;5;16m" in screen
    assert read_code(screen) == host.json("users", "enrol", added)["uri"]


def test_the_qr_code_in_a_file_is_plain_and_has_the_key_beside_it(host: Host, added: str) -> None:
    printed = host.does("users", "enrol", added)
    told = host.json("users", "enrol", added)
    assert "\x1b" not in printed
    assert read_code(printed) == told["uri"]
    assert told["secret"] in printed.replace(" ", "")


@pytest.mark.parametrize("kind", ["png", "PNG", "svg"])
def test_a_picture_in_a_file_scans_and_is_its_owners(host: Host, added: str, tmp_path: Path, kind: str) -> None:
    picture = tmp_path / f"alice.{kind}"
    printed = host.does("users", "enrol", added, "--picture", str(picture))
    assert stat.S_IMODE(picture.stat().st_mode) == 0o600
    assert not shows_code(printed)
    uri = host.json("users", "enrol", added)["uri"]
    if kind == "svg":
        assert picture.read_bytes().startswith(b"<?xml")
        assert b"<svg" in picture.read_bytes()
    else:
        with Image.open(picture) as drawn:
            assert [found.data.decode() for found in pyzbar.decode(drawn)] == [uri]


def test_a_picture_overwrites_nothing_and_makes_no_secret_where_it_cannot_be_drawn(
    host: Host, added: str, tmp_path: Path
) -> None:
    precious, link, dangling = tmp_path / "precious.png", tmp_path / "link.png", tmp_path / "dangling.png"
    precious.write_text("precious")
    link.symlink_to(precious)
    dangling.symlink_to(tmp_path / "made-by-a-link.png")
    for there in (precious, link, dangling):
        assert "exists already" in host.refuses("users", "enrol", added, "--picture", str(there))
    assert "neither in .png nor in .svg" in host.refuses("users", "enrol", added, "--picture", str(tmp_path / "a.txt"))
    assert "no file can be created" in host.refuses(
        "users", "enrol", added, "--picture", str(tmp_path / "none" / "a.png")
    )
    assert precious.read_text() == "precious"
    assert {path.name for path in tmp_path.iterdir()} >= {"precious.png", "link.png", "dangling.png"}
    assert not (tmp_path / "made-by-a-link.png").exists()
    assert "has no secret to confirm" in host.refuses("users", "confirm", added, "123456")


def test_promise_3_the_audit_holds_no_secret(host: Host, added: str) -> None:
    told = host.json("users", "enrol", added)
    code = Phone(told["uri"]).fresh()
    host.does("users", "confirm", added, code)
    records = "".join(path.read_text() for path in host.state.glob("audit.jsonl*")) + host.does("audit", "--json")
    assert told["secret"] not in records
    assert "otpauth" not in records
    assert code not in records
