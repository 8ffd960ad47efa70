"""Whoever took the daemon's place answers anything: the hook lets in by a well-formed verdict alone, and in time.

`make -C pam_hook sanitize` runs this under ASan and UBSan, where a read past an end is a failure of its own.
"""

from __future__ import annotations

import os
import re
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.support.libpam import Code, Conversation
from tests.unit.pam_hook.hook import ALERT, Hook
from tests.unit.pam_hook.test_channel import NOBODY

MESSAGE_MAX = 16384
TIMEOUT = 1
SOON = 5
"""Seconds that a busy machine may add."""

CODES = {word: Code[word] for word in ("SUCCESS", "IGNORE", "AUTH_ERR", "PERM_DENIED", "MAXTRIES", "USER_UNKNOWN")}

words = st.sampled_from(
    ["SUCCESS", "IGNORE", "AUTH_ERR", "AUTHINFO_UNAVAIL", "success", "SUCCESS ", "0", "", "%s%n", "code-right", "echo",
     "off", "1", "2", "00", "-1", "4294967295", "4294967296", "99999999999999999999", "digits:6-6", "word:1-128",
     "digits:0-0", "digits:6-6," * 9, "word:1-99999999999", "A" * 4096, "%n%n%s" * 300, "\x1b[2J", "\xff\xfe", "\n"]
)  # fmt: skip
keys = st.sampled_from(["rc", "rule", "text", "mint", "n", "style", "form", "v", "value", "rc ", "RC", "", "x" * 300])
verbs = st.sampled_from(["end", "ask", "report", "open", "End", "", "end ", "x" * 16000])


def packet(verb: str, fields: Sequence[tuple[str, str]]) -> bytes:
    return "\0".join([verb, *(f"{key}={value}" for key, value in fields)]).encode("latin-1")


def nearly(verb: str, **fields: str) -> st.SearchStrategy[bytes]:
    """A message as it should be, but for what was left out, said twice, changed, cut or added."""
    right = list(fields.items())
    changes = st.lists(st.tuples(st.sampled_from([*fields]), words), max_size=2)
    built = st.builds(
        lambda left_out, changed, added: packet(
            verb, [*((key, dict(changed).get(key, value)) for key, value in right if key not in left_out), *added]
        ),
        st.sets(st.sampled_from([*fields]), max_size=1),
        changes,
        st.lists(st.tuples(keys, words), max_size=2),
    )
    cut = st.builds(lambda raw, end: raw[: end % (len(raw) + 1)], built, st.integers(0, 1 << 14))
    dirty = st.builds(lambda raw, tail: raw + tail, built, st.sampled_from([b"\0", b"\0\0", b"\0=", b"\0" * 40, b"x"]))
    return st.one_of(built, built, cut, dirty)


packets = st.one_of(
    nearly("end", rc="SUCCESS", rule="code-right", mint="0"),
    nearly("ask", n="1", style="echo", text="Code: ", form="digits:6-6"),
    nearly("ask", n="2", style="echo", text="%s%n%s", form="word:1-128"),
    st.builds(packet, verbs, st.lists(st.tuples(keys, words), max_size=5)),
    st.binary(max_size=200),
    st.sampled_from([b"", b"\0" * 100, b"A" * (MESSAGE_MAX + 1), b"A" * 60000, packet("end", [("k", "v")] * 33)]),
)
replies = st.lists(packets, min_size=1, max_size=4)


def fields_of(raw: bytes) -> tuple[str, dict[str, str]] | None:
    """A message by the letter of docs/protocol.md, read without any code of ours; None for what is none."""
    if not 0 < len(raw) <= MESSAGE_MAX:
        return None
    verb, *parts = raw.decode("latin-1").split("\0")
    found: dict[str, str] = {}
    for part in parts:
        key, mark, value = part.partition("=")
        if not mark or not re.fullmatch("[a-z_]+", key) or key in found:
            return None
        found[key] = value
    return (verb, found) if re.fullmatch("[a-z_]+", verb) and len(parts) <= 32 else None


def verdict_of(sent: Sequence[bytes]) -> Code | None:
    """What the hook may return at most: the code of the first verdict if all before it were questions in turn."""
    turn = 1
    for raw in sent:
        message = fields_of(raw)
        if message is None:
            return None
        verb, fields = message
        if verb == "end":
            rule, mint = fields.get("rule", ""), fields.get("mint")
            right = re.fullmatch("[a-z0-9-]{1,64}", rule)
            minted = mint is None or (re.fullmatch("[0-9]{1,10}", mint) and int(mint) < 0xFFFFFFFF)
            return CODES.get(fields.get("rc", "")) if right and minted else None
        if verb != "ask" or fields.get("n") != str(turn):
            return None
        turn += 1
    return None


@contextmanager
def hostile(hook: Hook, sent: Sequence[bytes]) -> Iterator[None]:
    """Sends each packet whatever it was sent, then nothing more, with the connection open."""

    def serve() -> None:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection:
            connection.settimeout(SOON + TIMEOUT)
            try:
                for raw in sent:
                    connection.recv(1 << 16)
                    connection.send(raw)
                while connection.recv(1 << 16):
                    pass
            except OSError:
                pass  # the hook has had enough

    hook.run_folder.mkdir(exist_ok=True)
    hook.socket.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(os.fspath(hook.socket))
        listener.listen(4)
        listener.settimeout(SOON)
        server = threading.Thread(target=serve)
        server.start()
        try:
            yield
        finally:
            server.join()


FUZZ = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@FUZZ
@given(sent=replies, tty=st.sampled_from(["tty1", "pts/1"]))
@example(sent=[packet("end", [("rc", "SUCCESS"), ("rule", "code-right"), ("mint", "0")])], tty="tty1")
@example(sent=[packet("end", [("rc", "SUCCESS")])], tty="tty1")
@example(sent=[packet("end", [("rule", "x"), ("rc", "SUCCESS"), ("rc", "SUCCESS")])], tty="pts/1")
@example(sent=[packet("end", [("rc", "SUCCESS"), ("rule", "x"), ("text", "%s%n" * 4000)])], tty="pts/1")
@example(sent=[packet("end", [("rc", "SUCCESS"), ("rule", "x")]) + b"\0"], tty="pts/1")
@example(sent=[packet("end", [("rc", "SUCCESS"), ("rule", "x"), ("text", "x" * MESSAGE_MAX)])], tty="pts/1")
def test_promise_5_nothing_but_a_well_formed_verdict_lets_in(hook: Hook, sent: list[bytes], tty: str) -> None:
    stack = hook.stack(f"timeout={TIMEOUT} unreachable=allow")
    state = Conversation(codes=["123456"] * 8)
    with hostile(hook, sent), hook.start(stack, state, user="root", tty=tty) as handle:
        outcome = hook.authenticate(handle)
    allowed = verdict_of(sent)
    assert outcome.seconds < TIMEOUT + SOON
    assert outcome.logged(ALERT) == []
    if outcome.code == Code.SUCCESS:
        assert allowed is Code.SUCCESS
    # One module alone that says IGNORE ends in PERM_DENIED.
    assert outcome.code in {allowed, Code.AUTHINFO_UNAVAIL, Code.PERM_DENIED}
    for message in state.messages:
        assert len(message.raw) < MESSAGE_MAX


@FUZZ
@given(sent=replies)
def test_promise_5_the_account_phase_asks_nothing_and_lets_in_by_a_verdict_alone(hook: Hook, sent: list[bytes]) -> None:
    stack = hook.stack(f"timeout={TIMEOUT} unreachable=allow")
    state = Conversation(codes=["123456"] * 8)
    with hostile(hook, sent), hook.start(stack, state, user="root", tty="tty1") as handle:
        outcome = hook.account(handle)
    assert not [message for message in state.messages if message.is_prompt]
    assert outcome.seconds < TIMEOUT + SOON
    assert outcome.logged(ALERT) == []
    if outcome.code == Code.SUCCESS:
        assert verdict_of(sent[:1]) is Code.SUCCESS


def replaced_by(hook: Hook, change: str) -> None:
    """The socket, as somebody without root's help might leave it, or root by mistake."""
    socket_file, folder = hook.socket, hook.run_folder
    if change == "folder of another":
        os.chown(folder, NOBODY, NOBODY)
    elif change == "folder of another group that may write":
        os.chown(folder, 0, NOBODY)
        folder.chmod(0o775)
    elif change == "folder open to all, sticky":
        folder.chmod(0o1777)
    elif change == "link to another socket":
        elsewhere = hook.folder / "elsewhere.sock"
        socket_file.rename(elsewhere)
        socket_file.symlink_to(elsewhere)
    elif change == "link to a folder":
        real = hook.folder / "real"
        folder.rename(real)
        folder.symlink_to(real)
    elif change == "fifo":
        socket_file.unlink()
        os.mkfifo(socket_file, 0o666)
    elif change == "folder in place of the socket":
        socket_file.unlink()
        socket_file.mkdir()
    elif change == "device":
        socket_file.unlink()
        os.mknod(socket_file, 0o20666, os.makedev(1, 3))


CHANGES = (
    "folder of another", "folder of another group that may write", "folder open to all, sticky",
    "link to another socket", "link to a folder", "fifo", "folder in place of the socket", "device",
)  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("line", ["unreachable=allow", ""])
def test_promise_5_a_socket_that_others_could_have_put_there_is_refused_at_once(
    hook: Hook, change: str, line: str
) -> None:
    started = time.monotonic()
    with hook.daemon(()) as daemon:
        replaced_by(hook, change)
        with hook.start(hook.stack(f"timeout=60 {line}"), Conversation()) as handle:
            outcome = hook.authenticate(handle)
        assert daemon.connections == 0
        for path in (hook.run_folder, hook.folder / "real"):
            if path.is_symlink():
                path.unlink()
        if hook.socket.is_dir():
            hook.socket.rmdir()
    assert outcome.code == Code.AUTHINFO_UNAVAIL
    assert outcome.logged(ALERT) == []
    assert time.monotonic() - started < 20


@pytest.mark.parametrize("mode", [0o000, 0o600, 0o666, 0o777])
def test_the_mode_of_the_socket_is_the_kernels_business(hook: Hook, mode: int) -> None:
    """A login program is root, and writing to the socket of root or the daemon needs nobody else's consent."""
    with hostile(hook, [packet("end", [("rc", "SUCCESS"), ("rule", "code-right")])]):
        hook.socket.chmod(mode)
        with hook.start(hook.stack(), Conversation()) as handle:
            assert hook.authenticate(handle).code == Code.SUCCESS
