"""root in the scope, under `PermitRootLogin prohibit-password`, as Debian has it: sshd refuses a code behind a key."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration import prompts
from tests.support.world import World
from tests.support.world.accounts import User, allow_key
from tests.support.world.installation import Installation
from tests.support.world.phone import Phone
from tests.support.world.sshd import Sshd

pytestmark = pytest.mark.namespaces

ROOT = User("root", "Correct-horse-of-root")
FINDING = "for root, and so refuses the code that has to follow the key"
ADVICE = "PermitRootLogin yes\nMatch User root\n    PasswordAuthentication no\n    KbdInteractiveAuthentication no\n"


@pytest.fixture
def installation(installed: Path) -> Iterator[Installation]:
    """A host with our lines in, root in the scope and enrolled, and two-factor authentication off."""
    with World(layers=[installed]) as world:
        world.run("chpasswd", "--crypt-method=SHA512", "--sha-rounds=1000", stdin=f"root:{ROOT.password}\n")
        rw2fa = Installation(world)
        rw2fa.start()
        rw2fa.command("users", "add", "root")
        rw2fa.command("pam", "install")
        yield rw2fa


def gets_in(sshd: Sshd, phone: Phone) -> bool:
    """With key and code."""
    terminal = sshd.login(ROOT, methods="publickey,keyboard-interactive", key=ROOT.key)
    terminal.answer(prompts.CODE, phone.fresh())
    return terminal.end() == 0


def test_promise_4_a_root_whom_sshd_refuses_the_code_is_found_before_it_locks_out(installation: Installation) -> None:
    world = installation.world
    assert FINDING not in installation.command("pam", "check", check=False).stdout, "no key: no way in before either"
    allow_key(world, ROOT)
    refused = installation.command("enable", check=False)
    assert refused.returncode == 1
    assert FINDING in refused.stderr
    assert "PermitRootLogin yes" in refused.stderr
    phone = Phone(str(installation.json("users", "enrol", "root")["uri"]))
    installation.command("users", "confirm", "root", phone.fresh())
    installation.command("enable", "--force")
    sshd = Sshd(world)
    assert not gets_in(sshd, phone), "then there is nothing to warn of"

    world.write("/etc/ssh/sshd_config.d/20-root.conf", ADVICE)
    installation.command("pam", "install", "sshd")
    sshd.reload()
    assert installation.command("pam", "check", "sshd", check=False).returncode == 0
    assert gets_in(sshd, phone)
    by_password = sshd.login(ROOT, methods="keyboard-interactive,password")
    assert by_password.ends_before(prompts.PASSWORD)
    assert by_password.end() != 0
