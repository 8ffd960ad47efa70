"""Promise 7 at logins: records swapped, put back or moved, under a running daemon, on both databases."""

# ruff: noqa: S608 -- tables come from the schema

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from rw2fa_daemon.store import schema
from tests.integration.cli.command import PROGRAM, run
from tests.support.daemon import Site
from tests.support.postgresql import Cluster
from tests.unit.store.place import KINDS, Raw, ScopeResult

ALICE, BOB, CAROL = PEOPLE = ("daemon", "bin", "sys")
COLUMNS = schema.accounts.columns.keys()
Rows = list[tuple[object, ...]]


@pytest.fixture(params=KINDS)
def cluster_or_none(request: pytest.FixtureRequest) -> Cluster | None:
    if request.param == "sqlite":
        return None
    cluster: Cluster = request.getfixturevalue("cluster")
    cluster.empty()
    return cluster


@pytest.fixture
def site(tmp_path: Path, cluster_or_none: Cluster | None) -> Site:
    """Three people with a device each."""
    made = Site(tmp_path, cluster=cluster_or_none)
    made.write_config(scope=PEOPLE)
    made.initialise()
    made.enrol(*PEOPLE)
    return made


def rows(raw: Raw, name: str) -> Rows:
    return raw.execute("SELECT * FROM accounts WHERE name = ? ORDER BY part", (name,)).fetchall()


def put(raw: Raw, row: tuple[object, ...]) -> None:
    raw.execute(f"INSERT INTO accounts VALUES ({', '.join('?' * len(row))})", row)


def swap(raw: Raw, _old: Rows) -> None:
    for old, new in ((ALICE, "?"), (BOB, ALICE), ("?", BOB)):
        raw.execute("UPDATE accounts SET name = ? WHERE name = ?", (new, old))


def put_record_back(raw: Raw, old: Rows) -> None:
    """One of its two rows, as it was before the last login."""
    raw.execute("DELETE FROM accounts WHERE name = ? AND part = ?", (ALICE, schema.RECORD))
    put(raw, next(row for row in old if row[COLUMNS.index("part")] == schema.RECORD))


def copy_over(raw: Raw, _old: Rows) -> None:
    """Everything of the first under the name of the second."""
    at = COLUMNS.index("name")
    raw.execute("DELETE FROM accounts WHERE name = ?", (BOB,))
    for row in rows(raw, ALICE):
        put(raw, (*row[:at], BOB, *row[at + 1 :]))


def rw2fa(site: Site, *arguments: str) -> str:
    return run([str(PROGRAM), "--config", str(site.config), *arguments]).out


@pytest.mark.parametrize(
    ("tamper", "harmed"),
    [(swap, (ALICE, BOB)), (put_record_back, (ALICE,)), (copy_over, (BOB,))],
)
def test_promise_7_a_record_that_was_moved_or_put_back_lets_nobody_in_until_it_is_reset(
    site: Site, tamper: Callable[[Raw, Rows], None], harmed: tuple[str, ...]
) -> None:
    place = ScopeResult(site.state, site.cluster)
    with site.daemon(), place.raw() as raw:
        before = rows(raw, ALICE)
        spent = site.code(ALICE)
        assert site.login(ALICE, spent)["rule"] == "code-right"
        tamper(raw, before)
        for name in harmed:
            for code in (spent, site.code(ALICE, 1), site.code(BOB, 1)):
                answer = site.login(name, code)
                assert (answer["rc"], answer["rule"]) == ("AUTHINFO_UNAVAIL", "state-unusable")
        for name in set(PEOPLE) - set(harmed):
            assert site.login(name, site.code(name, 1))["rule"] == "code-right"

        audited = rw2fa(site, "audit")
        assert [name for name in harmed if f"the record of {name} is not the one that was stored last" in audited] == [
            *harmed
        ]
        findings = json.loads(rw2fa(site, "doctor", "--json"))
        advice = "".join(
            one["fix"] for one in findings if not one["ok"] and "not the one that was stored last" in one["detail"]
        )
        assert [name for name in PEOPLE if f"`rw2fa users reset {name}`" in advice] == [*harmed], advice

        for name in harmed:
            done = run([str(PROGRAM), "--config", str(site.config), "users", "reset", name, "--yes", "--no-token"])
            assert done.status == 0, done.err
            with site.hook() as hook:
                assert "key" in hook.open(name)["text"], "asked to enrol anew"
            account = site.account(name)
            assert account is not None
            assert not account.activated
        assert "state-unusable" not in {site.login(name, "0").get("rule") for name in PEOPLE}
