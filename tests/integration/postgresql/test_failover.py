"""Promise 7 with a database that fails over: no code from before counts on the new primary, and the audit says why."""

import time
from pathlib import Path

import pytest

from tests.support.daemon import Site, wait_until
from tests.support.postgresql import Cluster


@pytest.mark.timeout(120)
def test_promise_7_after_a_failover_no_code_from_before_counts_and_the_audit_says_why(tmp_path: Path) -> None:
    with Cluster.make() as primary:
        site = Site(tmp_path, cluster=primary)
        site.write_config()
        site.initialise()
        site.enrol("daemon", "bin")
        with primary.standby() as standby:
            site.config.write_text(
                site.config.read_text().replace(f"host={primary.base}", f"host={standby.base},{primary.base}")
            )
            with site.daemon():
                assert site.login("daemon", site.code("daemon", -1))["rule"] == "code-right", "the primary is found"
                not_used = site.code("bin", -1)
                primary.stop()
                standby.promote()
                site.cluster = standby
                promoted = time.time()
                wait_until(lambda: "failover" in audit(site), 15)
                wait_until(lambda: site.status()["state"] == "ok", 15)
                with site.hook() as hook:
                    assert hook.open("bin")["verb"] == "ask"
                    assert hook.reply(not_used).get("rule") != "code-right"
                store = site.store()
                assert promoted - 1 <= store.floor() <= time.time()
                store.close()
    assert audit(site).count('"failover"') == 1, "once, and not at each connection"
    assert "another server or timeline" in audit(site)


def audit(site: Site) -> str:
    file = site.state / "audit.jsonl"
    return file.read_text() if file.exists() else ""


def test_a_standby_alone_is_refused_with_the_reason(tmp_path: Path) -> None:
    with Cluster.make() as primary:
        site = Site(tmp_path, cluster=primary)
        site.write_config()
        site.initialise()
        with primary.standby() as standby:
            site.config.write_text(site.config.read_text().replace(f"host={primary.base}", f"host={standby.base}"))
            with site.daemon():
                assert "is a standby, which takes no writes; name the primary" in site.status()["state"]
