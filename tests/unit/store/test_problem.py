"""How a name may stand in what an administrator reads."""

import pytest

from rw2fa_daemon.store.problem import altered, shown


@pytest.mark.parametrize("name", ["alice", "dörte", "a b"])
def test_a_name_is_shown_as_it_is(name: str) -> None:
    assert shown(name) == name


@pytest.mark.parametrize("name", ["a\nb", "\x1b[31m", "\N{RIGHT-TO-LEFT OVERRIDE}x", "\udcff"])
def test_a_name_cannot_forge_a_line_of_a_log(name: str) -> None:
    assert name not in str(altered(name))
    assert str(altered(name)).isprintable()
