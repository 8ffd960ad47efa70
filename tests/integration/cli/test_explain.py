"""`rw2fa explain` says what the table says, and changes nothing."""

import json

import pytest

from tests.integration.cli.command import Host
from tests.support.world.phone import Phone


@pytest.fixture
def on(bare: Host, alice: str, staff: str) -> Host:
    """Switched on, with alice and the staff in the scope."""
    bare.configure(
        f'enabled = true\n[scope]\nusers = ["{alice}"]\ngroups = ["{staff[1:]}"]\n'
        '[exempt]\nusers = ["sys"]\nnetworks = ["192.0.2.0/24"]\n[services]\ncups = "ignore"'
    )
    bare.does("init")
    bare.does("users", "add", alice)
    return bare


def told(host: Host, *arguments: str) -> tuple[str, str]:
    answer = host.json("explain", *arguments)
    return answer["decision"], answer["rule"]


def test_each_rule_that_a_first_look_can_meet(on: Host, alice: str, bob: str) -> None:
    assert told(on, "games", "--service", "sshd") == ("ignore", "not-enabled")
    assert told(on, "sys", "--service", "sshd") == ("ignore", "exempt-user")
    assert told(on, alice, "--service", "cups") == ("ignore", "service-ignored")
    assert told(on, alice, "--service", "sshd", "--from", "192.0.2.7") == ("ignore", "exempt-network")
    assert told(on, "nobody-of-that-name", "--service", "sshd") == ("ignore", "no-such-user")
    assert told(on, "nobody-of-that-name", "--service", "sshd", "--phase", "account") == ("deny", "unknown-after-auth")
    assert told(on, alice.upper(), "--service", "sshd") == ("deny", "user-unknown")
    assert told(on, alice, "--service", "xrdp-sesman") == ("deny", "rdp-refused")
    assert told(on, alice, "--service", "sshd") == ("enrol", "enrol")
    assert told(on, bob, "--service", "SSHD") == ("enrol", "enrol")
    assert told(on, alice, "--service", "cockpit") == ("deny", "enrol-elsewhere")
    assert told(on, alice, "--service", "sshd", "--phase", "account") == ("deny", "no-evidence")


def test_an_exempt_network_never_counts_on_xrdp_and_the_command_says_so(on: Host, alice: str) -> None:
    answer = on.json("explain", alice, "--service", "xrdp-sesman", "--from", "192.0.2.7")
    assert (answer["decision"], answer["rule"]) == ("deny", "rdp-refused")
    assert any("it is in exempt.networks, which does not apply" in remark for remark in answer["remarks"])
    elsewhere = on.json("explain", alice, "--service", "xrdp-sesman", "--from", "198.51.100.7")
    assert not any("exempt.networks" in remark for remark in elsewhere["remarks"])
    assert "never on xrdp" in json.dumps(on.json("settings", "list"))


def test_the_state_of_the_account_counts(on: Host, alice: str) -> None:
    phone = Phone(on.json("users", "enrol", alice)["uri"])
    on.does("users", "confirm", alice, phone.fresh())
    assert told(on, alice, "--service", "sshd") == ("code", "code")
    on.does("whitelist", "add", alice)
    assert told(on, alice, "--service", "xrdp-sesman") == ("allow", "whitelisted")


def test_a_window_that_closed_says_how_to_open_it(on: Host, alice: str) -> None:
    on.does("settings", "set", "window", "0")
    answer = on.json("explain", alice, "--service", "sshd")
    assert (answer["decision"], answer["rule"]) == ("deny", "enrol-closed")
    assert "`rw2fa users reset` opens it" in answer["remarks"][0]


def test_promise_13_a_group_that_is_gone_makes_the_scope_unsure(bare: Host) -> None:
    bare.configure('enabled = true\nscope.groups = ["no-such-group"]')
    bare.does("init")
    answer = bare.json("explain", "games", "--service", "sshd")
    assert (answer["decision"], answer["rule"]) == ("deny", "scope-unsure")
    assert "the group no-such-group cannot be resolved" in answer["remarks"]


def test_without_a_state_nobody_can_be_judged(on: Host, alice: str) -> None:
    on.key.unlink()
    answer = on.json("explain", alice, "--service", "sshd")
    assert (answer["decision"], answer["rule"]) == ("deny", "state-unusable")
    assert "master key" in answer["remarks"][0]


def test_off_it_says_what_would_be(on: Host, alice: str) -> None:
    on.config.write_text(on.config.read_text().replace("enabled = true", "enabled = false"))
    answer = on.json("explain", alice, "--service", "sshd")
    assert (answer["decision"], answer["rule"]) == ("ignore", "off")
    assert answer["remarks"] == ["if it were switched on, the decision would be enrol, by rule enrol"]


def test_it_changes_nothing(on: Host, alice: str, bob: str) -> None:
    on.config.write_text(on.config.read_text().replace(f'"{alice}"', f'"{alice}", "games"'))
    before = on.stored()
    for name in (alice, bob, "games", "no-such-user"):
        on.does("explain", name, "--service", "sshd")
        on.rw2fa("users", "show", name)
        on.does("users", "list")
    assert on.stored() == before


def test_what_people_read_has_the_decision_and_the_rule(on: Host, alice: str) -> None:
    text = on.does("explain", alice, "--service", "sshd")
    assert "decision  enrol: shown a QR code" in text
    assert "rule      enrol" in text
    assert "otpauth" not in text


def test_a_service_is_required(on: Host, alice: str) -> None:
    assert on.rw2fa("explain", alice).status == 2
