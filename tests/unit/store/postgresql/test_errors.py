"""What an administrator reads when PostgreSQL fails."""

from contextlib import closing

import psycopg
import pytest
from psycopg import errors

from rw2fa_daemon.store.postgresql.errors import REASON_MAX, misfit, problem
from tests.support.postgresql import Cluster

PLACE = "the database rw2fa on db.example:5432"
SECRET = "JBSWY3DPEHPK3PXP"


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("55P03", "locked"),
        ("57014", "took too long to answer"),
        ("53100", "the disk of"),
        ("25006", "takes no writes"),
        ("42501", "does not let the user"),
        ("XX001", "is damaged"),
        ("XX000", "is damaged"),
        ("58030", "reading or writing"),
        ("57P01", "cannot be reached"),
        ("08006", "cannot be reached"),
        ("22P02", "the database says 22P02"),
        ("42P01", "the database says 42P01"),
    ],
)
def test_each_error_says_what_is_wrong_and_what_to_do_and_quotes_no_value(state: str, said: str) -> None:
    told = problem(errors.lookup(state)(f"invalid input: {SECRET}"), PLACE)
    assert said in told.what
    assert PLACE in told.what
    assert told.fix
    # What libpq says of a connection is shown; a server quotes values in no error of those.
    assert (SECRET in str(told)) == (said == "cannot be reached")


def test_why_there_is_no_connection_is_one_line_of_bounded_length() -> None:
    error = psycopg.OperationalError("connection failed:\n\tserver \x1b[31m" + "x" * 2 * REASON_MAX)
    told = problem(error, PLACE)
    reason = told.what.removeprefix(f"{PLACE} cannot be reached: ")
    assert reason.startswith("connection failed: server ?[31mxxx")
    assert len(reason) == REASON_MAX
    assert "nothing has to be restarted afterwards" in told.fix


def test_of_another_error_without_a_state_only_the_kind_is_told() -> None:
    assert problem(psycopg.InterfaceError(SECRET), PLACE).what == f"{PLACE} cannot be reached (InterfaceError)"
    assert problem(ValueError(SECRET), PLACE).what == f"{PLACE} cannot be reached (ValueError)"


@pytest.mark.parametrize(
    "error",
    [ValueError("x"), psycopg.OperationalError("x"), errors.UniqueViolation("x"), errors.InsufficientPrivilege("x")],
)
def test_only_a_statement_that_does_not_fit_the_tables_is_a_misfit(error: Exception) -> None:
    assert misfit(error) is None


def test_a_misfit_is_told_in_the_words_of_the_server(cluster: Cluster) -> None:
    with closing(cluster.connect()) as driver:
        with pytest.raises(errors.UndefinedTable) as raised:
            driver.execute("SELECT 1 FROM nowhere")
        assert misfit(raised.value) == 'relation "nowhere" does not exist'
        with pytest.raises(errors.InsufficientPrivilege) as denied:
            driver.execute("SELECT 1 FROM pg_authid")
        assert misfit(denied.value) is None
