"""What logins share: where jobs are run, what is drawn by chance, and what a stop still writes down."""

from pathlib import Path
from typing import Any

import pytest

from rw2fa_daemon.config.load import load
from rw2fa_daemon.core.account import GENERATION_BITS
from rw2fa_daemon.core.audit import Record
from rw2fa_daemon.core.otp import SECRET_BYTES
from rw2fa_daemon.core.user import User
from rw2fa_daemon.service.batcher import Batcher
from rw2fa_daemon.service.executor import InlineExecutor
from rw2fa_daemon.service.login_services import SMS_LOGIN_BYTES, LoginServices, make_login_services
from rw2fa_daemon.service.loop import Loop
from rw2fa_daemon.service.remote_batcher import RemoteBatcher
from rw2fa_daemon.service.state import State
from tests.support.daemon import Site
from tests.support.expected_calls import ExpectedCalls

GAMES = User("games", 5, frozenset())
DRAWN = 64
"""So often, that what is drawn twice or of the wrong length would show."""


def made(loop: Loop, state: State, calls: ExpectedCalls) -> LoginServices:
    def audit(record: Record) -> None:
        raise AssertionError(f"nothing here is audited: {record}")

    rules: Any = object()
    directory = calls.double("directory")
    return make_login_services(
        loop, rules=lambda: rules, state=state, directory=directory, relay=calls.double("relay"), audit=audit
    )


@pytest.fixture
def services(loop: Loop, state: State, calls: ExpectedCalls) -> LoginServices:
    return made(loop, state, calls)


class Elsewhere(InlineExecutor):
    """An executor of a database across a network."""

    here = False  # type: ignore[misc]  # it is final in an inline one


def test_promise_5_jobs_for_a_database_across_a_network_are_waited_for_no_longer_than_may_be(
    loop: Loop, state: State, calls: ExpectedCalls, tmp_path: Path
) -> None:
    here = made(loop, state, calls)
    across = made(loop, State(load(Site(tmp_path).config), lambda _record: None, Elsewhere()), calls)
    assert type(here.batcher) is Batcher
    assert type(across.batcher) is RemoteBatcher
    for services in (here, across):
        services.close()


def test_secrets_generations_and_names_of_logins_are_drawn_at_full_length_and_never_twice(
    services: LoginServices,
) -> None:
    resources = services.resources
    assert resources.sms_randomness is not None
    secrets = [resources.fresh_secret().reveal() for _ in range(DRAWN)]
    logins = [resources.sms_randomness.login() for _ in range(DRAWN)]
    generations = [resources.fresh_generation() for _ in range(DRAWN)]
    assert {len(secret) for secret in secrets} == {SECRET_BYTES}
    assert {len(login) for login in logins} == {SMS_LOGIN_BYTES}
    assert all(0 <= generation < 2**GENERATION_BITS for generation in generations)
    assert max(generations) >= 2 ** (GENERATION_BITS - 8)
    assert len(set(secrets)) == len(set(logins)) == len(set(generations)) == DRAWN
    services.close()


@pytest.mark.parametrize("digits", [6, 8])
def test_a_code_for_an_sms_has_all_its_digits_leading_zeros_too(services: LoginServices, digits: int) -> None:
    assert services.resources.sms_randomness is not None
    codes = [services.resources.sms_randomness.code(digits).reveal().decode() for _ in range(600)]
    assert all(len(code) == digits and code.isdecimal() for code in codes)
    assert {code[0] for code in codes} == set("0123456789")
    services.close()


def test_a_stop_writes_down_who_came_into_the_scope_and_hashes_nothing_more(
    services: LoginServices, state: State
) -> None:
    state.remember_not_member(GAMES, "a")
    services.membership_memory.seen_inside(GAMES, "a")
    services.rdp_sessions.began("alice", b"1" * 32, "192.0.2.1", 1)
    assert services.rdp_sessions.alive("alice", "192.0.2.1")
    services.close()
    assert not state.was_not_member(GAMES, "a")
    assert not services.rdp_sessions.alive("alice", "192.0.2.1")
    with pytest.raises(RuntimeError, match="after shutdown"):
        services.hashing.take_turn(
            "alice", lambda turn: turn.hash(lambda: b"", lambda _digest: None), lambda _full: None
        )
