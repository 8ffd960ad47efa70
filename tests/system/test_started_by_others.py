"""What systemd starts as somebody, and pkexec, which asks through polkit, in a booted system (promises 4, 14)."""

from __future__ import annotations

import json
import re

from tests.support.machine import Machine
from tests.support.machine.tree import PASSWORD
from tests.support.world.phone import Phone
from tests.support.world.terminal import Terminal

PASSWORD_PROMPT = "Password: "
CODE_PROMPT = "Verification code: "

_BY_SYSTEMD = ("systemd-run", "--quiet", "--pipe", "--wait", "--uid={user}")
# By root, who vouches for whom it names: no PAM at all, PAM without authentication, a shell by way of machined.
STARTED = {
    "systemd-run": (*_BY_SYSTEMD, "id", "-un"),
    "systemd-run with PAM": (*_BY_SYSTEMD, "--property=PAMName=login", "id", "-un"),
    "machinectl shell": ("machinectl", "--quiet", "shell", "{user}@.host", "/usr/bin/id", "-un"),
}


def protect(machine: Machine) -> Phone:
    """Alice is enrolled, bob is not in the scope; both may become root by sudo's group."""
    for command in (("pam", "install"), ("users", "add", "alice"), ("enable",)):
        machine.run("rw2fa", *command)
    phone = Phone(json.loads(machine.run("rw2fa", "users", "enrol", "alice", "--json").stdout)["uri"])
    machine.run("rw2fa", "users", "confirm", "alice", phone.fresh())
    for user in ("alice", "bob"):
        machine.run("usermod", "--append", "--groups", "sudo", user)
    return phone


def started(machine: Machine, how: str, user: str) -> str:
    """Who a program is that root has started as `user`."""
    terminal = machine.terminal(*(word.format(user=user) for word in STARTED[how]))
    assert terminal.end() == 0, f"{how} of {user}: {terminal.screen}"
    return terminal.screen.strip()


# The agent inside pkexec 122 is root's, and polkit does not take its word without logind; this one is the person's.
PKEXEC = """
mkfifo ready
pkttyagent --process $$ --notify-fd 3 3>ready &
cat ready
pkexec id -un >who
echo "ended as $(cat who)."
kill $!
"""


def become_root(machine: Machine, user: str) -> Terminal:
    """`pkexec id -un` on a terminal of the user's, up to the password's prompt."""
    as_user = ("setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups")
    folder = machine.run(*as_user, "mktemp", "--directory").stdout.strip()
    terminal = machine.terminal(*as_user, "env", f"--chdir={folder}", "sh", "-c", PKEXEC)
    # All who may are listed, with a number each.
    terminal.expect(r"Choose identity[^\n]*: ")
    listed = re.search(rf"(\d+)\.\s+{user}\b", terminal.screen)
    assert listed is not None, terminal.screen
    terminal.type(listed[1])
    # pkttyagent hides every answer, and only after it has printed the prompt.
    terminal.answer_unseen(PASSWORD_PROMPT, PASSWORD)
    return terminal


def gets_root(terminal: Terminal) -> bool:
    return terminal.expect(r"ended as \w*\.") == "ended as root."


def test_promise_14_what_root_starts_as_somebody_is_asked_nothing_and_who_is_enabled_is_asked_elsewhere(
    host: Machine,
) -> None:
    phone = protect(host)

    others = become_root(host, "bob")
    assert gets_root(others), others.screen
    assert CODE_PROMPT not in others.screen

    wrong = become_root(host, "alice")
    for _ in range(3):
        wrong.answer_unseen(CODE_PROMPT, phone.wrong())
    assert not gets_root(wrong)

    right = become_root(host, "alice")
    right.answer_unseen(CODE_PROMPT, phone.fresh())
    assert gets_root(right), right.screen

    def start_all() -> None:
        for how in STARTED:
            for user in ("alice", "bob"):
                assert started(host, how, user) == user

    console = host.terminal("machinectl", "--quiet", "login", ".host")
    console.answer("login: ", "alice")
    console.answer(PASSWORD_PROMPT, PASSWORD)
    console.answer(CODE_PROMPT, phone.fresh())
    console.answer(r"\$ ", "echo in as $(id -un).")
    console.expect(r"in as alice\.")
    console.hang_up()

    start_all()
    host.run("systemctl", "stop", "rw2fad.socket", "rw2fad.service")
    start_all()
    assert not gets_root(become_root(host, "alice")), "nobody is there to judge"
