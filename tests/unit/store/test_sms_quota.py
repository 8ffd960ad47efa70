"""Quotas of text messages: counted for all processes at once, bounded, and without numbers in clear."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace

import pytest

from rw2fa_daemon.core.quota import DAY_SECONDS, HOUR_SECONDS, Limit, Quota
from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.store import sms_quota
from rw2fa_daemon.store.store import Store
from rw2fa_daemon.vault.vault import Vault
from tests.unit.store.place import Raw, ScopeResult

NOW = 1_790_000_000
NUMBER = b"+33612345678"


def _quotas(name: str = "alice", *, per_user: int = 3, per_host: int = 1_000) -> tuple[Quota, ...]:
    return (
        Quota(Limit.USER, Secret(name.encode()), per_user, DAY_SECONDS),
        Quota(Limit.NUMBER, Secret(NUMBER), 1_000, DAY_SECONDS),
        Quota(Limit.SOURCE, Secret(b"192.0.2.7"), 1_000, HOUR_SECONDS),
        Quota(Limit.HOST, Secret(b""), per_host, DAY_SECONDS),
    )


def test_a_quota_that_is_full_is_named_and_nothing_is_counted_against_the_others(store: Store) -> None:
    quotas = _quotas(per_host=5)
    assert [store.take_sms_quota(quotas, NOW) for _ in range(3)] == [None] * 3
    assert [store.take_sms_quota(quotas, NOW) for _ in range(9)] == [quotas[0]] * 9
    assert store.full_sms_quota(quotas, NOW) == quotas[0]
    others = _quotas("bob", per_host=5)
    assert [store.take_sms_quota(others, NOW) for _ in range(3)] == [None, None, others[3]]
    assert store.take_sms_quota(quotas, NOW + 2 * DAY_SECONDS) is None


@pytest.mark.parametrize("full", range(4))
def test_promise_10_while_one_quota_is_full_whatever_its_place_no_other_is_charged(store: Store, full: int) -> None:
    wide = tuple(replace(quota, at_most=3) for quota in _quotas())
    narrow = tuple(replace(quota, at_most=1 if place == full else 3) for place, quota in enumerate(wide))
    assert store.take_sms_quota(narrow, NOW) is None
    assert [store.take_sms_quota(narrow, NOW) for _ in range(5)] == [narrow[full]] * 5
    assert [store.take_sms_quota(wide, NOW) for _ in range(3)] == [None, None, wide[0]], "each has room for two more"


def test_looking_counts_nothing(store: Store) -> None:
    for _ in range(10):
        assert store.full_sms_quota(_quotas(per_user=1), NOW) is None


def test_a_quota_outlives_the_process(place: ScopeResult, store: Store, vault: Vault) -> None:
    assert store.take_sms_quota(_quotas(per_user=1), NOW) is None
    store.close()
    with closing(place.open(vault)) as again:
        assert again.take_sms_quota(_quotas(per_user=1), NOW) is not None


def test_promise_10_processes_that_count_at_once_let_no_more_out_than_one(
    place: ScopeResult, store: Store, vault: Vault
) -> None:
    def many(_: int) -> int:
        with closing(place.open(vault)) as mine:
            return sum(mine.take_sms_quota(_quotas(per_user=20), NOW) is None for _ in range(15))

    store.close()
    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(many, range(4))) == 20


def test_promise_11_what_is_remembered_is_bounded(store: Store, raw: Raw, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sms_quota, "SUBJECTS_MAX", 20)
    for number in range(60):
        assert store.take_sms_quota(_quotas(f"user{number}"), NOW + number * HOUR_SECONDS // 4) is None
        (rows,) = raw.execute("SELECT count(*) FROM text_quotas").fetchone()
        assert rows <= 20
    assert store.full_sms_quota(_quotas(per_host=60), NOW + 15 * HOUR_SECONDS) is not None
    assert store.take_sms_quota(_quotas("last"), NOW + 9 * DAY_SECONDS) is None
    assert raw.execute("SELECT count(*) FROM text_quotas").fetchone() == (4,)


def test_promise_7_no_name_number_or_address_is_in_the_table(store: Store, raw: Raw) -> None:
    store.take_sms_quota(_quotas(), NOW)
    content = b"".join(bytes(str(row), "utf-8") for row in raw.execute("SELECT * FROM text_quotas").fetchall())
    assert [plain for plain in ("alice", NUMBER.decode(), "192.0.2.7") if plain.encode() in content] == []


def test_a_row_that_somebody_spoilt_is_counted_anew(store: Store, raw: Raw) -> None:
    store.take_sms_quota(_quotas(per_user=1), NOW)
    raw.execute("UPDATE text_quotas SET ledger = 'spoilt'")
    assert store.take_sms_quota(_quotas(per_user=1), NOW) is None
    assert store.take_sms_quota(_quotas(per_user=1), NOW) is not None
