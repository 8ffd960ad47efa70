"""How a name may stand in what an administrator reads."""

import pytest

from rw2fa_daemon.store.problem import altered, failed, no_nul, no_state, not_utf8, other_key, shown


@pytest.mark.parametrize("name", ["alice", "dörte", "a b"])
def test_a_name_is_shown_as_it_is(name: str) -> None:
    assert shown(name) == name


@pytest.mark.parametrize("name", ["a\nb", "\x1b[31m", "\N{RIGHT-TO-LEFT OVERRIDE}x", "\udcff"])
def test_a_name_cannot_forge_a_line_of_a_log(name: str) -> None:
    assert name not in str(altered(name))
    assert str(altered(name)).isprintable()


def test_each_problem_says_what_to_do() -> None:
    told = {
        altered("alice"): "the record of alice is not the one that was stored last",
        other_key("alice"): "the record of alice is sealed under a master key that this host does not have",
        not_utf8("d\udcf6rte"): "is not UTF-8",
        no_nul("a\0b"): "contains a NUL",
        no_state("/nowhere"): "there is no state in /nowhere",
    }
    for problem, what in told.items():
        assert what in problem.what
        assert problem.fix
    for start_over in (altered("alice"), other_key("alice")):
        assert "`rw2fa users reset alice`" in start_over.fix


def test_promise_3_a_failure_says_where_and_quotes_nothing() -> None:
    def inner() -> None:
        raise ValueError("JBSWY3DPEHPK3PXP")

    with pytest.raises(ValueError, match="JBSWY3DPEHPK3PXP") as raised:
        inner()
    line = inner.__code__.co_firstlineno + 1
    assert failed("it", raised.value).what == f"it failed: ValueError at test_problem.py:{line}"
    assert failed("it", ValueError("x")).what == "it failed: ValueError at ?"
