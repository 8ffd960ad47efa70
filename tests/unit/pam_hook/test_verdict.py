"""What the daemon decided."""

from __future__ import annotations

import pytest

from tests.support.libpam import Code
from tests.support.scripted_daemon import compose, end
from tests.unit.pam_hook.pure import Pure


@pytest.mark.parametrize(
    "name", ["SUCCESS", "IGNORE", "AUTH_ERR", "PERM_DENIED", "MAXTRIES", "USER_UNKNOWN", "AUTHINFO_UNAVAIL"]
)
def test_each_word_is_the_code_of_that_name(pure: Pure, name: str) -> None:
    assert pure.verdict(end(name)) == (Code[name], None)


@pytest.mark.parametrize("word", ["", "success", "PAM_SUCCESS", "0", "SUCCESS ", "NEW_AUTHTOK_REQD", "25", "ABORT"])
def test_promise_5_every_other_word_is_a_refusal(pure: Pure, word: str) -> None:
    assert pure.verdict(end(word)) == (Code.AUTHINFO_UNAVAIL, None)


@pytest.mark.parametrize("word", ["SUCCESS", "IGNORE"])
@pytest.mark.parametrize("uid", [0, 1000, 0xFFFFFFFE])
def test_a_uid_is_minted_with_success_and_ignore(pure: Pure, word: str, uid: int) -> None:
    assert pure.verdict(end(word, mint=uid)) == (Code[word], uid)


@pytest.mark.parametrize("word", ["AUTH_ERR", "PERM_DENIED", "MAXTRIES", "USER_UNKNOWN", "AUTHINFO_UNAVAIL", "?"])
def test_promise_4_nothing_is_minted_with_a_refusal(pure: Pure, word: str) -> None:
    verdict = pure.verdict(end(word, mint=1000))
    assert verdict is not None
    assert verdict[1] is None


@pytest.mark.parametrize("mint", ["", "-1", "root", "4294967295", "4294967296", "01", "1000 ", "0x3e8", "9" * 40])
def test_promise_4_a_mint_that_is_no_uid_makes_no_sense(pure: Pure, mint: str) -> None:
    assert pure.verdict(end("SUCCESS", mint=mint)) is None


@pytest.mark.parametrize("rule", ["", "x" * 65, "Code-right", "code right", "code\nright", "ä", "a=b"])
def test_a_rule_that_is_no_name_makes_no_sense(pure: Pure, rule: str) -> None:
    assert pure.verdict(end("SUCCESS", rule=rule)) is None


def test_a_verdict_without_code_or_rule_makes_no_sense(pure: Pure) -> None:
    assert pure.verdict(compose("end", rule="code-right")) is None
    assert pure.verdict(compose("end", rc="SUCCESS")) is None


def test_unknown_keys_are_ignored(pure: Pure) -> None:
    assert pure.verdict(end("SUCCESS", "x" * 64, colour="green")) == (Code.SUCCESS, None)
