"""What an administrator does, seen from the logins (issue items 1 and 4)."""

import pytest

from tests.integration import prompts
from tests.support.world.accounts import User
from tests.support.world.phone import Phone
from tests.support.world.qr import read_code
from tests.support.world.sesman import IN
from tests.support.world.site import SCOPE_GROUP, Member, Site

pytestmark = pytest.mark.namespaces


def test_item_1_a_name_added_is_asked_at_the_next_login(site: Site, outsider: User) -> None:
    assert site.show(outsider)["enabled"] is False
    site.add(outsider)
    shown = site.show(outsider)
    assert (shown["enabled"], shown["activated"]) == (True, False)
    terminal = site.sshd.login(outsider)
    terminal.answer(prompts.PASSWORD, outsider.password)
    terminal.expect(prompts.FIRST_CODE)
    terminal.hang_up()
    site.rw2fa.command("users", "remove", outsider.name, "--yes")


def test_item_1_a_member_of_a_group_in_the_scope_is_enabled_by_the_group(site: Site, member: Member) -> None:
    shown = site.show(member.user)
    assert shown["enabled"] is True
    assert SCOPE_GROUP in str(shown["enabled_by"])


def test_item_4_removing_a_user_destroys_the_secret(site: Site) -> None:
    member = site.member_by_name()
    site.rw2fa.command("users", "remove", member.user.name, "--yes")
    terminal = site.sshd.login(member.user)
    terminal.answer(prompts.PASSWORD, member.user.password)
    assert terminal.end() == 0, "a password is enough again"
    site.add(member.user)
    shown = site.show(member.user)
    assert shown["activated"] is False
    again = site.sshd.login(member.user)
    again.answer(prompts.PASSWORD, member.user.password)
    again.expect(prompts.FIRST_CODE)
    assert read_code(again.screen) != member.phone.uri
    again.hang_up()


def test_item_4_a_reset_gives_a_new_code_for_a_word_and_ends_the_old_secret(site: Site, member: Member) -> None:
    (told,) = site.rw2fa.json("users", "reset", member.user.name, "--yes")
    terminal = site.sshd.login(member.user)
    terminal.answer(prompts.PASSWORD, member.user.password)
    terminal.expect(prompts.WORD)
    assert "otpauth" not in terminal.screen
    terminal.type(told["token"])
    terminal.expect(prompts.FIRST_CODE)
    new = Phone(read_code(terminal.screen))
    assert new.secret != member.phone.secret
    terminal.type(member.phone.code())
    terminal.expect(prompts.FIRST_CODE_WRONG)
    terminal.type(new.fresh())
    terminal.answer(prompts.ACKNOWLEDGED, "")
    assert terminal.end() == 0
    later = site.sshd.login(member.user)
    later.answer(prompts.PASSWORD, member.user.password)
    later.answer(prompts.CODE, member.phone.fresh())
    later.expect(prompts.CODE_WRONG)
    later.answer(prompts.CODE, new.fresh())
    assert later.end() == 0


def test_item_4_a_reset_ends_a_login_that_is_under_way(site: Site, member: Member) -> None:
    terminal = site.sshd.login(member.user)
    terminal.answer(prompts.PASSWORD, member.user.password)
    terminal.expect(prompts.CODE)
    site.rw2fa.command("users", "reset", member.user.name, "--yes")
    terminal.type(member.phone.fresh())
    assert terminal.end() != 0
    assert "you-are-in" not in terminal.screen


def test_item_4_disable_lets_everybody_in_as_before_and_takes_our_lines_out(
    site: Site, member: Member, newcomer: User
) -> None:
    site.rw2fa.command("disable", "--yes")
    try:
        for user in (member.user, newcomer):
            terminal = site.sshd.login(user)
            terminal.answer(prompts.PASSWORD, user.password)
            assert terminal.end() == 0
            assert site.sesman.verdict(user) == IN
        files = site.world.path("/etc/pam.d").iterdir()
        # The portal's own file for another code is about nothing else, and asked by nobody else.
        assert {file.name for file in files if "pam_rw2fa.so" in file.read_text()} == {"rw2fa-portal-code"}
        assert not site.world.path("/etc/ssh/sshd_config.d/10-rw2fa.conf").exists()
    finally:
        site.rw2fa.command("pam", "install")
        site.rw2fa.command("enable")
    terminal = site.sshd.login(member.user)
    terminal.answer(prompts.PASSWORD, member.user.password)
    terminal.answer(prompts.CODE, member.phone.fresh())
    assert terminal.end() == 0


def test_enable_refuses_with_the_reason_while_the_lines_are_missing(site: Site) -> None:
    site.rw2fa.command("disable", "--yes")
    try:
        site.rw2fa.command("pam", "remove", "--yes", check=False)
        refused = site.rw2fa.command("enable", check=False)
        assert refused.returncode == 1
        assert "pam install" in refused.stderr
    finally:
        site.rw2fa.command("pam", "install")
        site.rw2fa.command("enable")


@pytest.mark.parametrize("service", ["sshd", "xrdp-sesman", "cockpit", "su", "sudo", "login"])
def test_explain_foretells_what_happens(
    site: Site, member: Member, newcomer: User, outsider: User, service: str
) -> None:
    def decision(user: User) -> tuple[str, str]:
        told = site.rw2fa.json("explain", user.name, "--service", service)
        return told["decision"], told["rule"]

    assert decision(outsider) == ("ignore", "not-enabled")
    if service == "xrdp-sesman":
        assert decision(member.user) == ("deny", "rdp-refused")
    else:
        assert decision(member.user) == ("code", "code")
        enrols = service in {"sshd", "su", "login"}
        assert decision(newcomer) == (("enrol", "enrol") if enrols else ("deny", "enrol-elsewhere"))


def test_the_audit_tells_what_happened_and_no_secret(site: Site, member: Member) -> None:
    code = member.phone.fresh()
    terminal = site.sshd.login(member.user)
    terminal.answer(prompts.PASSWORD, member.user.password)
    terminal.answer(prompts.CODE, member.phone.wrong())
    terminal.answer(prompts.CODE, code)
    assert terminal.end() == 0
    told = site.rw2fa.command("audit", "--user", member.user.name, "--json").stdout
    assert "code-wrong" in told
    assert "code-right" in told
    assert '"127.0.' in told, "the address that the client came from"
    for secret in (member.phone.secret, code, member.user.password, "otpauth"):
        assert secret not in told
