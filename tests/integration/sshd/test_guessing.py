"""SSH logins under guessing, and from a phone whose clock is off: budget, locks, drift (promises 8 and 9, row 14)."""

import time
from datetime import datetime

import pytest

from rw2fa_daemon.core.lockout import FIRST_LOCK_SECONDS, FREE_FAILURES
from tests.integration import prompts
from tests.support.steps import stay_within_a_step
from tests.support.world.accounts import User
from tests.support.world.site import Member, Site
from tests.support.world.terminal import Terminal

pytestmark = pytest.mark.namespaces

AN_HOUR = 120
"""Steps; well within the shipped window of 480."""

SEVEN_MINUTES = 14


def reach_the_code(site: Site, user: User) -> Terminal:
    terminal = site.sshd.login(user)
    terminal.answer(prompts.PASSWORD, user.password)
    return terminal


def sign_in(site: Site, member: Member, code: str) -> None:
    terminal = reach_the_code(site, member.user)
    terminal.answer(prompts.CODE, code)
    assert terminal.end() == 0


def guess(site: Site, member: Member, times: int) -> None:
    """Logins with so many wrong codes in all."""
    while times > 0:
        terminal = reach_the_code(site, member.user)
        for _ in range(min(times, 3)):
            terminal.answer(prompts.CODE, member.phone.wrong())
        times -= 3
        # After the third the login ends; before, whoever is asked again gives up.
        if not terminal.ends_before(prompts.CODE):
            terminal.hang_up()


def last_record(site: Site, user: User) -> dict[str, str]:
    record = site.rw2fa.json("audit", "--user", user.name)[-1]
    assert isinstance(record, dict)
    return record


def test_promise_9_a_code_that_is_an_hour_off_counts_until_three_were_wrong(site: Site, member: Member) -> None:
    guess(site, member, 2)
    sign_in(site, member, member.phone.code(AN_HOUR))


def test_promise_9_after_three_wrong_codes_one_that_is_an_hour_off_is_refused_and_a_present_one_accepted(
    site: Site, member: Member
) -> None:
    guess(site, member, 3)
    off = reach_the_code(site, member.user)
    off.answer(prompts.CODE, member.phone.code(AN_HOUR))
    off.expect(prompts.CLOCK)
    off.answer(prompts.READ, "")
    assert off.end() != 0
    refused = last_record(site, member.user)
    assert refused["rule"] == "code-outside-window"
    assert refused["reason"].startswith("valid, but 60 minutes early: the phone is about 60 minutes fast")
    sign_in(site, member, member.phone.fresh())
    shown = site.show(member.user)
    assert (shown["failures"], shown["guesses"]["wide_spent"]) == (0, 3), "a success gives no guess back"
    again = reach_the_code(site, member.user)
    again.answer(prompts.CODE, member.phone.code(AN_HOUR + 1))
    again.answer(prompts.READ, "")
    assert again.end() != 0
    site.rw2fa.command("users", "unlock", member.user.name)
    sign_in(site, member, member.phone.code(AN_HOUR + 2))


def test_promise_8_the_fifth_wrong_code_in_a_row_locks_for_a_minute(site: Site, member: Member) -> None:
    guess(site, member, FREE_FAILURES)
    assert site.show(member.user)["locked"] is False
    terminal = reach_the_code(site, member.user)
    terminal.answer(prompts.CODE, member.phone.wrong())
    terminal.expect(prompts.LOCKED)
    terminal.answer(prompts.READ, "")
    assert terminal.end() != 0
    shown = site.show(member.user)
    seconds = datetime.fromisoformat(shown["locked_until"]).timestamp() - time.time()
    assert FIRST_LOCK_SECONDS - 15 < seconds <= FIRST_LOCK_SECONDS
    record = last_record(site, member.user)
    assert (record["event"], record["reason"]) == ("locked", "for 1 minute")


def test_row_14_a_phone_that_is_seven_minutes_off_gets_in_and_the_administrator_sees_it(
    site: Site, member: Member
) -> None:
    stay_within_a_step()
    sign_in(site, member, member.phone.code(SEVEN_MINUTES))
    accepted = last_record(site, member.user)
    assert (accepted["rule"], accepted["reason"]) == ("code-right", "valid, 7 minutes early")
    shown = site.show(member.user)
    assert (shown["drift_seconds"], shown["drift"]) == (30 * SEVEN_MINUTES, "the phone is about 7 minutes fast")


def test_promise_9_a_phone_that_is_always_off_gets_in_after_the_budget_is_spent(site: Site, member: Member) -> None:
    stay_within_a_step()
    sign_in(site, member, member.phone.code(SEVEN_MINUTES))
    guess(site, member, 3)
    sign_in(site, member, member.phone.code(SEVEN_MINUTES + 1))
    # And when somebody puts it right.
    sign_in(site, member, member.phone.code(1))
