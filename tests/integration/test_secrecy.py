"""Promise 3: secrets, URIs, pictures and codes reach no log, process list, environment or file that others read."""

import re

import pytest

from tests.integration import prompts
from tests.support.world.accounts import User
from tests.support.world.cockpit import Cockpit
from tests.support.world.installation import DAEMON_LOG, STATE
from tests.support.world.paths import AUTH_LOG
from tests.support.world.phone import Phone
from tests.support.world.qr import read_code
from tests.support.world.secrecy import assert_absent, process_lists
from tests.support.world.sesman import Sesman
from tests.support.world.site import Site

pytestmark = pytest.mark.namespaces

PRINT_ENVIRONMENT = "env; echo you-are-in"


def test_promise_3_an_enrolment_and_logins_leave_no_secret_anywhere(site: Site, newcomer: User) -> None:
    terminal = site.sshd.login(newcomer)
    terminal.answer(prompts.PASSWORD, newcomer.password)
    terminal.expect(prompts.FIRST_CODE)
    uri = read_code(terminal.screen)
    phone = Phone(uri)
    secrets = {phone.secret, uri, "otpauth://", phone.secret.lower(), newcomer.password}
    # Every process of the login waits for the code now.
    assert_absent(secrets, process_lists(site.world))
    codes = [phone.fresh()]
    terminal.type(codes[-1])
    terminal.answer(prompts.ACKNOWLEDGED, "")
    assert terminal.end() == 0
    secrets |= set(re.findall(r"\b\w{4}-\w{4}-\w{4}\b", terminal.screen))

    again = site.sshd.login(newcomer, command=PRINT_ENVIRONMENT)
    again.answer(prompts.PASSWORD, newcomer.password)
    codes.append(phone.fresh())
    again.answer(prompts.CODE, codes[-1])
    assert again.end() == 0
    session = again.screen.partition(codes[-1])[2]
    assert_absent(secrets | set(codes), {"environment of the session": session})
    assert "RW2FA" not in session.upper()

    site.sesman.verdict(newcomer)
    cockpit = Cockpit(site.world)
    codes.append(phone.fresh())
    assert cockpit.logon(newcomer, lambda _: codes[-1]).is_in
    logs = {name: site.world.read(name) for name in (str(AUTH_LOG), Sesman.LOG, Cockpit.LOG, DAEMON_LOG)}
    logs["audit"] = site.rw2fa.command("audit", "--json").stdout
    # Codes have six digits, which may occur in times and ports: as words of their own they must not.
    assert_absent(secrets, logs)
    assert_absent(secrets, process_lists(site.world))
    for code in codes:
        assert not any(code in text.split() for text in logs.values())
    cockpit.stop()


def test_promise_7_the_state_reveals_no_secret_without_the_key(site: Site, newcomer: User) -> None:
    terminal = site.sshd.login(newcomer)
    terminal.answer(prompts.PASSWORD, newcomer.password)
    terminal.expect(prompts.FIRST_CODE)
    phone = Phone(read_code(terminal.screen))
    terminal.type(phone.fresh())
    terminal.answer(prompts.ACKNOWLEDGED, "")
    assert terminal.end() == 0
    raw = phone.raw_secret
    files = [file for file in site.world.path(STATE).rglob("*") if file.is_file()]
    assert files
    for file in files:
        content = file.read_bytes()
        for form in (raw, phone.secret.encode(), phone.secret.lower().encode(), raw.hex().encode()):
            assert form not in content, f"the secret is readable in {file.name}"
        assert file.stat().st_mode & 0o077 == 0, f"{file.name} can be read by others"
