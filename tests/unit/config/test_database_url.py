"""What the URL of a database may say, and that what refuses it quotes nothing of it."""

import pytest

from rw2fa_daemon.config.database_url import (
    NODES_MAX,
    ROOT_CERTIFICATES,
    SOCKET_FOLDER,
    URL_BYTES_MAX,
    DatabaseUrl,
    masked,
    parse,
)
from rw2fa_daemon.config.domain import Refused
from rw2fa_daemon.core.database import Database, Node
from rw2fa_daemon.core.secret import Secret

START = "postgresql+psycopg://"


def url(rest: str) -> Database:
    return parse(START + rest)


def test_a_server_across_a_network_is_verified_without_being_asked_to_be() -> None:
    assert url("rw2fa@db.example.org/state") == Database(
        (Node("db.example.org", 5432),), "state", "rw2fa", root_certificates=ROOT_CERTIFICATES
    )
    assert url("rw2fa@db.example.org/state").tls


@pytest.mark.parametrize(
    ("rest", "nodes"),
    [
        ("u@a:1/d", (Node("a", 1),)),
        ("u@[2001:db8::1]:7/d", (Node("2001:db8::1", 7),)),
        ("u@[2001:db8::1]/d", (Node("2001:db8::1", 5432),)),
        ("u@a,b:2/d", (Node("a", 5432), Node("b", 2))),
        ("u@a,b/d?hostaddr=192.0.2.1,192.0.2.2", (Node("a", 5432, "192.0.2.1"), Node("b", 5432, "192.0.2.2"))),
        ("u@a,b/d?port=6", (Node("a", 6), Node("b", 6))),
        ("u@/d?host=a&port=6", (Node("a", 6),)),
        ("u@/d", (Node(SOCKET_FOLDER, 5432),)),
        ("u@%2Frun%2Fpg/d", (Node("/run/pg", 5432),)),
        ("u@/d?host=/run/one,/run/two", (Node("/run/one", 5432), Node("/run/two", 5432))),
    ],
)
def test_servers_are_found(rest: str, nodes: tuple[Node, ...]) -> None:
    assert url(rest).nodes == nodes


@pytest.mark.parametrize(
    ("rest", "tls"),
    [
        ("u@/d", False),
        ("u@localhost/d", False),
        ("u@127.1.2.3/d", False),
        ("u@[::1]/d", False),
        ("u@db/d?hostaddr=127.0.0.1", False),
        ("u@localhost/d?sslmode=verify-full", True),
        ("u@localhost,db/d", True),
        ("u@localhost/d?hostaddr=192.0.2.1", True),
        ("u@localhost.example.org/d", True),
    ],
)
def test_only_what_stays_on_this_host_goes_unencrypted(rest: str, tls: bool) -> None:
    assert url(rest).tls is tls


def test_user_name_and_password_may_have_any_character() -> None:
    found = url("u%40x:p%3Aw%2F%40@db/n%20m")
    assert (found.user, found.name, found.password) == ("u@x", "n m", Secret(b"p:w/@"))


@pytest.mark.parametrize(
    ("rest", "reason"),
    [
        ("db/d", "names no user"),
        ("u@db", "names no user"),
        ("u@db/", "names no user"),
        ("@db/d", "names no user"),
        ("u@db/d/e", "names no user"),
        ("u@db/d#x", "names no user"),
        ("u@db/d?sslmode=require", "an sslmode"),
        ("u@db/d?sslmode=disable", "an sslmode"),
        ("u@localhost/d?sslmode=prefer", "an sslmode"),
        ("u@db/d?connect_timeout=99", "an unknown option"),
        ("u@db/d?options=-c%20fsync=off", "an unknown option"),
        ("u@db/d?sslrootcert=ca.pem", "a relative path"),
        ("u@db/d?sslrootcert=/a&sslrootcert=/b", "twice"),
        ("u@db/d?sslrootcert=", "twice, or empty"),
        ("u@db/d?host=other", "the host twice"),
        ("u@db:0/d", "an invalid port"),
        ("u@db:65536/d", "an invalid port"),
        ("u@db:x/d", "an invalid port"),
        ("u@a,/d", "without a name"),
        ("u@a,b/d?hostaddr=192.0.2.1", "one value for each host"),
        ("u@" + ",".join("a" * (NODES_MAX + 1)) + "/d", "more than"),
        ("u@db/d\n", "does not print"),
        ("u@db/" + "d" * URL_BYTES_MAX, "longer than"),
    ],
)
def test_what_cannot_be_meant_is_refused(rest: str, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        url(rest)


@pytest.mark.parametrize("rest", ["u:hunter2@db", "u:hunter2@db/d?sslmode=require", "u:hunter2@db/d?x=y", "u:hunter2"])
def test_promise_3_what_is_refused_is_not_quoted(rest: str) -> None:
    with pytest.raises(Refused) as caught:
        url(rest)
    assert "hunter2" not in str(caught.value)


def test_promise_3_a_url_is_shown_without_its_password() -> None:
    assert masked(START + "u:hunter2@db/d?host=x") == START + "u:…@db/d?host=x"
    assert masked(START + "u:hunter@2:3@db/d") == START + "u:…@db/d"
    assert masked(START + "u:hun/ter2@db/d") == START + "u:…@db/d"
    assert masked(START + "u@db/d") == START + "u@db/d"
    assert "hunter2" not in repr(url("u:hunter2@db/d"))


def test_promise_3_no_password_is_taken_from_a_command_line() -> None:
    domain = DatabaseUrl()
    assert domain.parse(START + "u@db/d") == domain.read(START + "u@db/d")
    assert domain.parse("") == ""
    with pytest.raises(Refused, match="command line"):
        domain.parse(START + "u:hunter2@db/d")
