"""The salt of recovery codes: altered or taken away, it is missed and not made up."""

import pytest

from rw2fa_daemon.store import code_salt
from rw2fa_daemon.store.store import StateProblem, Store
from tests.unit.store.place import Raw


@pytest.mark.parametrize(
    "tampering",
    ["UPDATE meta SET value = x'00' WHERE key = ?", "DELETE FROM meta WHERE key = ?"],
)
def test_promise_7_a_salt_that_was_altered_or_taken_away_is_noticed(store: Store, raw: Raw, tampering: str) -> None:
    store.code_hasher()
    raw.execute(tampering, (code_salt.KEY,))
    with pytest.raises(StateProblem, match="recovery codes are checked with was altered or taken away"):
        store.code_hasher()
