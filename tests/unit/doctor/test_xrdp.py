"""Ways through xrdp."""

from __future__ import annotations

import pytest

from rw2fa_daemon.doctor.pam.xrdp import check_xrdp_sections, sections
from tests.unit.doctor.conftest import Host, wrong

INI = """\
[Globals]
port=3389
; a comment
[Xorg]
name=Xorg
lib=libxup.so
ip=127.0.0.1
port=-1
#[vnc-any]
#lib=libvnc.so
"""
ANY = "[vnc-any]\nlib=libvnc.so\nip=ask\nport=ask5900\nusername=na\npassword=ask\n"


@pytest.fixture
def xrdp(host: Host) -> Host:
    host.write("etc/xrdp/xrdp.ini", INI)
    host.write("usr/lib/x86_64-linux-gnu/xrdp/libvnc.so", "")
    return host


def test_a_host_without_xrdp_has_nothing_to_mend(host: Host) -> None:
    assert list(check_xrdp_sections(host.subject())) == []


def test_sessions_that_sesman_starts_go_through_pam(xrdp: Host) -> None:
    assert list(check_xrdp_sections(xrdp.subject())) == []


def test_promise_4_a_section_that_goes_round_pam_is_found(xrdp: Host) -> None:
    xrdp.write("etc/xrdp/xrdp.ini", INI + ANY)
    (finding,) = wrong(check_xrdp_sections(xrdp.subject()))
    assert "[vnc-any]" in finding.detail
    assert "libvnc.so" in finding.detail


def test_a_section_that_asks_pam_first_is_right(xrdp: Host) -> None:
    xrdp.write("etc/xrdp/xrdp.ini", INI + ANY + "pamusername=ask\npampassword=ask\n")
    assert list(check_xrdp_sections(xrdp.subject())) == []


def test_a_section_whose_module_is_not_installed_leads_nowhere(xrdp: Host) -> None:
    xrdp.write("etc/xrdp/xrdp.ini", INI + ANY.replace("libvnc.so", "libxrdpneutrinordp.so"))
    assert list(check_xrdp_sections(xrdp.subject())) == []


def test_keys_are_read_in_any_case_and_with_blanks_round_the_sign() -> None:
    assert sections("[a]\n LIB = x.so \n#port=1\n") == {"a": {"lib": "x.so"}}
