"""Figures about everybody, found without a look at everybody."""

from dataclasses import replace

import pytest

from rw2fa_daemon.core.account import Account, Counters, Method
from rw2fa_daemon.core.budget import PERIOD_SECONDS, Guessing, Reach, allowance, reach, spend_guess
from rw2fa_daemon.core.lock_status import lock_status
from rw2fa_daemon.core.lockout import FAILURES_MAX, charge, locked
from rw2fa_daemon.core.otp import DIGITS_MAX, DIGITS_MIN
from rw2fa_daemon.core.user_counts import UserCounts
from rw2fa_daemon.store import statements as sql
from rw2fa_daemon.store.store import Store
from tests.unit.store.place import ONLY_SQLITE, Raw
from tests.unit.store.samples import ALICE, NEW, put, spend

NOW = 1_764_000_000
GUESSING = Guessing(discrepancy=480, budget=0.003)


def user(name: str, counters: Counters, digits: int = 6) -> Account:
    assert ALICE.credential is not None
    own = replace(ALICE.credential, digits=digits)
    return replace(ALICE, name=name, method=Method.APP, phone=None, credential=own, counters=counters)


def texted(name: str, counters: Counters) -> Account:
    """Somebody whose codes come in text messages, with an app for the way back."""
    return replace(user(name, counters), method=Method.SMS, phone=ALICE.phone)


def guessed(times: int, digits: int = 6, now: int = NOW) -> Counters:
    counters = Counters()
    for _ in range(times):
        counters = spend_guess(counters, reach(counters, digits, GUESSING, now), now)
    return counters


def put_in(store: Store, *people: Account) -> None:
    for account in people:
        store.transact(account.name, put(account))


def test_who_is_out_of_guesses_is_counted_by_the_digits_of_the_own_codes(store: Store) -> None:
    wide, narrow = allowance(6, GUESSING).wide, allowance(6, GUESSING).narrow
    people = [
        user("left", guessed(wide - 1)),
        user("narrowed", guessed(wide)),
        user("spent", guessed(wide + narrow)),
        user("long", guessed(wide, digits=8), digits=8),
        user("past", guessed(wide, now=NOW - PERIOD_SECONDS)),
    ]
    put_in(store, *people, NEW)
    assert store.user_counts(GUESSING, NOW) == UserCounts(activated=5, pending=0, locked=0, narrowed=2, spent=1)
    reaches = [
        reach(one.counters, one.credential.digits, GUESSING, NOW) for one in people if one.credential is not None
    ]
    assert [how is not Reach.WIDE for how in reaches].count(True) == 2
    assert reaches.count(Reach.NOWHERE) == 1


def test_who_is_out_of_guesses_at_text_messages_is_counted_while_these_are_switched_on(store: Store) -> None:
    narrow = allowance(6, GUESSING).narrow
    people = [
        texted("left", Counters(narrow_guesses=narrow - 1, narrow_at=NOW)),
        texted("out", Counters(narrow_guesses=narrow, narrow_at=NOW)),
        texted("past", Counters(narrow_guesses=narrow, narrow_at=NOW - PERIOD_SECONDS)),
        texted("at the app", guessed(allowance(6, GUESSING).wide)),
        user("app", guessed(allowance(6, GUESSING).wide)),
    ]
    put_in(store, *people)
    counted = store.user_counts(GUESSING, NOW, sms_digits=6)
    assert (counted.narrowed, counted.spent) == (1, 1)
    assert [lock_status(one, GUESSING, NOW, 6) is not None for one in people[:4]] == [False, True, False, False]
    # With 8 digits a guess is worth less, so more are left.
    assert store.user_counts(GUESSING, NOW, sms_digits=8).spent == 0
    switched_off = store.user_counts(GUESSING, NOW)
    assert (switched_off.narrowed, switched_off.spent) == (2, 0)


def test_who_is_locked_is_counted_also_until_an_administrator_unlocks(store: Store) -> None:
    for_now = for_good = Counters()
    for _ in range(5):
        for_now = charge(for_now, NOW)
    for _ in range(FAILURES_MAX):
        for_good = charge(for_good, NOW - 10 * PERIOD_SECONDS)
    put_in(store, user("now", for_now), user("good", for_good), user("free", Counters(failures=3)))
    assert all(locked(counters, NOW) for counters in (for_now, for_good))
    assert store.user_counts(GUESSING, NOW).locked == 2
    assert store.user_counts(GUESSING, NOW + PERIOD_SECONDS).locked == 1


@ONLY_SQLITE
@pytest.mark.parametrize(
    ("statement", "index"),
    [(sql.COUNT_LOCKED, "lock"), (sql.COUNT_GUESSES, "guesses"), (sql.COUNT_TEXT_GUESSES, "text_guesses")],
)
def test_nobody_is_looked_at_of_whom_there_is_nothing_to_count(raw: Raw, statement: str, index: str) -> None:
    plan = raw.execute(f"EXPLAIN QUERY PLAN {statement}", (0,) * statement.count("?")).fetchall()
    assert len(plan) == 1
    assert f"USING COVERING INDEX accounts_by_{index}" in plan[0][3]


@ONLY_SQLITE
def test_a_right_code_writes_no_more_for_the_figures(store: Store, raw: Raw) -> None:
    """The pages that a commit writes, of somebody whose guesses are in an index and of somebody who never guessed."""
    put_in(store, user("guessed", guessed(2)), texted("texted", Counters(narrow_guesses=1)), user("never", Counters()))
    changed = []
    for name in ("never", "guessed", "texted"):
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        assert store.transact(name, spend(58_000_000))
        changed.append(raw.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()[1])
    assert changed == [1, 1, 1]


def test_guesses_are_counted_for_every_number_of_digits_that_there_is(store: Store) -> None:
    spent = Counters(wide_guesses=2**40, wide_at=NOW)
    digits = range(DIGITS_MIN, DIGITS_MAX + 1)
    put_in(store, *(user(f"user{each}", spent, each) for each in digits))
    assert store.user_counts(GUESSING, NOW).narrowed == len(digits)
