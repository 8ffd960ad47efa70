"""Logins of people whose names were chosen to hurt, at real programs, and what sshd and the logs make of them."""

import json
from collections.abc import Iterator

import pytest

from tests.integration import prompts
from tests.support.world.phone import Phone
from tests.support.world.site import Site
from tests.support.world.terminal import Terminal

pytestmark = pytest.mark.namespaces

PASSWORD = "of-all-of-them"
BYSTANDER = "daemon"
DROPIN = "/etc/ssh/sshd_config.d/10-rw2fa.conf"
NAMES = (
    "%s%n-o'hara\"b",
    "al ice@elsewhere",
    "dom\\zoë$",
    "$(reboot);`id`|&",
    "4242",
    "user=root rhost=192.0.2.1 x",
)
# What ssh's client takes on its command line, and su does too.
PLAIN = "al ice@elsewhere"
FIRST_UID = 63_001


@pytest.fixture(scope="module")
def phones(session_site: Site) -> Iterator[dict[str, Phone]]:
    """Each of them has an account, is enabled by name, and has a phone."""
    site, world = session_site, session_site.world
    accounts = "".join(f"{name}:x:{uid}:{uid}::/:/bin/sh\n" for uid, name in enumerate(NAMES, FIRST_UID))
    hashed = world.run("openssl", "passwd", "-5", "-salt", "few", PASSWORD).stdout.strip()
    before = {file: world.read(file) for file in ("/etc/passwd", "/etc/shadow")}
    world.write("/etc/passwd", before["/etc/passwd"] + accounts)
    world.write(
        "/etc/shadow", before["/etc/shadow"] + "".join(f"{name}:{hashed}:20000::::::\n" for name in NAMES), 0o640
    )
    site.rw2fa.command("users", "add", "--", *NAMES)
    site.sshd.reload()
    phones = {}
    for name in NAMES:
        phones[name] = Phone(json.loads(site.rw2fa.command("users", "enrol", "--json", "--", name).stdout)["uri"])
        site.rw2fa.command("users", "confirm", "--", name, phones[name].fresh())
    yield phones
    site.rw2fa.command("users", "remove", "--yes", "--", *NAMES)
    site.sshd.reload()
    for file, content in before.items():
        world.write(file, content, 0o640 if file == "/etc/shadow" else 0o644)


def become(site: Site, name: str) -> Terminal:
    terminal = site.world.terminal("su", "-c", "id -u", "--", name, user=BYSTANDER)
    terminal.answer(prompts.PASSWORD, PASSWORD)
    return terminal


def test_promise_13_each_is_asked_for_the_own_code_and_lets_nobody_else_in(
    site: Site, phones: dict[str, Phone]
) -> None:
    for number, (name, phone) in enumerate(phones.items()):
        terminal = become(site, name)
        terminal.answer(prompts.CODE, phone.wrong())
        terminal.answer(prompts.CODE, phone.fresh())
        assert terminal.end() == 0, name
        assert str(FIRST_UID + number) in terminal.screen.splitlines()
    records = [record for record in site.rw2fa.json("audit", "--since", "1h") if record["service"] == "su"]
    for name in phones:
        rules = [record["rule"] for record in records if record["user"] == name]
        assert rules == ["code-wrong", "code-right"], name


def test_promise_13_the_drop_in_matches_them_and_nobody_else(site: Site, phones: dict[str, Phone]) -> None:
    outsider = site.outsider()
    for name in (*phones, outsider.name, "root"):
        told = site.world.run("/usr/sbin/sshd", "-T", "-C", f"user={name},host=localhost,addr=127.0.0.1").stdout
        asked = "keyboard-interactive:pam" in told
        assert asked == (name in phones), f"{name}: {site.world.read(DROPIN)}"


def test_promise_4_sshd_asks_one_of_them_for_the_code(site: Site, phones: dict[str, Phone]) -> None:
    refused = site.sshd.login(PLAIN)
    refused.answer(prompts.PASSWORD, PASSWORD)
    for _ in range(3):
        refused.answer(prompts.CODE, phones[PLAIN].wrong())
    assert refused.end() != 0
    terminal = site.sshd.login(PLAIN)
    terminal.answer(prompts.PASSWORD, PASSWORD)
    terminal.answer(prompts.CODE, phones[PLAIN].fresh())
    assert terminal.end() == 0
    assert f"you-are-in-as-{PLAIN}" in terminal.screen
