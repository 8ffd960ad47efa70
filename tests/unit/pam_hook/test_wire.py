"""Hook and daemon mean the same: each side's messages in the other side's hands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rw2fa_daemon.core.login import Phase, Slot
from rw2fa_daemon.core.policy import Rc
from rw2fa_daemon.core.rule import Rule
from rw2fa_daemon.core.transitions import Ask, End, NoReply
from rw2fa_daemon.wire import login, message
from tests.support.libpam import Code, Conversation
from tests.support.scripted_daemon import Expect, Send, Step
from tests.support.scripted_daemon import ask as scripted_ask
from tests.support.scripted_daemon import end as scripted_end
from tests.unit.pam_hook.hook import Hook
from tests.unit.pam_hook.pure import Pure

LIMITS = Path(__file__).resolve().parents[3] / "pam_hook" / "limits.h"


@pytest.mark.parametrize("name", ["MESSAGE_MAX", "FIELDS_MAX", "VALUE_MAX", "ITEM_MAX"])
def test_promise_11_both_sides_have_the_same_limits(name: str) -> None:
    defined = re.search(rf"^#define RW2FA_{name} ([0-9]+)", LIMITS.read_text(), re.MULTILINE)
    assert defined is not None
    assert int(defined[1]) == getattr(message, name)


def test_the_daemon_reads_what_the_hook_opens_with(hook: Hook) -> None:
    script: list[Step] = [Expect("open"), Send(scripted_end("SUCCESS", rule="code-right", mint=1000))]
    with (
        hook.daemon(script) as daemon,
        hook.start(hook.stack("slot=key"), Conversation(), tty="ssh", rhost="192.0.2.7", ruser="bob") as handle,
    ):
        handle.putenv("SSH_AUTH_INFO_0", "publickey ssh-ed25519 AAAA\npassword\n")
        hook.authenticate(handle)
        hook.account(handle)
    auth, account = (login.read_open(message.parse(packet.raw)) for packet in daemon.received)
    assert (auth.phase, auth.slot, auth.service, auth.user) == (Phase.AUTH, Slot.KEY, "test", "alice")
    assert (auth.tty, auth.rhost, auth.ruser) == ("ssh", "192.0.2.7", "bob")
    assert auth.first == ("publickey", "password")
    assert auth.evidence is None
    assert account.phase == Phase.ACCOUNT
    assert account.evidence is not None
    assert (account.evidence.rule, account.evidence.uid) == ("code-right", 1000)


@pytest.mark.parametrize("silence", list(NoReply))
def test_the_daemon_knows_every_reason_for_no_answer(hook: Hook, silence: NoReply) -> None:
    typed = {"blind": "secret", "badform": "x", "empty": " "}.get(silence.value)
    state = Conversation(codes=[] if typed is None else [typed])
    script: list[Step] = [Expect("open"), Send(scripted_ask()), Expect("reply"), Send(scripted_end("AUTH_ERR"))]
    _, daemon = hook.login(script, conversation=state, before="authtok=secret")
    reply = message.parse(daemon.received[1].raw)
    assert login.read_reply(reply, Ask(1, "Code: ", "digits:6-6")) == silence


def test_the_daemon_takes_the_value_that_the_hook_lets_through(hook: Hook) -> None:
    question = Ask(1, "Code: ", "digits:6-6,word:10-20")
    script: list[Step] = [
        Expect("open"),
        Send(login.write_ask(question)),
        Expect("reply"),
        Send(scripted_end("SUCCESS")),
    ]
    _, daemon = hook.login(script, conversation=Conversation(codes=["abcde-fghij"]))
    assert login.read_reply(message.parse(daemon.received[1].raw), question) == "abcde-fghij"


@pytest.mark.parametrize("digits", range(4, 13))
def test_the_hook_lets_codes_of_every_length_through(pure: Pure, digits: int) -> None:
    form = f"digits:{digits}-{digits}"
    assert pure.form(form.encode(), b"1" * digits)
    assert login.has_form("1" * digits, form)


def test_the_hook_knows_every_verdict_of_the_daemon(pure: Pure) -> None:
    for rc in Rc:
        mint = 1000 if rc in {Rc.SUCCESS, Rc.IGNORE} else None
        packet = login.write_end(End(rc, Rule.CODE_RIGHT, "A sentence.", mint))
        assert pure.verdict(packet) == (Code[rc.value], mint)
