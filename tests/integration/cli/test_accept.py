"""A host with gdm3's own PAM files is switched on; and findings that an administrator accepts, on real PAM files."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.world.paths import REPOSITORY
from tests.support.world.site import PAM_FILES, Site

pytestmark = pytest.mark.namespaces

STOCK = REPOSITORY / "tests/fixtures/pam/bookworm/etc/pam.d"
SERVICE = "gdm-smartcard"
FINDING = "pam-bypass"
ACCEPTED = "/etc/rw2fa/accepted.toml"


@pytest.fixture
def gdm(site: Site) -> Iterator[Site]:
    """The site with gdm3's PAM files, switched off; its PAM lines are in. All goes back at the end."""
    files = [file for file in STOCK.iterdir() if file.name.startswith("gdm-")]
    for file in files:
        site.world.write(f"{PAM_FILES}/{file.name}", file.read_text())
    site.world.path(f"{PAM_FILES}/{SERVICE}").symlink_to("gdm-smartcard-sssd-or-password")
    site.rw2fa.command("disable")
    site.rw2fa.command("pam", "install")
    yield site
    for name in (SERVICE, *(file.name for file in files)):
        site.world.path(f"{PAM_FILES}/{name}").unlink()
    site.world.path(ACCEPTED).unlink(missing_ok=True)
    site.rw2fa.command("pam", "install")
    site.rw2fa.command("enable")


def found(site: Site, check: str = FINDING, command: tuple[str, ...] = ("pam", "check")) -> Any:
    """The finding about gdm's smart cards, None if there is none."""
    findings = json.loads(site.rw2fa.command(*command, "--json", check=False).stdout)
    return next((one for one in findings if (one["service"], one["check"]) == (SERVICE, check)), None)


def jump_behind_a_password(site: Site) -> None:
    """The jump over common-auth in gdm3's file, taken by whoever has a password that SSSD accepts."""
    name = "gdm-smartcard-sssd-or-password"
    site.world.write(f"{PAM_FILES}/{name}", (STOCK / name).read_text().replace(" try_cert_auth", ""))


def audited(site: Site) -> list[str]:
    reasons = [str(record["reason"]) for record in site.rw2fa.json("audit", "--since", "1h")]
    return [reason for reason in reasons if reason.startswith(("rw2fa pam accept", "rw2fa pam retract"))]


def test_a_host_with_stock_gdm3_is_switched_on_without_force(gdm: Site) -> None:
    gdm.rw2fa.command("enable")
    assert gdm.rw2fa.json("status")["enabled"] is True
    note = found(gdm, "pam-card")
    assert note["ok"] is True
    assert "accepts a smart card and its PIN as both factors" in note["detail"]


def test_one_finding_is_accepted_by_name_and_reason_until_the_file_changes(gdm: Site) -> None:
    jump_behind_a_password(gdm)
    before = audited(gdm)
    refused = gdm.rw2fa.command("enable", check=False)
    assert refused.returncode == 1
    assert "`rw2fa pam accept` accepts one finding" in refused.stderr

    accept = ("pam", "accept", SERVICE, FINDING, "--reason", "behind a locked door")
    # The service is one file under another name as well, and each is a way in of its own.
    gdm.rw2fa.command("pam", "accept", "gdm-smartcard-sssd-or-password", FINDING, "--reason", "not used itself")
    gdm.rw2fa.command(*accept)
    assert gdm.rw2fa.command(*accept).stdout == "Nothing to do.\n"
    for command in (("pam", "check"), ("doctor",)):
        finding = found(gdm, command=command)
        assert (finding["ok"], finding["accepted"]) == (True, "behind a locked door")
        assert f"rw2fa pam retract {SERVICE} {FINDING}" in finding["fix"]
    assert f"note  {FINDING} (accepted: behind a locked door): {SERVICE}: " in gdm.rw2fa.command("pam", "check").stdout
    assert gdm.world.run("stat", "-c", "%U %a", ACCEPTED).stdout == "root 644\n"
    gdm.rw2fa.command("enable")
    gdm.rw2fa.command("disable")
    gdm.rw2fa.command("pam", "install")
    assert found(gdm)["ok"] is True, "the same files again, and the same that was accepted"

    changed = f"{PAM_FILES}/common-auth"
    common = gdm.world.read(changed)
    gdm.world.write(changed, common + "# changed\n")
    finding = found(gdm)
    assert (finding["ok"], finding["accepted"]) == (False, "")
    assert "it was accepted (behind a locked door) before its files changed" in finding["detail"]
    assert [row["counts"] for row in gdm.rw2fa.json("pam", "accepted")] == [False, False]
    assert gdm.rw2fa.command("enable", check=False).returncode == 1
    gdm.world.write(changed, common)

    for _ in range(2):
        gdm.rw2fa.command("pam", "retract", SERVICE, FINDING)
        assert found(gdm)["ok"] is False
    assert [row["service"] for row in gdm.rw2fa.json("pam", "accepted")] == ["gdm-smartcard-sssd-or-password"]
    gdm.rw2fa.command("pam", "retract", "gdm-smartcard-sssd-or-password", FINDING)
    assert not gdm.world.path(ACCEPTED).exists()
    records = [reason for reason in audited(gdm) if reason not in before]
    assert sorted(record.partition(", by ")[0] for record in records) == [
        f'rw2fa pam accept {SERVICE} {FINDING}, because "behind a locked door"',
        f'rw2fa pam accept gdm-smartcard-sssd-or-password {FINDING}, because "not used itself"',
        f"rw2fa pam retract {SERVICE} {FINDING}",
        f"rw2fa pam retract gdm-smartcard-sssd-or-password {FINDING}",
    ]


def test_what_is_not_found_cannot_be_accepted(gdm: Site) -> None:
    def refusal(*arguments: str) -> tuple[int, str]:
        done = gdm.rw2fa.command("pam", "accept", *arguments, check=False)
        return done.returncode, done.stderr

    status, reason = refusal(SERVICE, FINDING, "--reason", "x")
    assert (status, reason) == (
        1,
        f"rw2fa: there is no finding {FINDING} about {SERVICE}; run: rw2fa pam check {SERVICE}\n",
    )
    assert refusal(SERVICE, "pam-card", "--reason", "  ")[0] == 1
    assert refusal(SERVICE, "pam-card")[0] == 2
    assert refusal(SERVICE, "pam-nonsense", "--reason", "x")[0] == 2
    assert not gdm.world.path(ACCEPTED).exists()


def test_promise_4_acceptances_that_others_could_have_written_do_not_count(gdm: Site) -> None:
    jump_behind_a_password(gdm)
    for service in (SERVICE, "gdm-smartcard-sssd-or-password"):
        gdm.rw2fa.command("pam", "accept", service, FINDING, "--reason", "x")
    assert gdm.rw2fa.command("pam", "check", check=False).returncode == 0
    gdm.world.run("chmod", "0666", ACCEPTED)
    assert "can be written by users other" in gdm.rw2fa.command("pam", "check", check=False).stderr
    gdm.world.write(ACCEPTED, "[[accepted]]\nservice = 1\n")
    assert "is not as rw2fa wrote it" in gdm.rw2fa.command("enable", check=False).stderr


def test_an_acceptance_that_is_needed_no_more_is_pointed_out(gdm: Site) -> None:
    gdm.rw2fa.command("pam", "accept", SERVICE, "pam-card", "--reason", "two factors in one")
    gdm.world.write(f"{PAM_FILES}/gdm-smartcard-sssd-or-password", (STOCK / "gdm-password").read_text())
    finding = found(gdm, "pam-accepted")
    assert (finding["ok"], finding["fix"]) == (True, f"run `rw2fa pam retract {SERVICE} pam-card`")
