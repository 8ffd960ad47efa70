"""What is found wrong with a service, and what is rightly left alone."""

from __future__ import annotations

import pytest

from rw2fa_daemon.core.clients import Client, ServiceClass
from rw2fa_daemon.pamstack.faults import Fault, Name, faults
from rw2fa_daemon.pamstack.stack import load

CODE = Client(ServiceClass.CODE)
OUTSIDE = Client(ServiceClass.CODE, outside=True)
IGNORED = Client(ServiceClass.IGNORE)

OTHER = "auth required pam_deny.so\naccount required pam_deny.so\n"
DEBIAN = """
auth	[success=1 default=ignore]	pam_unix.so nullok
auth	requisite			pam_deny.so
auth	required			pam_permit.so
auth	requisite			pam_rw2fa.so
auth	optional			pam_cap.so
"""
ACCOUNT = """
account	[success=1 new_authtok_reqd=done default=ignore]	pam_unix.so
account	requisite			pam_deny.so
account	required			pam_permit.so
"""


def look(text: str, client: Client = CODE, *, name: str = "svc", listed: bool = True, **files: str) -> list[Fault]:
    world = {"/etc/pam.d/other": OTHER, f"/etc/pam.d/{name}": text}
    world |= {f"/etc/pam.d/{file.replace('_', '-')}": content for file, content in files.items()}
    return faults(load(name, world.get), client, listed=listed)


def names(found: list[Fault]) -> set[Name]:
    return {fault.name for fault in found}


def test_the_stack_that_pam_auth_update_writes_is_right() -> None:
    assert look(DEBIAN + ACCOUNT) == []


def test_a_stack_that_is_included_or_a_substack_is_right_too() -> None:
    for how in ("@include common-auth", "auth include common-auth", "auth substack common-auth"):
        assert look(f"{how}\n{ACCOUNT}", common_auth=DEBIAN) == [], how


def test_a_password_without_a_code_is_found() -> None:
    assert names(look(DEBIAN.replace("pam_rw2fa.so", "pam_permit.so") + ACCOUNT)) == {Name.LINE_MISSING}


def test_a_service_that_nobody_listed_is_mentioned_without_gravity() -> None:
    (fault,) = look(DEBIAN.replace("pam_rw2fa.so", "pam_permit.so") + ACCOUNT, listed=False)
    assert not fault.grave


def test_a_jump_past_our_line_is_found() -> None:
    assert names(look(DEBIAN.replace("success=1", "success=3") + ACCOUNT)) == {Name.LINE_UNREACHED}


def test_promise_4_a_sufficient_module_before_our_line_is_a_way_past_it() -> None:
    (fault,) = look("auth sufficient pam_ldap.so\n" + DEBIAN + ACCOUNT)
    assert fault.name is Name.BYPASS
    assert "pam_ldap.so (/etc/pam.d/svc:1) = success" in fault.detail


def test_a_second_module_that_jumps_too_far_is_found() -> None:
    stack = DEBIAN.replace("success=1 default=ignore]	pam_unix", "success=3 default=ignore]	pam_sss")
    assert Name.BYPASS in names(look("auth [success=2 default=ignore] pam_unix.so\n" + stack + ACCOUNT))


@pytest.mark.parametrize("control", ["optional", "sufficient", "[success=ok default=ignore]"])
def test_a_control_that_ignores_our_refusal_is_found(control: str) -> None:
    stack = DEBIAN.replace("requisite			pam_rw2fa", f"{control} pam_rw2fa")
    assert Name.REFUSAL_IGNORED in names(look(stack + ACCOUNT))


def test_a_control_that_ignores_a_missing_module_is_found() -> None:
    control = "[success=ok ignore=ignore module_unknown=ignore default=die]"
    stack = DEBIAN.replace("requisite			pam_rw2fa", f"{control} pam_rw2fa")
    assert names(look(stack + ACCOUNT)) == {Name.REFUSAL_IGNORED}


def test_promise_10_a_line_before_the_password_asks_strangers() -> None:
    assert Name.BEFORE_FIRST_FACTOR in names(look("auth requisite pam_rw2fa.so\nauth required pam_unix.so\n" + ACCOUNT))


def test_promise_10_a_line_that_is_reached_after_a_wrong_password_asks_strangers() -> None:
    found = look("auth required pam_unix.so\nauth requisite pam_rw2fa.so\n" + ACCOUNT)
    assert names(found) == {Name.BEFORE_FIRST_FACTOR}


def test_a_module_that_knows_no_password_never_finds_one_too_old() -> None:
    # The failure of the first line stays, whatever follows: with a demand for a new password people would be let in.
    first = "auth [success=ok user_unknown=ignore default=bad] {} user != root\n"
    assert look(first.format("pam_succeed_if.so") + DEBIAN + ACCOUNT) == []
    assert Name.REFUSAL_IGNORED in names(look(first.format("pam_of_their_own.so") + DEBIAN + ACCOUNT))


CARD = """
auth [success=2 default=ignore] pam_sss.so try_cert_auth
auth substack common-auth
auth required pam_x.so
auth required pam_permit.so
"""


def test_a_smart_card_and_its_pin_instead_of_a_code_are_grave_only_from_outside() -> None:
    (inside,) = look(CARD + ACCOUNT, common_auth=DEBIAN)
    assert (inside.name, inside.grave) == (Name.CARD, False)
    outside = look(CARD + "account required pam_rw2fa.so\n" + ACCOUNT, OUTSIDE, common_auth=DEBIAN)
    assert [(fault.name, fault.grave) for fault in outside] == [(Name.CARD, True)]


def test_promise_4_the_same_way_by_a_password_is_grave() -> None:
    found = look(CARD.replace("try_cert_auth", "") + ACCOUNT, common_auth=DEBIAN)
    assert [(fault.name, fault.grave) for fault in found] == [(Name.BYPASS, True)]


def test_where_only_cards_are_taken_no_line_is_missing() -> None:
    only = "auth required pam_sss.so require_cert_auth\n" + ACCOUNT
    assert names(look(only)) == {Name.CARD}
    assert names(look(only.replace("require_cert_auth", ""))) == {Name.LINE_MISSING}


def test_root_may_skip_by_pam_rootok() -> None:
    assert look("auth sufficient pam_rootok.so\n" + DEBIAN + ACCOUNT) == []


def test_a_way_in_without_any_factor_is_grave_only_from_outside() -> None:
    way = "auth sufficient pam_succeed_if.so user ingroup nopasswdlogin\n"
    (inside,) = look(way + DEBIAN + ACCOUNT)
    assert (inside.name, inside.grave) == (Name.NO_FACTOR, False)
    outside = look(way + DEBIAN + "account required pam_rw2fa.so\n" + ACCOUNT, OUTSIDE)
    assert [(fault.name, fault.grave) for fault in outside] == [(Name.NO_FACTOR, True)]


def test_what_asks_nobody_for_a_password_needs_no_line() -> None:
    assert look("auth required pam_permit.so\n" + ACCOUNT) == []
    assert look("auth sufficient pam_rootok.so\n" + ACCOUNT, IGNORED) == []


def test_promise_4_from_outside_the_account_line_is_demanded() -> None:
    assert names(look(DEBIAN + ACCOUNT, OUTSIDE)) == {Name.ACCOUNT_MISSING}


def test_promise_4_after_pam_unix_an_expired_password_passes_our_account_line() -> None:
    late = ACCOUNT.replace("account	required			pam_permit.so", "account required pam_rw2fa.so") + ACCOUNT
    (fault,) = look(DEBIAN + late, OUTSIDE)
    assert fault.name is Name.ACCOUNT_BYPASS
    assert "new_authtok_reqd" in fault.detail


def test_an_account_line_that_is_not_the_first_is_found() -> None:
    late = "account required pam_nologin.so\naccount required pam_rw2fa.so\n" + ACCOUNT
    assert names(look(DEBIAN + late, OUTSIDE)) == {Name.ACCOUNT_NOT_FIRST}


def test_an_account_line_for_keys_judges_nobody() -> None:
    assert names(look(DEBIAN + "account required pam_rw2fa.so slot=key\n" + ACCOUNT, OUTSIDE)) == {Name.ACCOUNT_BYPASS}


def test_the_first_account_line_is_right() -> None:
    assert look(DEBIAN + "account required pam_rw2fa.so\n" + ACCOUNT, OUTSIDE) == []


def test_promise_4_an_account_line_in_a_shared_file_is_found_wherever_account_runs_alone() -> None:
    shared = "account required pam_rw2fa.so\n" + ACCOUNT
    found = look("@include common-account\n", IGNORED, listed=False, common_account=shared)
    assert [(fault.name, fault.grave) for fault in found] == [(Name.ACCOUNT_UNWANTED, True)]


def test_a_service_with_nothing_but_our_account_line_is_shut() -> None:
    assert Name.SHUT in names(look(DEBIAN + "account required pam_rw2fa.so\n", OUTSIDE))


@pytest.mark.parametrize("argument", ["unreachble=allow", "slot=frist", "unreachable=maybe", "verbose"])
def test_an_argument_that_means_nothing_is_found(argument: str) -> None:
    assert names(look(DEBIAN.replace("pam_rw2fa.so", f"pam_rw2fa.so {argument}") + ACCOUNT)) == {Name.ARGUMENT}


def test_promise_5_unreachable_allow_is_pointed_out() -> None:
    (fault,) = look(DEBIAN.replace("pam_rw2fa.so", "pam_rw2fa.so unreachable=allow console=root debug") + ACCOUNT)
    assert (fault.name, fault.grave) == (Name.UNREACHABLE_ALLOW, False)


def test_a_line_lost_in_an_upgrade_is_found_where_the_table_demands_it() -> None:
    rdp = Client(ServiceClass.RDP, outside=True)
    first = "auth requisite pam_rw2fa.so slot=first timeout=2\n"
    rest = DEBIAN + "account required pam_rw2fa.so timeout=2\n" + ACCOUNT
    assert look(first + rest, rdp, name="xrdp-sesman") == []
    assert names(look(rest, rdp, name="xrdp-sesman")) == {Name.SLOT_MISSING}


def test_a_login_that_does_not_say_which_session_it_became_is_mentioned_without_gravity() -> None:
    found = look("auth required pam_permit.so\naccount required pam_permit.so\n", name="login")
    assert [(fault.name, fault.grave) for fault in found if fault.name is Name.SESSION_MISSING] == [
        (Name.SESSION_MISSING, False)
    ]
    said = look("session optional pam_rw2fa.so timeout=1 nonsense\n", name="login")
    assert Name.SESSION_MISSING not in names(said)
    assert Name.ARGUMENT in names(said)


def test_every_fault_says_what_to_do() -> None:
    for fault in look("auth required pam_rw2fa.so x\nauth sufficient pam_unix.so\n", OUTSIDE):
        assert fault.detail.startswith("svc: ")
        assert fault.fix
