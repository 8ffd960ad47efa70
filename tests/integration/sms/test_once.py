"""Promise 1 for codes of text messages: once, in one login, across concurrency and kill -9."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

from tests.integration.sms.sender import Office

NAME = "daemon"
LOGINS = 3
"""Fewer than the wrong codes that lock."""


def test_promise_1_a_code_typed_into_many_logins_at_once_lets_in_once(office: Office) -> None:
    office.give_numbers([NAME])
    with office.site.daemon(), ExitStack() as stack, ThreadPoolExecutor(LOGINS) as pool:
        hooks = [stack.enter_context(office.site.hook()) for _ in range(LOGINS)]
        for count, hook in enumerate(hooks, 1):
            assert hook.open(NAME)["verb"] == "ask"
            # One after the other, so that the last message has the code that is outstanding.
            code = office.code(NAME, count)
        said = list(pool.map(lambda hook: hook.reply(code), hooks))
        assert [answer.get("rc") for answer in said] == [*[None] * (LOGINS - 1), "SUCCESS"]
        again = list(pool.map(lambda hook: hook.reply(code, 2), hooks[:-1]))
        assert [answer for answer in again if answer.get("rc") == "SUCCESS"] == []


def test_promise_1_a_code_dies_with_the_daemon_that_sent_it(office: Office) -> None:
    office.give_numbers([NAME])
    with office.site.daemon() as daemon, office.site.hook() as hook:
        hook.open(NAME)
        code = office.code(NAME)
        daemon.kill()
        daemon.wait()
    with office.site.daemon(), office.site.hook() as hook:
        hook.open(NAME)
        assert "not accepted" in hook.reply(code)["text"]


def test_promise_1_an_accepted_code_is_spent_when_the_answer_leaves(office: Office) -> None:
    office.give_numbers([NAME])
    with office.site.daemon() as daemon, office.site.hook() as hook:
        hook.open(NAME)
        assert hook.reply(office.code(NAME))["rc"] == "SUCCESS"
        daemon.kill()
        daemon.wait()
    account = office.site.account(NAME)
    assert account is not None
    assert account.sms_code is None
