"""What one slot or phase leaves for the next on the same PAM handle."""

from __future__ import annotations

import pytest

from tests.support.libpam import Code, Conversation, Item
from tests.support.scripted_daemon import Expect, Packet, Send, Step, ask, end
from tests.unit.pam_hook.hook import ALERT, ERR, Hook

MINT: list[Step] = [Expect("open"), Send(end("SUCCESS", rule="code-right", mint=1000))]


def evidence(packet: Packet) -> tuple[str | None, str | None]:
    return packet.fields.get("evidence"), packet.fields.get("evidence_uid")


@pytest.mark.parametrize("word", ["SUCCESS", "IGNORE"])
def test_promise_4_account_sees_what_auth_minted(hook: Hook, word: str) -> None:
    with (
        hook.daemon([Expect("open"), Send(end(word, rule="code-right", mint=0))]) as daemon,
        hook.start(hook.stack(), Conversation()) as handle,
    ):
        hook.authenticate(handle)
        hook.account(handle)
        hook.account(handle)
    assert [evidence(packet) for packet in daemon.received] == [
        (None, None),
        ("code-right", "0"),
        ("code-right", "0"),
    ]


def test_promise_4_a_later_slot_sees_what_an_earlier_one_minted(hook: Hook) -> None:
    auth = f"auth required {hook.line('slot=first')}\nauth required {hook.line()}\n"
    with hook.daemon(MINT) as daemon, hook.start(hook.stack(auth=auth), Conversation()) as handle:
        assert hook.authenticate(handle).code == Code.SUCCESS
    assert [(packet.fields["slot"], evidence(packet)) for packet in daemon.received] == [
        ("first", (None, None)),
        ("main", ("code-right", "1000")),
    ]


def test_promise_4_another_handle_sees_nothing(hook: Hook) -> None:
    with hook.daemon(MINT) as daemon:
        stack = hook.stack()
        with hook.start(stack, Conversation()) as first, hook.start(stack, Conversation()) as second:
            hook.authenticate(first)
            hook.account(second)
    assert evidence(daemon.received[1]) == (None, None)


@pytest.mark.parametrize("other", ["bob", "alic", "alicex", "ALICE"])
def test_promise_4_another_user_of_the_same_handle_sees_nothing(hook: Hook, other: str) -> None:
    with hook.daemon(MINT) as daemon, hook.start(hook.stack(), Conversation()) as handle:
        hook.authenticate(handle)
        handle.set_item(Item.USER, other)
        hook.account(handle)
        handle.set_item(Item.USER, "alice")
    assert evidence(daemon.received[1]) == (None, None)


def test_promise_4_a_module_that_changes_the_user_takes_the_evidence_away(hook: Hook) -> None:
    account = f"account optional [{hook.testkit}] user=bob\naccount required {hook.line()}\n"
    with hook.daemon(MINT) as daemon, hook.start(hook.stack(account=account), Conversation()) as handle:
        hook.authenticate(handle)
        hook.account(handle)
    assert daemon.received[1].fields["user"] == "bob"
    assert evidence(daemon.received[1]) == (None, None)


def test_promise_4_a_program_that_changes_the_user_at_a_question_takes_the_evidence_away(hook: Hook) -> None:
    """What was judged is alice's code; whoever logs in now is another."""

    def change(_prompt: str) -> str:
        for item in (Item.USER, Item.TTY, Item.RHOST, Item.RUSER):
            handle.set_item(item, "bob")
        return "123456"

    script: list[Step] = [Expect("open"), Send(ask()), Expect("reply"), Send(end("SUCCESS", mint=1000))]
    account = f"account required [{hook.testkit}] success\n"
    state = Conversation(codes=[change, "123456", "123456"])
    with hook.daemon(script) as daemon, hook.start(hook.stack(account=account), state, tty="tty1", ruser="x") as handle:
        hook.authenticate(handle)
        hook.authenticate(handle)
        handle.set_item(Item.USER, "alice")
        hook.authenticate(handle)
    opens = [packet for packet in daemon.received if packet.verb == "open"]
    assert [(packet.fields["user"], evidence(packet)[1]) for packet in opens] == [
        ("alice", None),
        ("bob", None),
        ("alice", None),  # bob's own took the place of alice's
    ]


def test_promise_5_a_program_that_becomes_root_on_a_console_at_a_question_is_not_let_in(hook: Hook) -> None:
    def change(_prompt: str) -> str:
        for item, text in ((Item.USER, "root"), (Item.TTY, "tty1")):
            handle.set_item(item, text)
        return "123456"

    script: list[Step] = [Expect("open"), Send(ask()), Expect("reply"), Send(end("AUTHINFO_UNAVAIL"))]
    state = Conversation(codes=[change])
    stack = hook.stack("console=root")
    with hook.daemon(script), hook.start(stack, state, tty="pts/1") as handle:
        outcome = hook.authenticate(handle)
    assert outcome.code == Code.AUTHINFO_UNAVAIL
    assert outcome.logged(ALERT) == []


@pytest.mark.parametrize("item", [Item.USER, Item.RUSER])
@pytest.mark.parametrize("when", ["before", "at the question"])
def test_promise_2_a_name_that_was_or_is_set_does_not_leave(hook: Hook, item: Item, when: str) -> None:
    """As Dovecot does, which answers with the name: of digits alone it looks like a code."""

    def change(_prompt: str) -> str:
        handle.set_item(item, "other" if when == "before" else r"CORP\123456")
        return "123456"

    names = {"user" if item is Item.USER else "ruser": "123456@corp.example"} if when == "before" else {}
    script: list[Step] = [Expect("open"), Send(ask()), Expect("reply"), Send(end("AUTH_ERR"))]
    with hook.daemon(script) as daemon, hook.start(hook.stack(), Conversation(codes=[change]), **names) as handle:
        assert hook.authenticate(handle).code == Code.AUTH_ERR
    assert daemon.values() == ["<blind>"]


def test_the_last_mint_counts(hook: Hook) -> None:
    def next_uid(last: Packet) -> bytes:
        return end("SUCCESS", rule="code-right", mint=int(last.fields.get("evidence_uid", 0)) + 1)

    with hook.daemon([Expect("open"), Send(next_uid)]) as daemon, hook.start(hook.stack(), Conversation()) as handle:
        for _ in range(3):
            hook.authenticate(handle)
    assert [evidence(packet)[1] for packet in daemon.received] == [None, "1", "2"]


@pytest.mark.parametrize("word", ["AUTH_ERR", "PERM_DENIED", "MAXTRIES", "USER_UNKNOWN", "AUTHINFO_UNAVAIL"])
def test_promise_4_a_refusal_mints_nothing(hook: Hook, word: str) -> None:
    with (
        hook.daemon([Expect("open"), Send(end(word, mint=1000))]) as daemon,
        hook.start(hook.stack(), Conversation()) as handle,
    ):
        hook.authenticate(handle)
        hook.account(handle)
    assert evidence(daemon.received[1]) == (None, None)


def test_promise_3_evidence_is_in_no_environment(hook: Hook) -> None:
    with hook.daemon(MINT), hook.start(hook.stack(), Conversation()) as handle:
        hook.authenticate(handle)
        assert handle.environment() == {}


def test_promise_5_evidence_that_cannot_be_kept_is_a_refusal(hook: Hook) -> None:
    hook.spy.fail_set_data(Code.BUF_ERR)
    outcome, _ = hook.login(MINT)
    assert outcome.code == Code.AUTHINFO_UNAVAIL
    assert len(outcome.logged(ERR)) == 1
