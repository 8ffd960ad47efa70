"""Promise 5 with a database across a network: one that is gone means refusal in time, and nothing to be restarted."""

import signal
import time

from tests.support.daemon import Site, wait_until

HOOK_SECONDS = 3.0


def refused(site: Site, name: str) -> dict[str, str]:
    """A login that nobody can judge, and how long that took at the most."""
    began = time.monotonic()
    ended = site.login(name, site.code(name))
    assert time.monotonic() - began < HOOK_SECONDS
    return ended


def comes_back(site: Site, name: str) -> None:
    wait_until(lambda: site.login(name, site.code(name)).get("rule") == "code-right", 10)


def test_promise_5_a_server_that_stopped_means_refusal_and_one_that_is_back_means_logins(own: Site) -> None:
    assert own.cluster is not None
    own.enrol("daemon", "bin")
    with own.daemon():
        assert own.login("daemon", own.code("daemon"))["rule"] == "code-right"
        own.cluster.stop(signal.SIGQUIT)
        assert refused(own, "bin")["rc"] == "AUTHINFO_UNAVAIL"
        wait_until(lambda: "cannot be reached" in own.status()["state"], 10)
        own.cluster.start()
        comes_back(own, "bin")
        wait_until(lambda: own.status()["state"] == "ok", 10)


def test_promise_5_a_server_that_hangs_means_refusal_and_one_that_goes_on_means_logins(own: Site) -> None:
    assert own.cluster is not None
    own.enrol("daemon", "bin")
    with own.daemon():
        assert own.login("daemon", own.code("daemon"))["rule"] == "code-right"
        own.cluster.freeze()
        for _ in range(2):
            assert refused(own, "bin")["rc"] == "AUTHINFO_UNAVAIL"
        own.cluster.thaw()
        comes_back(own, "bin")


def test_promise_11_a_server_that_hangs_slows_nobody_who_needs_it_not(own: Site) -> None:
    assert own.cluster is not None
    own.write_config(scope=["daemon"])
    own.enrol("daemon")
    with own.daemon():
        own.cluster.freeze()
        with own.hook() as asking:
            asking.send("open", v="1", phase="auth", slot="main", service="sshd", user="daemon")
            began = time.monotonic()
            assert own.login("bin", "")["rc"] == "IGNORE"
            assert time.monotonic() - began < 1.0
            assert asking.receive()["rc"] == "AUTHINFO_UNAVAIL"
        own.cluster.thaw()


def test_a_daemon_starts_without_its_database_and_finds_it_later(own: Site) -> None:
    assert own.cluster is not None
    own.enrol("daemon")
    own.cluster.stop()
    with own.daemon():
        assert refused(own, "daemon")["rc"] == "AUTHINFO_UNAVAIL"
        own.cluster.start()
        wait_until(lambda: own.status()["state"] == "ok", 15)
        comes_back(own, "daemon")
