"""What an SMS costs."""

from __future__ import annotations

from rw2fa_daemon.doctor.sms.message import check_sms_message
from tests.unit.doctor.conftest import Host


def test_a_message_of_one_segment_is_right(host: Host) -> None:
    host.set(sms_enabled=True)
    assert list(check_sms_message(host.subject())) == []


def test_a_longer_one_is_warned_of_with_its_real_length(host: Host) -> None:
    host.set(sms_enabled=True, sms_message="%CODE%%ISSUER%" + "x" * 144, issuer_name="Example", digits=10)
    (finding,) = check_sms_message(host.subject())
    assert finding.ok
    assert finding.detail.endswith("an SMS is 161 characters of GSM-7 long and takes 2 segments")
    assert finding.fix.startswith("each segment is charged: shorten")


def test_where_none_is_sent_its_length_does_not_matter(host: Host) -> None:
    host.set(sms_enabled=False, sms_message="%CODE%" + "x" * 200)
    assert list(check_sms_message(host.subject())) == []
