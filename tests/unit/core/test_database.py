"""Where a shared database is: what stays on this machine, and how it is called."""

import pytest

from rw2fa_daemon.core.database import Database, Node


@pytest.mark.parametrize(
    ("node", "local"),
    [
        (Node("/run/postgresql", 5432), True),
        (Node("localhost", 5432), True),
        (Node("127.8.9.1", 5432), True),
        (Node("::1", 5432), True),
        (Node("db.example", 5432), False),
        (Node("192.0.2.1", 5432), False),
        (Node("db.example", 5432, "127.0.0.1"), True),
        (Node("localhost", 5432, "192.0.2.1"), False),
    ],
)
def test_what_is_said_to_a_local_server_leaves_no_machine(node: Node, local: bool) -> None:
    assert node.local is local


def test_a_database_is_called_by_name_and_servers() -> None:
    database = Database((Node("/run/postgresql", 5432), Node("db", 5433)), "rw2fa", "rw2fa")
    assert str(database) == "the database rw2fa on /run/postgresql, db:5433"
    assert database.tls, "unless it is said that it is not"
