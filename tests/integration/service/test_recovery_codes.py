"""Recovery codes and words against a real daemon: hashing is slow, bounded, and in nobody's way (promises 8 and 11)."""

import os
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from statistics import median
from threading import Event, Thread

import pytest

from rw2fa_daemon.core.account import Account
from rw2fa_daemon.core.lockout import FREE_FAILURES, charge
from rw2fa_daemon.core.otp import code_at
from rw2fa_daemon.core.recovery_codes import RECOVERY_CODES
from rw2fa_daemon.service.hashing import TURNS_PER_USER_MAX, WAITING_MAX
from tests.support.daemon import HOST_USERS, Hook, Site, wait_until

WRONG_WORD = "aaaa-bbbb-cccc"
AT_ONCE = 200
VICTIMS = 5
FLOOD = 300


def stored(site: Site, name: str) -> Account:
    account = site.account(name)
    assert account is not None
    return account


def give_recovery_codes(site: Site, *names: str) -> dict[str, tuple[str, ...]]:
    given = {}
    store = site.store()
    words = store.code_hasher()
    for name in names:
        new = words.new(name)

        def work(account: Account | None, digests: tuple[bytes, ...] = new.digests) -> tuple[Account | None, None]:
            assert account is not None
            return replace(account, recovery=digests), None

        store.transact(name, work)
        given[name] = new.codes
    store.close()
    return given


@pytest.fixture
def people(site: Site) -> tuple[str, ...]:
    """Everybody, enrolled and with recovery codes; those of the first two are made, the others never match."""
    site.enrol(*HOST_USERS)
    store = site.store()
    for name in HOST_USERS:
        account = store.read(name)
        assert account is not None
        store.transact(name, lambda _, account=account: (replace(account, recovery=(b"x" * 32,)), None))  # type: ignore[misc]  # bound now
    store.close()
    return HOST_USERS


def asked(stack: ExitStack, site: Site, name: str) -> Hook:
    hook = stack.enter_context(site.hook())
    assert hook.open(name)["verb"] == "ask"
    return hook


def test_promise_11_a_crowd_of_recovery_codes_is_answered_in_time_and_slows_no_login_by_app(
    site: Site, people: tuple[str, ...]
) -> None:
    app, others = people[0], people[1:]
    answers: list[str] = []
    finished = Event()
    with site.daemon(), ExitStack() as stack:
        hooks = [asked(stack, site, others[number % len(others)]) for number in range(AT_ONCE)]

        def collect() -> None:
            answers.extend(hook.told(hook.receive()).get("rule", "asked again") for hook in hooks)
            finished.set()

        for hook in hooks:
            hook.send("reply", n="1", value=WRONG_WORD)
        reader = Thread(target=collect)
        reader.start()
        seconds, offset = [], -480
        while not finished.is_set():
            code = site.code(app, offset)
            started = time.monotonic()
            assert site.login(app, code)["rule"] == "code-right"
            seconds.append(time.monotonic() - started)
            offset += 1
            time.sleep(0.02)
        reader.join()
    assert len(seconds) > 10
    # Measured on two idle cores: 1 ms without the crowd, 2 ms with it; all of the crowd answered after 1.6 to 2.1 s.
    assert median(seconds) < 0.1
    charged = sum(stored(site, name).counters.failures for name in others)
    each = min(FREE_FAILURES + 1, AT_ONCE // len(others))
    assert each * len(others) <= charged <= (FREE_FAILURES + 1) * len(others), "words that were hashed, until a lock"


def first_code(site: Site, name: str) -> str:
    """The first code of somebody who was shown a key."""
    credential = stored(site, name).credential
    assert credential is not None
    return code_at(credential.secret, int(time.time()) // 30, credential.digits)


def test_promise_11_one_account_floods_and_recovery_codes_and_activations_of_others_work(site: Site) -> None:
    mallory, alice, newcomer, app, *_ = HOST_USERS
    site.enrol(mallory, alice, app)
    with site.daemon(), ExitStack() as stack:
        words = give_recovery_codes(site, mallory, alice)
        flood = [asked(stack, site, mallory) for _ in range(FLOOD)]
        hers, first, by_app = (asked(stack, site, name) for name in (alice, newcomer, app))
        code = first_code(site, newcomer)
        for hook in flood:
            hook.send("reply", n="1", value=WRONG_WORD)
        # None of these has to wait for more than what was under way.
        assert by_app.reply(site.code(app))["rule"] == "code-right"
        assert hers.reply(words[alice][0])["rule"] == "recovery-code"
        assert "write them down" in first.reply(code)["text"]
        answers = Counter(hook.told(hook.receive()).get("rule", "asked again") for hook in flood)
    assert stored(site, newcomer).activated
    account = stored(site, mallory)
    assert account.counters.failures == FREE_FAILURES + 1, "after that they were refused unseen"
    assert answers["asked again"] == FREE_FAILURES
    assert answers["too-many-at-once"] > 0
    assert not set(answers) - {"asked again", "too-many-at-once", "locked"}


def test_promise_8_who_is_locked_is_refused_before_a_word_is_hashed(site: Site, people: tuple[str, ...]) -> None:
    user = people[0]
    (words,) = give_recovery_codes(site, user).values()
    with site.daemon() as daemon, ExitStack() as stack:
        late = [asked(stack, site, user) for _ in range(TURNS_PER_USER_MAX)]
        store = site.store()
        now = time.time()
        store.transact(user, lambda account: (locked_at(account, now), None))
        store.close()
        before = processor_seconds(daemon.pid)
        for hook in late:
            hook.send("reply", n="1", value=words[0])
        assert {hook.told(hook.receive())["rule"] for hook in late} == {"locked"}
        # Ten words take 0.2 s.
        assert processor_seconds(daemon.pid) - before < 0.1
        with site.hook() as hook:
            assert hook.open(user)["rule"] == "locked", "at the first question"
    assert len(stored(site, user).recovery) == RECOVERY_CODES


def locked_at(account: Account | None, now: float) -> Account:
    assert account is not None
    counters = account.counters
    for _ in range(FREE_FAILURES + 1):
        counters = charge(counters, now)
    return replace(account, counters=counters)


def test_promise_8_a_word_that_nobody_can_hash_now_is_refused_and_not_charged(site: Site) -> None:
    crowd, users = HOST_USERS[: WAITING_MAX // RECOVERY_CODES], HOST_USERS[-VICTIMS:]
    site.enrol(*users)
    refused = 0
    with site.daemon(), ExitStack() as stack:
        words = give_recovery_codes(site, *users)
        activating = {name: asked(stack, site, name) for name in crowd}
        codes = {name: first_code(site, name) for name in crowd}
        mine = {name: asked(stack, site, name) for name in users}
        for name, hook in activating.items():
            hook.send("reply", n="1", value=codes[name])
        for _ in range(2):
            site.status()  # by then it has begun with all of them
        for name, hook in mine.items():
            hook.send("reply", n="1", value=words[name][0])
        for name, hook in mine.items():
            answer, account = hook.receive(), stored(site, name)
            assert account.counters.failures == 0
            # Now and then a place is free again when the word comes.
            if answer["rule"] == "state-unusable":
                refused += 1
                assert answer["rc"] == "AUTHINFO_UNAVAIL"
                assert len(account.recovery) == RECOVERY_CODES
        assert refused > 0
        for hook in activating.values():
            assert "write them down" in hook.receive()["text"]
        assert site.login(users[0], words[users[0]][1])["rule"] == "recovery-code"
    assert "too many recovery codes wait to be hashed" in (site.state / "audit.jsonl").read_text()


def test_promise_11_a_wrong_first_code_costs_no_hashing(site: Site) -> None:
    name = HOST_USERS[0]
    with site.daemon() as daemon, site.hook() as hook:
        hook.open(name)
        wrong = f"{(int(first_code(site, name)) + 1) % 10**6:06d}"
        before = processor_seconds(daemon.pid)
        for n in range(1, 5):
            assert hook.reply(wrong, n)["verb"] == "ask"
        # Ten words take 0.2 s.
        assert processor_seconds(daemon.pid) - before < 0.1


def processor_seconds(pid: int) -> float:
    """What a process has used of the processors."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_promise_8_hanging_up_while_a_word_is_hashed_evades_no_charge(site: Site, people: tuple[str, ...]) -> None:
    user = people[0]
    with site.daemon():
        for _ in range(3):
            with site.hook() as hook:
                hook.open(user)
                hook.send("reply", n="1", value=WRONG_WORD)
        wait_until(lambda: stored(site, user).counters.failures == 3, 10)
        assert site.status()["connections"] == "0"
        assert site.login(user, site.code(user))["rule"] == "code-right"


def test_promise_1_a_right_word_is_used_up_even_if_its_sender_hangs_up(site: Site, people: tuple[str, ...]) -> None:
    user = people[0]
    (words,) = give_recovery_codes(site, user).values()
    with site.daemon():
        with site.hook() as hook:
            hook.open(user)
            hook.send("reply", n="1", value=words[0])
        wait_until(lambda: len(stored(site, user).recovery) == RECOVERY_CODES - 1, 10)
        assert site.login(user, words[0])["verb"] == "ask"


def test_a_message_while_a_word_is_hashed_is_out_of_turn(site: Site, people: tuple[str, ...]) -> None:
    with site.daemon(), site.hook() as hook:
        hook.open(people[0])
        hook.send("reply", n="1", value=WRONG_WORD)
        assert hook.reply(WRONG_WORD) == {}


def test_a_stop_while_words_are_hashed_ends_in_time(site: Site, people: tuple[str, ...]) -> None:
    with site.daemon() as daemon, ExitStack() as stack:
        hooks = [asked(stack, site, name) for name in people[:10]]
        for hook in hooks:
            hook.send("reply", n="1", value=WRONG_WORD)
        daemon.terminate()
        assert daemon.wait(10) == 0
        assert all(hook.receive()["verb"] in {"ask", "end"} for hook in hooks)


def test_digits_that_have_the_form_of_a_word_are_no_code(site: Site) -> None:
    site.enrol("daemon", digits=6)
    give_recovery_codes(site, "daemon")
    with site.daemon():
        assert site.login("daemon", "000000" + site.code("daemon"))["verb"] == "ask"
        assert stored(site, "daemon").counters.failures == 1
        assert site.login("daemon", site.code("daemon"))["rule"] == "code-right"


def test_promise_8_digits_typed_for_a_word_are_counted_as_a_wrong_word(site: Site) -> None:
    site.enrol("daemon")
    store = site.store()
    account = stored(site, "daemon").reset(generation=3, now=int(time.time()), token=b"t" * 32)
    store.transact("daemon", lambda _: (account, None))
    store.close()
    with site.daemon():
        assert site.login("daemon", "234567892345")["rule"] == "enrol-failed"
    assert stored(site, "daemon").counters.enrol_failures == 1
