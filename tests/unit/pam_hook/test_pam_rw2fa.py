"""The module as a whole."""

from __future__ import annotations

import ctypes
import fcntl
import os
import subprocess
import threading
from pathlib import Path

import pytest

from tests.support.libpam import Code, Conversation
from tests.support.scripted_daemon import Expect, Packet, Send, Step, ask, end
from tests.unit.pam_hook.hook import Hook, open_descriptors

ENTRY_POINTS = {
    "pam_sm_authenticate",
    "pam_sm_setcred",
    "pam_sm_acct_mgmt",
    "pam_sm_open_session",
    "pam_sm_close_session",
    "pam_sm_chauthtok",
}


def tool(*command: str | Path) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}
    return subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout


def symbols(module: Path, which: str) -> set[str]:
    lines = tool("nm", "-D", which, module).splitlines()
    return {line.split()[-1].partition("@")[0] for line in lines}


def test_the_six_entry_points_are_all_that_is_exported(build: Path) -> None:
    assert symbols(build / "pam_rw2fa.so", "--defined-only") == ENTRY_POINTS


def test_nothing_is_called_that_a_module_in_a_setuid_program_must_leave_alone(build: Path) -> None:
    """No signals, locale, stdio, processes, environment; no look-up of names but the reentrant one."""
    words = (
        "signal", "sigaction", "sigprocmask", "alarm", "setitimer", "setlocale", "printf", "scanf", "fopen", "fputs",
        "fwrite", "fork", "exec", "popen", "system", "waitpid", "getenv", "setenv", "putenv", "environ", "getpw",
        "getgr", "setuid", "seteuid", "pthread_create", "exit", "abort", "syslog", "dlopen",
    )  # fmt: skip
    allowed = {"pam_getenv", "pam_syslog", "getpwnam_r"}
    called = symbols(build / "pam_rw2fa.so", "--undefined-only") - allowed
    sanitizers = ("__asan", "__ubsan")
    assert not [name for name in called for word in words if word in name and not name.startswith(sanitizers)]


def test_only_libpam_and_libc_are_needed(build: Path) -> None:
    lines = [line for line in tool("readelf", "-dW", build / "pam_rw2fa.so").splitlines() if "(NEEDED)" in line]
    needed = {line.partition("[")[2].partition("]")[0] for line in lines}
    assert needed - {"libasan.so.8", "libubsan.so.1"} == {"libpam.so.0", "libc.so.6"}


def test_the_module_is_hardened(build: Path) -> None:
    sections = tool("readelf", "-ldW", build / "pam_rw2fa.so")
    assert "GNU_RELRO" in sections
    assert "NOW" in sections
    [stack] = [line for line in sections.splitlines() if "GNU_STACK" in line]
    assert " RW " in stack
    assert "TEXTREL" not in sections


@pytest.mark.parametrize("call", ["setcred", "close_session", "chauthtok"])
def test_the_other_three_have_no_opinion_and_no_connection(hook: Hook, call: str) -> None:
    module = ctypes.CDLL(str(hook.module))
    with hook.daemon() as daemon:
        assert getattr(module, f"pam_sm_{call}")(None, 0, 0, None) == Code.IGNORE
        with hook.start(hook.stack("nonsense=1"), Conversation()) as handle:
            getattr(handle, call)()
    assert daemon.connections == 0
    assert hook.spy.take() == []


def test_setcred_behind_a_success_is_left_to_the_others(hook: Hook) -> None:
    auth = f"auth [success=ok ignore=ignore default=die] {hook.line()}\nauth required pam_permit.so\n"
    with hook.daemon(), hook.start(hook.stack(auth=auth), Conversation()) as handle:
        assert hook.authenticate(handle).code == Code.SUCCESS
        assert handle.setcred() == Code.SUCCESS


def test_one_phase_is_one_connection(hook: Hook) -> None:
    with hook.daemon() as daemon, hook.start(hook.stack(), Conversation()) as handle:
        hook.authenticate(handle)
        hook.account(handle)
    assert daemon.connections == 2


@pytest.mark.parametrize("packet", [end("SUCCESS", mint=1), b"", b"nonsense", ask(style="none"), end("AUTH_ERR")])
def test_no_descriptor_is_left_open(hook: Hook, packet: bytes) -> None:
    stack = hook.stack()

    def logins(count: int) -> int:
        """Files open afterwards, when the daemon in this process has closed its own."""
        with hook.daemon([Expect("open"), Send(packet)]):
            for _ in range(count):
                with hook.start(stack, Conversation()) as handle:
                    hook.authenticate(handle)
                    hook.account(handle)
        return open_descriptors()

    assert logins(1) == logins(5)


def test_a_program_that_is_started_meanwhile_does_not_get_the_connection(hook: Hook) -> None:
    inherited: list[Path] = []

    def look(_prompt: str) -> str:
        for descriptor in Path("/proc/self/fd").iterdir():
            number = int(descriptor.name)
            new = number not in before and descriptor.exists()
            if new and not fcntl.fcntl(number, fcntl.F_GETFD) & fcntl.FD_CLOEXEC:
                inherited.append(descriptor.readlink())
        return "123456"

    before = {int(descriptor.name) for descriptor in Path("/proc/self/fd").iterdir()}
    script: list[Step] = [Expect("open"), Send(ask()), Expect("reply"), Send(end("SUCCESS"))]
    outcome, _ = hook.login(script, conversation=Conversation(codes=[look]))
    assert outcome.code == Code.SUCCESS
    assert inherited == []


def test_threads_of_one_program_do_not_meet(hook: Hook) -> None:
    def verdict(last: Packet) -> bytes:
        if last.verb == "open":
            return ask(text=f"{last.fields['user']}-word", form="word:1-40")
        return end("SUCCESS" if last.fields["value"].startswith("good") else "AUTH_ERR", mint=1)

    script: list[Step] = [Expect("open"), Send(verdict), Expect("reply"), Send(verdict)]
    stack = hook.stack("timeout=60", account=f"account required [{hook.testkit}] success\n")
    results: list[tuple[str, Code]] = []

    def logins(number: int) -> None:
        for i in range(10):
            name = f"{'good' if (number + i) % 2 else 'bad'}-{number}-{i}"
            with hook.start(stack, Conversation(codes=[lambda prompt: prompt]), user=name) as handle:
                results.append((name, handle.authenticate()))

    with hook.daemon(script, backlog=2):
        threads = [threading.Thread(target=logins, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(results) == 60
    assert all((code == Code.SUCCESS) == name.startswith("good") for name, code in results)
