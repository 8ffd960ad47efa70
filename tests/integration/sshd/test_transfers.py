"""What people do over SSH without a shell: files, forced commands, forwarding, shared connections (promise 4)."""

import re
from collections.abc import Iterator

import pytest

from tests.integration import prompts
from tests.support.world.accounts import User, allow_key
from tests.support.world.site import Member, Site
from tests.support.world.sshd import Sshd
from tests.support.world.terminal import Terminal
from tests.support.world.waiting import wait_until

pytestmark = pytest.mark.namespaces

FORCED = "what-the-administrator-forces"
FORWARDED = 7070
"""A port that nobody listens on but a client that forwards it."""

FORWARDING = ("-N", "-L", f"127.0.0.1:{FORWARDED}:127.0.0.1:22", "here")


@pytest.fixture(scope="module")
def forcing_sshd(session_site: Site) -> Iterator[Sshd]:
    """A second sshd that runs one command, whatever is asked for; our drop-in is read."""
    config = "/etc/ssh/sshd_config_forcing"
    text = f"UsePAM yes\nForceCommand echo {FORCED}-$(id -un)\nInclude /etc/ssh/sshd_config.d/*.conf\n"
    session_site.world.write(config, text)
    sshd = Sshd(session_site.world, port=2203, config=config)
    yield sshd
    sshd.stop()


def sign_in(terminal: Terminal, member: Member) -> None:
    terminal.answer(prompts.PASSWORD, member.user.password)
    terminal.answer(prompts.CODE, member.phone.fresh())


def sign_in_wrongly(terminal: Terminal, member: Member) -> None:
    terminal.answer(prompts.PASSWORD, member.user.password)
    for _ in range(3):
        terminal.answer(prompts.CODE, member.phone.wrong())


def transfer(program: str, sshd: Sshd, user: User, source: str, target: str) -> Terminal:
    return sshd.client(program, user, f"here:{source}", target)


@pytest.mark.parametrize("program", ["sftp", "scp"])
def test_promise_4_files_come_after_a_code_and_not_before(site: Site, member: Member, program: str) -> None:
    source, target = f"{member.user.home}/a-file", f"/tmp/{program}-{member.user.name}"
    site.world.write(source, "what is in it")
    wrong = transfer(program, site.sshd, member.user, source, target)
    sign_in_wrongly(wrong, member)
    assert wrong.end() != 0
    assert not site.world.path(target).exists()
    right = transfer(program, site.sshd, member.user, source, target)
    sign_in(right, member)
    assert right.end() == 0
    assert site.world.read(target) == "what is in it"


@pytest.mark.parametrize("program", ["sftp", "scp"])
def test_promise_14_who_is_not_enabled_is_asked_for_the_password_alone(
    site: Site, outsider: User, program: str
) -> None:
    source, target = f"{outsider.home}/a-file", f"/tmp/{program}-{outsider.name}"
    site.world.write(source, "what is in it")
    terminal = transfer(program, site.sshd, outsider, source, target)
    terminal.answer(prompts.PASSWORD, outsider.password)
    assert terminal.end() == 0
    assert prompts.CODE not in terminal.screen
    assert site.world.read(target) == "what is in it"


def test_promise_4_a_forced_command_runs_after_a_code_and_not_before(
    site: Site, forcing_sshd: Sshd, member: Member, outsider: User
) -> None:
    key = allow_key(site.world, member.user)
    alone = forcing_sshd.login(member.user, methods="publickey", key=key, batch=True)
    assert alone.end() != 0
    assert FORCED not in alone.screen
    wrong = forcing_sshd.login(member.user)
    sign_in_wrongly(wrong, member)
    assert wrong.end() != 0
    assert FORCED not in wrong.screen
    right = forcing_sshd.login(member.user)
    sign_in(right, member)
    assert right.end() == 0
    assert f"{FORCED}-{member.user.name}" in right.screen
    other = forcing_sshd.login(outsider)
    other.answer(prompts.PASSWORD, outsider.password)
    assert other.end() == 0
    assert f"{FORCED}-{outsider.name}" in other.screen
    assert prompts.CODE not in other.screen


def test_promise_4_a_port_is_forwarded_after_a_code_and_not_before(site: Site, member: Member) -> None:
    key = allow_key(site.world, member.user)
    alone = site.sshd.client("ssh", member.user, *FORWARDING, methods="publickey", key=key)
    assert alone.end() != 0, "with -N no session is opened, so nothing but the account phase stands there"
    terminal = site.sshd.client("ssh", member.user, *FORWARDING)
    terminal.answer(prompts.PASSWORD, member.user.password)
    terminal.expect(prompts.CODE)
    assert not site.world.listens(FORWARDED)
    terminal.type(member.phone.wrong())
    terminal.expect(prompts.CODE_WRONG)
    assert not site.world.listens(FORWARDED)
    terminal.answer(prompts.CODE, member.phone.fresh())
    wait_until("the forwarded port", lambda: banner(site).startswith(b"SSH-2.0-"))
    terminal.hang_up()


def test_promise_14_who_is_not_enabled_forwards_with_a_key_alone(site: Site, outsider: User) -> None:
    key = allow_key(site.world, outsider)
    terminal = site.sshd.client("ssh", outsider, *FORWARDING, methods="publickey", key=key)
    wait_until("the forwarded port", lambda: banner(site).startswith(b"SSH-2.0-"))
    terminal.hang_up()


def test_one_code_opens_a_connection_that_serves_many_programs_until_it_ends(site: Site, member: Member) -> None:
    socket = f"/tmp/control-{member.user.name}"
    shared = f"ControlPath={socket}"
    source, copies = f"{member.user.home}/a-file", [f"/tmp/{n}-{member.user.name}" for n in ("first", "second")]
    site.world.write(source, "what is in it")
    master = site.sshd.client("ssh", member.user, "-M", "-N", "here", options=[shared])
    master.answer(prompts.PASSWORD, member.user.password)
    master.expect(prompts.CODE)
    assert not site.world.path(socket).exists()
    master.type(member.phone.fresh())
    wait_until("the connection that is shared", site.world.path(socket).exists)
    for program, copy in zip(("sftp", "scp"), copies, strict=True):
        assert site.sshd.client(program, member.user, f"here:{source}", copy, options=[shared]).end() == 0
        assert site.world.read(copy) == "what is in it"
    command = site.sshd.client("ssh", member.user, "here", "id -un", options=[shared])
    assert command.end() == 0
    assert command.screen.strip() == member.user.name
    forward = ("-O", "forward", "-L", f"127.0.0.1:{FORWARDED}:127.0.0.1:22", "here")
    assert site.sshd.client("ssh", member.user, *forward, options=[shared]).end() == 0
    assert banner(site).startswith(b"SSH-2.0-")
    assert site.sshd.client("ssh", member.user, "-O", "exit", "here", options=[shared]).end() == 0
    master.end()
    after = site.sshd.client("ssh", member.user, "here", "id -un", options=[shared])
    after.answer(prompts.PASSWORD, member.user.password)
    after.expect(prompts.CODE)
    after.hang_up()
    rules = [record["rule"] for record in site.rw2fa.json("audit", "--user", member.user.name)]
    assert [rule for rule in rules if re.match("code", rule)] == ["code-right"], "one code for all of it"


def banner(site: Site) -> bytes:
    """What answers on the forwarded port; nothing if nobody listens there."""
    try:
        with site.world.connect(FORWARDED) as connection:
            connection.settimeout(20)
            return connection.recv(64)
    except ConnectionRefusedError:
        return b""
