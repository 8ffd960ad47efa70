"""Certificates that are given, and one that is made."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from rw2fa_daemon.core.problem import Problem
from rw2fa_portal.web.certificate import DAYS, RENEW_DAYS, given, make_self_signed, self_signed

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def test_one_is_made_once_and_again_before_it_ends(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    certificate, key = self_signed(folder, ["host.example"], NOW)
    assert self_signed(folder, ["host.example"], NOW + timedelta(days=1)) == (certificate, key)
    made = x509.load_pem_x509_certificate(certificate)
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["host.example"]
    assert (folder / "self-signed.key").stat().st_mode & 0o777 == 0o600
    later, _ = self_signed(folder, ["host.example"], NOW + timedelta(days=DAYS - RENEW_DAYS, hours=1))
    assert later != certificate
    (folder / "self-signed.pem").write_text("nonsense")
    assert self_signed(folder, ["host.example"], NOW)[0] != later


def test_what_is_given_has_to_fit_together(tmp_path: Path) -> None:
    certificate, key = make_self_signed(["host.example"], NOW)
    _, other = make_self_signed(["host.example"], NOW)
    files = {"certificate": certificate, "key": key, "other": other, "nonsense": b"nonsense"}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    assert given(tmp_path / "certificate", tmp_path / "key", NOW) == (certificate, key)
    with pytest.raises(Problem, match="is not the key of"):
        given(tmp_path / "certificate", tmp_path / "other", NOW)
    with pytest.raises(Problem, match="expired on 2027-12-26"):
        given(tmp_path / "certificate", tmp_path / "key", NOW + timedelta(days=DAYS))
    with pytest.raises(Problem, match="holds no certificate"):
        given(tmp_path / "nonsense", tmp_path / "key", NOW)
    with pytest.raises(Problem, match="holds no key"):
        given(tmp_path / "certificate", tmp_path / "nonsense", NOW)
    with pytest.raises(Problem, match="cannot be read"):
        given(tmp_path / "nowhere", tmp_path / "key", NOW)
