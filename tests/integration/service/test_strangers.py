"""Names that the directory does not have, at a real daemon (decision 8)."""

import pytest

from tests.support.daemon import Site

NOBODY = "nobody-of-that-name"
PASSES = {"verb": "end", "rc": "IGNORE", "rule": "no-such-user"}
UNSURE = {"verb": "end", "rc": "USER_UNKNOWN", "rule": "user-unknown"}
TOO_LATE = {"verb": "end", "rc": "USER_UNKNOWN", "rule": "unknown-after-auth"}


@pytest.mark.parametrize(("service", "slot"), [("sshd", "main"), ("sshd", "key"), ("xrdp-sesman", "first")])
def test_promise_14_a_name_that_nobody_has_is_left_to_the_modules_behind_us(
    site: Site, service: str, slot: str
) -> None:
    with site.daemon():
        with site.hook() as hook:
            assert hook.open(NOBODY, service, slot=slot, known="no") == PASSES
        with site.hook() as hook:
            assert hook.open(NOBODY, service, "account", known="no") == TOO_LATE
        with site.hook() as hook:
            assert hook.open(NOBODY, service, slot=slot, known="no", first="publickey") == TOO_LATE


def test_promise_4_a_name_that_only_the_login_program_knows_is_refused(site: Site) -> None:
    with site.daemon():
        for more in ({"known": "yes"}, {}, {"known": "maybe"}):
            with site.hook() as hook:
                assert hook.open(NOBODY, **more) == UNSURE


def test_promise_4_what_the_login_program_does_not_know_spares_nobody_whom_the_daemon_knows(site: Site) -> None:
    site.enrol("daemon")
    with site.daemon(), site.hook() as hook:
        assert hook.open("daemon", known="no")["verb"] == "ask"


@pytest.mark.parametrize("scope", [("@no-such-group", "daemon"), (NOBODY,)])
def test_promise_4_while_the_directory_may_be_down_no_name_is_nobodys(site: Site, scope: tuple[str, ...]) -> None:
    site.write_config(scope=scope)
    with site.daemon(), site.hook() as hook:
        assert hook.open(NOBODY, known="no") == UNSURE
