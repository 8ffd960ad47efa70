"""The policy table, over every combination of facts there is."""

from functools import cache
from itertools import product

import pytest

from rw2fa_daemon.core.clients import ServiceClass
from rw2fa_daemon.core.login import Phase, Slot
from rw2fa_daemon.core.logon import PassFound
from rw2fa_daemon.core.policy import (
    BEFORE_NAMES,
    TABLE,
    AccountState,
    Decision,
    Facts,
    Rc,
    Row,
    decide,
    with_account,
)
from rw2fa_daemon.core.scope import ScopeStatus

_WITHOUT_PASS = [
    Facts(*cells, PassFound.NONE)  # type: ignore[arg-type, call-arg]  # product() knows no types for so many
    for cells in product(
        (False, True),
        ServiceClass,
        Phase,
        Slot,
        (False, True),
        (False, True),
        ScopeStatus,
        (False, True),
        (False, True),
        (False, True),
        (False, True),
        AccountState,
        (False, True),
    )
]
_WITH_PASS = [
    Facts(
        on,
        service_class,
        phase,
        slot,
        first_factor=False,
        evidence=evidence,
        scope_status=who,
        whitelisted=whitelisted,
        client_can_ask=False,
        client_can_enrol=False,
        rdp_pass=found,
    )
    for on, service_class, phase, slot, evidence, who, whitelisted, found in product(
        (False, True), ServiceClass, Phase, Slot, (False, True), ScopeStatus, (False, True), PassFound
    )
]
EVERYTHING = _WITHOUT_PASS + _WITH_PASS
NEEDS_NO_FACTOR = {
    ScopeStatus.EXEMPT_USER,
    ScopeStatus.EXEMPT_NETWORK,
    ScopeStatus.NOT_ENABLED,
    ScopeStatus.REMEMBERED_NOT_ENABLED,
}


@cache
def _row(facts: Facts) -> Row:
    return next(row for row in TABLE if row.matches(facts))


def test_every_combination_has_a_row_and_every_row_is_reached() -> None:
    reached = {id(_row(facts)) for facts in EVERYTHING}
    assert [row.rule for row in TABLE if id(row) not in reached] == []


def test_promise_4_an_enabled_person_is_never_let_in_without_evidence_or_a_code() -> None:
    for facts in EVERYTHING:
        if not facts.on or facts.service_class is ServiceClass.IGNORE or facts.scope_status is not ScopeStatus.ENABLED:
            continue
        row = _row(facts)
        if row.decision in {Decision.CODE, Decision.ENROL, Decision.LOOK}:
            continue
        code = row.rc
        if code in {Rc.SUCCESS, Rc.IGNORE}:
            excused = (
                facts.evidence
                or facts.account in {AccountState.BYPASSED, AccountState.RECENT}
                or (facts.service_class is ServiceClass.RDP and facts.whitelisted)
                or (facts.service_class is ServiceClass.RDP and facts.rdp_pass in {PassFound.LIVE, PassFound.RECONNECT})
                or (facts.slot is Slot.KEY and not facts.first_factor and code is Rc.IGNORE)
            )
            assert excused, (facts, row.rule)
            assert facts.phase is Phase.AUTH or facts.evidence, (facts, row.rule)


def test_promise_14_success_is_given_for_what_was_judged_in_this_login_alone() -> None:
    for facts in EVERYTHING:
        row = _row(facts)
        if row.rc is Rc.SUCCESS:
            assert (facts.on, facts.phase, facts.scope_status) == (True, Phase.AUTH, ScopeStatus.ENABLED)
            assert row.rule == "bypass" or (facts.evidence and facts.slot is Slot.KEY and facts.first_factor)


def test_promise_14_whoever_is_not_asked_is_none_of_our_business_in_every_slot() -> None:
    for facts in EVERYTHING:
        off = not facts.on or facts.service_class is ServiceClass.IGNORE
        if off or facts.scope_status in NEEDS_NO_FACTOR:
            assert _row(facts).rc is Rc.IGNORE, facts


@pytest.mark.parametrize(("account", "rule"), [(AccountState.BYPASSED, "bypass"), (AccountState.RECENT, "recent-code")])
def test_promise_4_who_need_not_be_asked_is_let_in_where_a_code_would_be_asked_for_and_nowhere_else(
    account: AccountState, rule: str
) -> None:
    for facts in EVERYTHING:
        if facts.account is not account:
            continue
        otherwise = _row(with_account(facts, AccountState.ACTIVATED))
        if otherwise.rule in {"code", "cannot-ask"}:
            kept = account is AccountState.BYPASSED and not facts.attended
            assert _row(facts).rule == ("bypass-unattended" if kept else rule)
        else:
            assert _row(facts) is otherwise, "it is decided without looking at the account"


def test_promise_4_a_bypass_is_used_up_only_where_it_lets_in() -> None:
    assert [row.rule for row in TABLE if row.uses_bypass] == ["bypass"]


def test_promise_4_a_name_that_nobody_has_goes_on_to_the_password_and_no_further() -> None:
    for facts in EVERYTHING:
        if (
            facts.on
            and facts.service_class is not ServiceClass.IGNORE
            and facts.scope_status is ScopeStatus.NO_SUCH_USER
        ):
            row = _row(facts)
            before_anything = facts.phase is Phase.AUTH and not facts.first_factor
            assert row.rc is (Rc.IGNORE if before_anything else Rc.USER_UNKNOWN)
            assert not row.mint


def test_promise_13_what_is_not_known_is_not_let_pass() -> None:
    for facts in EVERYTHING:
        unknown = {ScopeStatus.SCOPE_UNSURE, ScopeStatus.DIRECTORY_UNAVAILABLE, ScopeStatus.USER_UNKNOWN}
        if facts.on and facts.service_class is not ServiceClass.IGNORE and facts.scope_status in unknown:
            assert _row(facts).decision is Decision.DENY


def test_nobody_is_asked_who_is_off_ignored_exempt_or_not_enabled() -> None:
    for facts in EVERYTHING:
        if not facts.on or facts.service_class is ServiceClass.IGNORE or facts.scope_status in NEEDS_NO_FACTOR:
            row = _row(facts)
            assert row.decision is Decision.IGNORE
            assert not row.mint


def test_rules_before_names_depend_on_no_name() -> None:
    for facts in EVERYTHING:
        if _row(facts).rule in BEFORE_NAMES:
            assert not facts.on or facts.service_class is ServiceClass.IGNORE


def test_rdp_is_decided_without_a_question_and_only_a_pass_has_to_be_looked_up() -> None:
    for facts in EVERYTHING:
        if facts.service_class is ServiceClass.RDP:
            row = _row(facts)
            assert row.decision not in {Decision.CODE, Decision.ENROL}
            assert row.decision is not Decision.LOOK or row.rule in {"pass-needed", "pass-to-use"}


def test_promise_4_the_evidence_of_a_pass_is_worth_nothing_until_the_pass_was_used_up() -> None:
    for facts in _WITH_PASS:
        if facts.on and facts.scope_status is ScopeStatus.ENABLED and facts.service_class is not ServiceClass.IGNORE:
            before = facts._replace(rdp_pass=PassFound.TO_USE)
            if facts.evidence and facts.phase is Phase.ACCOUNT:
                assert _row(before).decision is Decision.LOOK
                gone = _row(facts._replace(rdp_pass=PassFound.GONE))
                assert (gone.decision, gone.rc) == (Decision.DENY, Rc.PERM_DENIED)


def test_only_an_rdp_login_in_auth_is_given_the_evidence_of_a_pass() -> None:
    for facts in EVERYTHING:
        if _row(facts).rule in {"pass", "pass-reconnect"}:
            assert facts.service_class is ServiceClass.RDP
            assert facts.phase is Phase.AUTH
            assert facts.scope_status is ScopeStatus.ENABLED


def test_evidence_is_minted_by_auth_only() -> None:
    for facts in EVERYTHING:
        if _row(facts).mint:
            assert facts.phase is Phase.AUTH


def test_the_memory_of_decide_gives_what_the_table_gives() -> None:
    for facts in EVERYTHING[:: len(EVERYTHING) // 500]:
        assert decide(facts) is _row(facts)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.rule)
def test_a_row_either_ends_or_asks(row: Row) -> None:
    assert (row.rc is None) is (row.decision in {Decision.CODE, Decision.ENROL, Decision.LOOK})
    assert row.decision is not Decision.DENY or row.event is not None
