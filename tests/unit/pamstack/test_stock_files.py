"""PAM files as Debian ships them: our lines go in, and nothing then speaks against `rw2fa enable`."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from rw2fa_daemon.config.config import Config
from rw2fa_daemon.config.load import load
from rw2fa_daemon.doctor import Finding, pam_check
from rw2fa_daemon.pamstack.host import PROFILE_PATH
from rw2fa_daemon.pamstack.install import install, remove
from rw2fa_daemon.pamstack.module_files import OUR_MODULE, under
from tests.support.world.paths import REPOSITORY

FIXTURES = REPOSITORY / "tests/fixtures/pam"
HOSTS = sorted(path.relative_to(FIXTURES).parts[::2] for path in FIXTURES.glob("*/common/*"))
CARDS = ("gdm-smartcard-sssd-or-password", "gdm-smartcard-sssd-exclusive", "gdm-smartcard-pkcs11-exclusive")


@pytest.fixture
def config(tmp_path: Path) -> Config:
    file = tmp_path / "rw2fa.toml"
    file.write_text("enabled = true\n")
    return load(file)


def host(root: Path, release: str, common: str, card: str = CARDS[0]) -> Path:
    """A host with the PAM files of every package, `card` chosen for smart cards as update-alternatives does."""
    for folder in ("etc", "usr"):
        shutil.copytree(FIXTURES / release / folder, root / folder)
    shutil.copytree(FIXTURES / release / "common" / common, root, dirs_exist_ok=True)
    under(root, "/etc/alternatives").mkdir()
    under(root, "/etc/alternatives/gdm-smartcard").symlink_to(f"../pam.d/{card}")
    under(root, "/etc/pam.d/gdm-smartcard").symlink_to("../alternatives/gdm-smartcard")
    shutil.copy(REPOSITORY / "etc/pam-configs/rw2fa", under(root, PROFILE_PATH))
    module = under(root, f"/usr/lib/x86_64-linux-gnu/security/{OUR_MODULE}")
    module.parent.mkdir(parents=True)
    module.touch()
    return root


def files(root: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in root.rglob("*") if path.is_file() and not path.is_symlink()}


def against(findings: list[Finding]) -> list[str]:
    return [finding.detail for finding in findings if not finding.ok]


@pytest.mark.parametrize(("release", "common"), HOSTS)
def test_stock_files_let_enable_pass_and_come_back_byte_for_byte(
    tmp_path: Path, config: Config, release: str, common: str
) -> None:
    root = host(tmp_path / "host", release, common)
    before = files(root)
    install(root=root)
    findings = pam_check(config, root=root)
    assert against(findings) == []
    notes = {(finding.check, finding.detail.partition(":")[0]) for finding in findings if finding.fix}
    assert notes == {
        ("pam-line-missing", "gdm-fingerprint"),
        ("pam-card", "gdm-smartcard"),
        *(("pam-card", card) for card in CARDS),
    }
    remove(root=root)
    assert files(root) == before


@pytest.mark.parametrize("release", ["bookworm", "trixie"])
@pytest.mark.parametrize("card", CARDS)
def test_whichever_way_to_take_smart_cards_is_chosen_passes(
    tmp_path: Path, config: Config, release: str, card: str
) -> None:
    root = host(tmp_path / "host", release, "gnome", card)
    install(root=root)
    findings = pam_check(config, ["gdm-smartcard"], root=root)
    assert against(findings) == []
    (finding,) = [finding for finding in findings if finding.fix]
    assert finding.check == "pam-card"
    assert "accepts a smart card and its PIN as both factors" in finding.detail


def test_promise_4_a_way_past_the_card_is_no_note(tmp_path: Path, config: Config) -> None:
    root = host(tmp_path / "host", "bookworm", "gnome")
    install(root=root)
    file = under(root, f"/etc/pam.d/{CARDS[0]}")
    # The same jump, taken by a password that SSSD accepted.
    file.write_text(file.read_text().replace(" try_cert_auth", ""))
    findings = pam_check(config, ["gdm-smartcard"], root=root)
    assert [finding.check for finding in findings if not finding.ok] == ["pam-bypass"]


def test_promise_4_from_outside_a_card_alone_is_not_enough(tmp_path: Path, config: Config) -> None:
    root = host(tmp_path / "host", "bookworm", "sssd")
    install(root=root)
    file = under(root, "/etc/pam.d/cockpit")
    file.write_text("auth sufficient pam_sss.so try_cert_auth\n" + file.read_text())
    findings = pam_check(config, ["cockpit"], root=root)
    assert [finding.check for finding in findings if not finding.ok] == ["pam-card"]
