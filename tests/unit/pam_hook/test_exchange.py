"""The conversation with the daemon, right and wrong."""

from __future__ import annotations

import multiprocessing
import os
import pwd
import re
from pathlib import Path

import pytest

from tests.support.libpam import Code, Conversation, Flag, Item, Style
from tests.support.scripted_daemon import Expect, Packet, Send, Step, Wait, ask, compose, end
from tests.unit.pam_hook.hook import ACCEPT, DEBUG, ERR, Hook


def asking(*replies: bytes) -> list[Step]:
    """A script that sends these asks, one after the other, and then lets in."""
    steps: list[Step] = [Expect("open")]
    for packet in replies:
        steps += [Send(packet), Expect("reply")]
    return [*steps, Send(end("SUCCESS"))]


def test_open_says_who_logs_in_where(hook: Hook) -> None:
    with (
        hook.daemon() as daemon,
        hook.start(hook.stack(), Conversation(), tty="pts/1", rhost="192.0.2.7", ruser="bob") as handle,
    ):
        hook.authenticate(handle)
    assert daemon.received[0].verb == "open"
    assert daemon.received[0].fields == {
        "v": "1",
        "phase": "auth",
        "slot": "main",
        "service": "test",
        "user": "alice",
        "known": KNOWN,
        "tty": "pts/1",
        "rhost": "192.0.2.7",
        "ruser": "bob",
        "boot": BOOT,
        "namespaces": NAMESPACES,
        "parent": str(os.getppid()),
    }


def _in_a_new_session(hook: Hook, answers: multiprocessing.Queue[tuple[str, str | None]]) -> None:
    Path("/proc/self/loginuid").write_text("0")
    with hook.daemon() as daemon, hook.start(hook.stack(), Conversation()) as handle:
        hook.authenticate(handle)
    answers.put((Path("/proc/self/sessionid").read_text(), daemon.received[0].fields.get("session")))


def test_open_names_the_audit_session_of_the_process(hook: Hook) -> None:
    """In a process of its own, since a session cannot be left again."""
    context = multiprocessing.get_context("fork")
    answers: multiprocessing.Queue[tuple[str, str | None]] = context.Queue()
    process = context.Process(target=_in_a_new_session, args=(hook, answers))
    process.start()
    session, told = answers.get(timeout=30)
    process.join()
    assert told == session
    assert told is not None
    assert told.isdigit()


def test_open_leaves_out_what_is_not_set(hook: Hook) -> None:
    with hook.daemon() as daemon, hook.start(hook.stack(), Conversation()) as handle:
        hook.account(handle)
    assert daemon.received[0].fields == {
        "v": "1",
        "phase": "account",
        "slot": "main",
        "service": "test",
        "user": "alice",
        "known": KNOWN,
        "boot": BOOT,
        "namespaces": NAMESPACES,
        "parent": str(os.getppid()),
    }


@pytest.mark.parametrize(
    ("user", "known"),
    [(b"root", "yes"), (b"nobody-of-that-name", "no"), (b"ro\xffot", "no"), (b"root:x", "no"), (b"r" * 1024, "no")],
)
@pytest.mark.parametrize("arguments", ["", "slot=first", "slot=key"])
def test_open_says_whether_the_login_program_knows_the_name(
    hook: Hook, user: bytes, known: str, arguments: str
) -> None:
    _, daemon = hook.login(ACCEPT, arguments, user=user)
    assert daemon.received[0].fields["known"] == known


@pytest.mark.parametrize(("arguments", "slot"), [("", "main"), ("slot=first", "first"), ("slot=key", "key")])
def test_open_says_which_line_of_the_stack_this_is(hook: Hook, arguments: str, slot: str) -> None:
    _, daemon = hook.login(ACCEPT, arguments)
    assert daemon.received[0].fields["slot"] == slot


def test_open_names_the_factors_that_sshd_has_accepted(hook: Hook) -> None:
    with hook.daemon() as daemon, hook.start(hook.stack(), Conversation()) as handle:
        handle.putenv("SSH_AUTH_INFO_0", "publickey ssh-ed25519 AAAA\ngssapi-with-mic alice@EXAMPLE.ORG\n")
        hook.authenticate(handle)
    assert daemon.received[0].fields["first"] == "publickey,gssapi-with-mic"


def test_a_process_environment_says_nothing(hook: Hook, monkeypatch: pytest.MonkeyPatch) -> None:
    """A setuid program's environment is its caller's."""
    monkeypatch.setenv("SSH_AUTH_INFO_0", "publickey ssh-ed25519 AAAA")
    _, daemon = hook.login()
    assert "first" not in daemon.received[0].fields


def test_bytes_of_a_name_go_out_as_they_are(hook: Hook) -> None:
    name = b"al\xffice =\x01\xc3\xa4"
    _, daemon = hook.login(user=name)
    assert daemon.received[0].fields["user"].encode("utf-8", "surrogateescape") == name


def test_a_code_is_asked_for_with_echo_and_sent_without_spaces(hook: Hook) -> None:
    state = Conversation(codes=["123 456"])
    outcome, daemon = hook.login(asking(ask(text="Code: ")), conversation=state)
    assert outcome.code == Code.SUCCESS
    assert [(message.style, message.text) for message in state.messages] == [(Style.ECHO_ON, "Code: ")]
    assert daemon.received[1].fields == {"n": "1", "value": "123456"}


def test_a_question_of_many_lines_arrives_byte_for_byte(hook: Hook) -> None:
    text = "".join(f"{i:3} █▀▄ ä \x1b[7m x\n" for i in range(500)) + "Code: "
    assert len(text.encode()) < 16_000
    state = Conversation(codes=["123456"])
    outcome, _ = hook.login(asking(ask(text=text)), conversation=state)
    assert outcome.code == Code.SUCCESS
    assert state.texts() == [text]


def test_a_percent_sign_in_a_question_means_nothing(hook: Hook) -> None:
    state = Conversation(codes=["123456"])
    outcome, _ = hook.login(asking(ask(text="100%n %s %x")), conversation=state)
    assert outcome.code == Code.SUCCESS
    assert state.texts() == ["100%n %s %x"]


def test_the_daemon_may_ask_again(hook: Hook) -> None:
    packets = [ask(1), ask(2, "Wrong. Code: "), ask(3, "Once more: ", "word:4-12")]
    state = Conversation(codes=["111111", "222222", "word-3"])
    outcome, daemon = hook.login(asking(*packets), conversation=state)
    assert outcome.code == Code.SUCCESS
    assert [packet.fields for packet in daemon.received[1:]] == [
        {"n": "1", "value": "111111"},
        {"n": "2", "value": "222222"},
        {"n": "3", "value": "word-3"},
    ]


@pytest.mark.parametrize(
    ("typed", "reply"),
    [
        ("secret", "<blind>"),
        (" sec ret ", "<blind>"),
        ("\b\n\r\x7fINCORRECT\b\n", "<blind>"),
        ("", "<empty>"),
        ("   ", "<empty>"),
        ("12345", "<badform>"),
        ("another password", "<badform>"),
        ("1" * 5000, "<badform>"),
        ("123456", "123456"),
    ],
)
def test_promise_2_what_must_not_leave_is_replaced_by_the_reason(hook: Hook, typed: str, reply: str) -> None:
    outcome, daemon = hook.login(asking(ask()), conversation=Conversation(codes=[typed]), before="authtok=secret")
    assert outcome.code == Code.SUCCESS
    assert daemon.values() == [reply]
    [raw] = [packet.raw for packet in daemon.received if packet.verb == "reply"]
    assert b"secret" not in raw
    assert (b"value=" in raw) == (typed == "123456")


@pytest.mark.parametrize("typed", ["123456", "123 456", " 1 2 3 4 5 6"])
def test_promise_2_a_password_that_looks_like_a_code_does_not_leave(hook: Hook, typed: str) -> None:
    state = Conversation(codes=[typed])
    _, daemon = hook.login(asking(ask()), conversation=state, before="authtok=123456")
    assert daemon.values() == ["<blind>"]


def test_promise_2_a_password_with_spaces_does_not_leave_without_them(hook: Hook) -> None:
    state = Conversation(codes=["12 3456"])
    _, daemon = hook.login(asking(ask()), conversation=state, before="[authtok=123 456]")
    assert daemon.values() == ["<blind>"]


def test_promise_2_nothing_typed_reaches_the_log(hook: Hook) -> None:
    state = Conversation(codes=["hunter2-secret", "987654"])
    outcome, _ = hook.login(asking(ask(), ask(2)), "debug", state, before="authtok=passphrase")
    logged = "\n".join(text for _, text in outcome.log)
    assert "reply badform" in logged
    assert "reply value" in logged
    for secret in ("hunter2", "987654", "passphrase"):
        assert secret not in logged


def test_a_conversation_that_fails_is_told_and_the_daemon_decides(hook: Hook) -> None:
    script: list[Step] = [Expect("open"), Send(ask()), Expect("reply"), Send(end("AUTH_ERR", rule="no-answer"))]
    outcome, daemon = hook.login(script, conversation=Conversation())
    assert outcome.code == Code.AUTH_ERR
    assert daemon.values() == ["<eof>"]


@pytest.mark.parametrize("name", ["AUTH_ERR", "PERM_DENIED", "MAXTRIES", "USER_UNKNOWN", "SUCCESS"])
def test_the_verdict_of_the_daemon_is_what_the_hook_returns(hook: Hook, name: str) -> None:
    with hook.daemon([Expect("open"), Send(end(name))]), hook.start(hook.stack(), Conversation()) as handle:
        assert hook.authenticate(handle).code == Code[name]
        assert hook.account(handle).code == Code[name]


def test_ignore_leaves_the_stack_to_the_others(hook: Hook) -> None:
    stack = hook.stack(auth=f"auth required {hook.line()}\nauth required [{hook.testkit}] success\n")
    with hook.daemon([Expect("open"), Send(end("IGNORE"))]), hook.start(stack, Conversation()) as handle:
        assert hook.authenticate(handle).code == Code.SUCCESS


@pytest.mark.parametrize("flags", [Flag.NONE, Flag.SILENT])
@pytest.mark.parametrize(
    ("name", "style"), [("SUCCESS", Style.INFO), ("AUTH_ERR", Style.ERROR), ("IGNORE", Style.ERROR)]
)
def test_the_sentence_of_a_verdict_is_information_only_with_success(
    hook: Hook, name: str, style: Style, flags: Flag
) -> None:
    state = Conversation()
    hook.login([Expect("open"), Send(end(name, text="100 % of\nit"))], conversation=state, flags=flags)
    silent = flags == Flag.SILENT and style == Style.INFO
    expected = [] if silent else [(style, "100 % of\nit")]
    assert [(message.style, message.text) for message in state.messages] == expected


def test_a_question_is_asked_even_of_a_program_that_wants_silence(hook: Hook) -> None:
    state = Conversation(codes=["123456"])
    outcome, _ = hook.login(asking(ask()), conversation=state, flags=Flag.SILENT)
    assert outcome.code == Code.SUCCESS


def test_keys_that_are_not_known_are_ignored(hook: Hook) -> None:
    packet = compose("ask", n=1, style="echo", text="Code: ", form="digits:6-6", colour="green", hint="x")
    outcome, _ = hook.login(asking(packet), conversation=Conversation(codes=["123456"]))
    assert outcome.code == Code.SUCCESS


KNOWN = "yes" if any(entry.pw_name == "alice" for entry in pwd.getpwall()) else "no"
NAMESPACES = "-".join(str(Path(f"/proc/self/ns/{kind}").stat().st_ino) for kind in ("user", "pid"))
BOOT = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
WRONG: dict[str, bytes] = {
    "garbage": b"\x00\xff\xfe",
    "text": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "nul at the end": end("SUCCESS") + b"\0",
    "only nul": b"\0",
    "unknown verb": compose("please", rc="SUCCESS", rule="test"),
    "verb of ours": compose("open", v=1),
    "verb of an administrator": compose("report", result="ok"),
    "verb in capitals": b"END\0rc=SUCCESS\0rule=test",
    "key twice": end("SUCCESS") + b"\0rc=SUCCESS",
    "no equals sign": end("SUCCESS") + b"\0text",
    "too many fields": compose("end", rc="SUCCESS", rule="x", **{"a" * i: "" for i in range(1, 32)}),
    "no rc": compose("end", rule="test"),
    "no rule": compose("end", rc="SUCCESS"),
    "rule is no name": end("SUCCESS", rule="a rule\nwith lines"),
    "mint is no uid": end("SUCCESS", mint="root"),
    "mint is negative": end("SUCCESS", mint="-1"),
    "mint is too high": end("SUCCESS", mint="4294967295"),
    "mint is empty": end("SUCCESS", mint=""),
    "ask without n": compose("ask", style="echo", text="Code: ", form="digits:6-6"),
    "ask out of turn": ask(2),
    "ask zero": ask(0),
    "ask with a number of another spelling": compose("ask", n="01", style="echo", text="Code: ", form="digits:6-6"),
    "ask without text": compose("ask", n=1, style="echo", form="digits:6-6"),
    "ask without style": compose("ask", n=1, text="Code: ", form="digits:6-6"),
    "ask without echo": ask(style="noecho"),
    "ask without form": compose("ask", n=1, style="echo", text="Code: "),
    "form is empty": ask(form=""),
    "form of an unknown alphabet": ask(form="any:1-128"),
    "form upside down": ask(form="digits:9-6"),
    "form over the limit": ask(form="word:1-129"),
}


@pytest.mark.parametrize("fault", WRONG)
def test_what_the_protocol_does_not_know_is_refused_at_once_and_nobody_is_asked(hook: Hook, fault: str) -> None:
    state = Conversation(codes=["123456"])
    outcome, daemon = hook.login([Expect("open"), Send(WRONG[fault])], "timeout=60 unreachable=allow", state)
    assert outcome.code == Code.AUTHINFO_UNAVAIL
    assert outcome.seconds < 10
    assert state.texts(Style.ECHO_ON, Style.ECHO_OFF) == []
    assert len(daemon.received) == 1
    assert len(outcome.logged(ERR)) == 1


@pytest.mark.parametrize("number", [1, 3])
def test_the_second_question_has_to_have_its_number(hook: Hook, number: int) -> None:
    outcome, daemon = hook.login(
        [Expect("open"), Send(ask()), Expect("reply"), Send(ask(number))],
        conversation=Conversation(codes=["123456"] * 2),
    )
    assert outcome.code == Code.AUTHINFO_UNAVAIL
    assert len(daemon.received) == 2


def test_a_word_that_is_no_verdict_is_a_refusal_and_mints_nothing(hook: Hook) -> None:
    stack = hook.stack()
    with (
        hook.daemon([Expect("open"), Send(end("PAM_SUCCESS", mint=1000))]) as daemon,
        hook.start(stack, Conversation()) as handle,
    ):
        assert hook.authenticate(handle).code == Code.AUTHINFO_UNAVAIL
        hook.account(handle)
    assert "evidence" not in daemon.received[1].fields


def test_promise_11_a_daemon_that_asks_forever_is_left(hook: Hook) -> None:
    def again(last: Packet) -> bytes:
        return ask(int(last.fields["n"]) + 1)

    steps: list[Step] = [Expect("open"), Send(ask(1))]
    for _ in range(32):
        steps += [Expect("reply"), Send(again)]
    state = Conversation(codes=["123456"] * 100)
    outcome, daemon = hook.login(steps, conversation=state)
    assert outcome.code == Code.AUTHINFO_UNAVAIL
    assert len(daemon.values()) == 32
    assert outcome.logged(ERR) == ["refused: the daemon asked too many questions (no system error)"]


def test_promise_2_account_asks_nobody(hook: Hook) -> None:
    """PAM_AUTHTOK is gone by then: what is typed could not be told from the password."""
    state = Conversation(password="secret", codes=["123456"])
    with hook.daemon([Expect("open"), Send(ask())]), hook.start(hook.stack(), state) as handle:
        outcome = hook.account(handle)
    assert outcome.code == Code.AUTHINFO_UNAVAIL
    assert state.texts(Style.ECHO_ON) == []


@pytest.mark.parametrize("item", [Item.USER, Item.TTY, Item.RHOST, Item.RUSER])
@pytest.mark.parametrize(("length", "sent"), [(1024, True), (1025, False)])
def test_promise_11_an_item_that_is_too_long_is_refused_not_cut(
    hook: Hook, item: Item, length: int, sent: bool
) -> None:
    with hook.daemon() as daemon, hook.start(hook.stack(), Conversation()) as handle:
        handle.set_item(item, "x" * length)
        outcome = hook.authenticate(handle)
    assert outcome.code == (Code.SUCCESS if sent else Code.AUTHINFO_UNAVAIL)
    assert daemon.connections == (1 if sent else 0)
    if not sent:
        assert outcome.logged(ERR) == [f"refused: PAM_{item.name} is longer than 1024 bytes"]


def test_a_login_at_all_its_limits_fits_into_a_message(hook: Hook) -> None:
    script: list[Step] = [Expect("open"), Send(end("SUCCESS", rule="r" * 64, mint=0xFFFFFFFE))]
    with hook.daemon(script) as daemon, hook.start(hook.stack("slot=first"), Conversation(), user="u" * 1024) as handle:
        for item in (Item.TTY, Item.RHOST, Item.RUSER):
            handle.set_item(item, "x" * 1024)
        handle.putenv("SSH_AUTH_INFO_0", "\n".join(str(i) * 32 for i in range(8)))
        assert hook.authenticate(handle).code == Code.SUCCESS
        assert hook.authenticate(handle).code == Code.SUCCESS
    fields = daemon.received[1].fields
    assert fields["evidence"] == "r" * 64
    assert fields["evidence_uid"] == "4294967294"
    assert len(fields["first"]) == 8 * 32 + 7


def test_debug_logs_verbs_rules_and_time(hook: Hook) -> None:
    script: list[Step] = [Expect("open"), Wait(0.1), *asking(ask())[1:-1], Send(end("SUCCESS", rule="code-right"))]
    outcome, _ = hook.login(script, "debug", Conversation(codes=["123456"]))
    lines = outcome.logged(DEBUG)
    assert lines[:4] == ["open auth", "ask 1", "reply value", "end code-right"]
    match = re.fullmatch(r"waited ([0-9]+) ms for the daemon", lines[4])
    assert match is not None
    assert int(match[1]) >= 100


def test_a_login_logs_nothing_without_debug(hook: Hook) -> None:
    outcome, _ = hook.login(asking(ask()), conversation=Conversation(codes=["123456"]))
    assert outcome.log == []
