"""The audit as structured records of the journal, which vouches for where they come from."""

from __future__ import annotations

import json

from rw2fa_daemon.core.audit import Event
from tests.support.machine import Machine
from tests.support.machine.tree import PASSWORD
from tests.system.knocking import knock
from tests.system.test_ssh import enrol, protect, sign_in


def test_each_decision_is_a_record_with_a_stable_id_and_its_facts_in_fields(host: Machine) -> None:
    protect(host, "alice")
    knock(host, "alice", service="xrdp-sesman")

    (record,) = host.records(f"MESSAGE_ID={Event.REFUSED.message_id}")

    facts = {name: record[name] for name in record if name.startswith("RW2FA_") and record[name]}
    reason = facts.pop("RW2FA_REASON", "")
    assert facts == {
        "RW2FA_EVENT": "refused",
        "RW2FA_USER": "alice",
        "RW2FA_SERVICE": "xrdp-sesman",
        "RW2FA_ADDRESS": "192.0.2.7",
        "RW2FA_PHASE": "auth",
        "RW2FA_DECISION": "deny",
        "RW2FA_RULE": "rdp-refused",
    }
    assert isinstance(reason, str)
    assert record["PRIORITY"] == str(Event.REFUSED.priority)
    # Fields with an underscore come from journald: nobody can forge them.
    assert record["_SYSTEMD_UNIT"] == "rw2fad.service"
    assert record["_TRANSPORT"] == "journal"


def test_the_administrators_command_reads_them_back(host: Machine) -> None:
    protect(host, "alice")
    knock(host, "alice", service="xrdp-sesman")

    shown = json.loads(host.run("rw2fa", "audit", "--json", "--user", "alice").stdout)

    assert ("refused", "rdp-refused") in {(record["event"], record["rule"]) for record in shown}


def test_promise_3_no_secret_and_no_code_is_anywhere_in_the_journal(host: Machine) -> None:
    protect(host, "alice")
    phone = enrol(host, "alice")
    assert sign_in(host, "alice", phone.code()).end() == 0

    whole = host.run("journalctl", "--no-pager", "--output=export", "--all").stdout

    assert phone.key not in whole
    assert "otpauth" not in whole
    assert PASSWORD not in whole
    messages = "\n".join(str(record.get("MESSAGE", "")) for record in host.records("_SYSTEMD_UNIT=rw2fad.service"))
    assert len(phone.shown) == 2
    for code in phone.shown:
        assert code not in messages
    assert "█" not in whole
