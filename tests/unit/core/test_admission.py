"""Admission: who is judged by whose account, what has to be known besides, and what the context says."""

from dataclasses import replace
from ipaddress import ip_network

import pytest

from rw2fa_daemon.core.admission import (
    NOBODY_UID,
    Admission,
    NeedsMemory,
    NeedsWitness,
    admission_of,
    decided_without_user,
)
from rw2fa_daemon.core.budget import Guessing
from rw2fa_daemon.core.clients import Client, ServiceClass
from rw2fa_daemon.core.code_cache import CodeCache
from rw2fa_daemon.core.login import Evidence, Login, Phase, Slot
from rw2fa_daemon.core.login_settings import LoginSettings
from rw2fa_daemon.core.policy import Decision
from rw2fa_daemon.core.rule import Rule
from rw2fa_daemon.core.scope import Lists
from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.core.transitions import Resources
from rw2fa_daemon.core.user import Missing, User, UserList

NOW = 1_790_000_000.0
BOOTED_AT = NOW - 1_000
SINCE = 1_780_000_000
CLIENT = Client(ServiceClass.CODE)
LOGIN = Login(Phase.AUTH, Slot.MAIN, "sshd", "ALICE", rhost="192.0.2.7")
SETTINGS = LoginSettings(Guessing(480, 0.003), 6, "host", window_days=7, session_seconds=900)
RESOURCES = Resources(CodeCache(), lambda: Secret(b"s" * 20), lambda: 77)
LISTS = Lists(UserList.of(["alice", "@staff"]))
ALICE = User("alice", 1000, frozenset({1000}), {"staff": 50})
BOB = User("bob", 1001, frozenset({1001}), {"staff": 50})
UNSURE = replace(BOB, groups={"staff": None})
ROOT = User("root", 0, frozenset({0}), {"staff": 50})


def needed(
    user: User | Missing,
    login: Login = LOGIN,
    client: Client = CLIENT,
    *,
    lists: Lists = LISTS,
    witness: User | Missing | None = None,
    was_not_member: bool | None = None,
) -> Admission | NeedsWitness | NeedsMemory:
    def since(entries: tuple[str, ...]) -> int:
        return SINCE + len(entries)

    return admission_of(
        login,
        client,
        user,
        lists=lists,
        settings=SETTINGS,
        resources=RESOURCES,
        scope_since=since,
        now=NOW,
        booted_at=BOOTED_AT,
        witness=witness,
        was_not_member=was_not_member,
    )


def admitted(user: User | Missing, login: Login = LOGIN, client: Client = CLIENT, *, lists: Lists = LISTS) -> Admission:
    outcome = needed(user, login, client, lists=lists)
    assert isinstance(outcome, Admission)
    return outcome


@pytest.mark.parametrize(
    ("on", "service_class", "rule"),
    [
        (False, ServiceClass.CODE, Rule.OFF),
        (False, ServiceClass.IGNORE, Rule.OFF),
        (True, ServiceClass.IGNORE, Rule.SERVICE_IGNORED),
        (True, ServiceClass.CODE, None),
        (True, ServiceClass.RDP, None),
    ],
)
def test_promise_14_where_nobody_is_asked_nobody_is_looked_up(
    on: bool, service_class: ServiceClass, rule: Rule | None
) -> None:
    row = decided_without_user(LOGIN, Client(service_class), on=on)
    assert (row and row.rule) == rule


def test_the_context_is_about_who_the_directory_says_it_is() -> None:
    admission = admitted(ALICE)
    context = admission.context
    assert (admission.user, admission.row.decision) == (ALICE, Decision.LOOK)
    assert (context.name, context.uid, context.other_name) == ("alice", 1000, "")
    assert (context.now, context.booted_at, context.scope_since) == (NOW, BOOTED_AT, SINCE + 1)
    assert (context.login, context.client) == (LOGIN, CLIENT)
    assert context.settings is SETTINGS
    assert context.resources is RESOURCES


def test_promise_13_another_name_of_the_same_uid_is_judged_by_the_account_that_the_scope_names() -> None:
    admission = admitted(User("second", 1000, frozenset({1000}), {"staff": 50}, (ALICE,)))
    assert (admission.context.name, admission.context.other_name) == ("alice", "second")
    assert admission.context.uid == 1000
    assert admission.context.facts.alias
    assert admission.row.decision is Decision.LOOK


@pytest.mark.parametrize("missing", [Missing.UNKNOWN, Missing.UNAVAILABLE])
def test_who_was_not_found_goes_by_the_name_that_was_typed_and_no_uid(missing: Missing) -> None:
    context = admitted(missing).context
    assert (context.name, context.uid) == ("ALICE", NOBODY_UID)


def test_promise_4_evidence_is_only_that_of_the_same_uid() -> None:
    for uid, rule in ((1000, Rule.EVIDENCE), (1001, Rule.STATE_NEEDED)):
        assert admitted(ALICE, replace(LOGIN, evidence=Evidence("code-right", uid))).row.rule is rule


@pytest.mark.parametrize("forgeable", [False, True])
def test_an_address_that_local_users_can_forge_exempts_nobody(forgeable: bool) -> None:
    lists = replace(LISTS, exempt_networks=(ip_network("192.0.2.0/24"),))
    admission = admitted(ALICE, client=replace(CLIENT, forgeable_address=forgeable), lists=lists)
    assert admission.row.rule == (Rule.STATE_NEEDED if forgeable else Rule.EXEMPT_NETWORK)


# What has to be known besides


@pytest.mark.parametrize("known", [None, True])
def test_a_name_that_the_login_program_may_know_is_refused_without_a_witness(known: bool | None) -> None:
    assert admitted(Missing.UNKNOWN, replace(LOGIN, known=known)).row.rule is Rule.USER_UNKNOWN


@pytest.mark.parametrize(
    ("typed", "witness", "rule"),
    [
        ("eve", ROOT, Rule.NO_SUCH_USER),
        ("eve", replace(ROOT, groups={"staff": None}), Rule.USER_UNKNOWN),
        ("eve", Missing.UNKNOWN, Rule.USER_UNKNOWN),
        ("eve", Missing.UNAVAILABLE, Rule.USER_UNKNOWN),
        ("ALICE", ROOT, Rule.USER_UNKNOWN),
    ],
)
def test_promise_13_a_name_of_nobody_takes_a_witness(typed: str, witness: User | Missing, rule: Rule) -> None:
    login = replace(LOGIN, user=typed, known=False)
    assert needed(Missing.UNKNOWN, login) == NeedsWitness("root")
    outcome = needed(Missing.UNKNOWN, login, witness=witness)
    assert isinstance(outcome, Admission)
    assert outcome.row.rule is rule


@pytest.mark.parametrize("was_not_member", [False, True])
def test_promise_13_while_a_group_is_unsure_the_memory_decides(was_not_member: bool) -> None:
    assert needed(UNSURE) == NeedsMemory(UNSURE)
    outcome = needed(UNSURE, was_not_member=was_not_member)
    assert isinstance(outcome, Admission)
    assert outcome.row.rule == (Rule.REMEMBERED_NOT_ENABLED if was_not_member else Rule.SCOPE_UNSURE)


def test_no_memory_is_needed_of_who_is_exempt_or_named_or_surely_outside() -> None:
    exempt = replace(LISTS, exempt_users=UserList.of(["bob"]))
    assert admitted(UNSURE, lists=exempt).row.rule is Rule.EXEMPT_USER
    assert admitted(replace(ALICE, groups={"staff": None})).row.rule is Rule.STATE_NEEDED
    assert admitted(BOB).row.rule is Rule.NOT_ENABLED
