"""What may name a user and an address on the session socket."""

import pytest

from rw2fa_daemon.wire.message import ProtocolError
from rw2fa_portal.protocol import USER_MAX, check_address, check_user


@pytest.mark.parametrize("name", ["alice", "CORP\\alice", "alice@corp", "jörg", "x" * USER_MAX])
def test_names_that_may_be_somebody_s(name: str) -> None:
    assert check_user(name) == name


@pytest.mark.parametrize("name", ["", "a\nb", "a\x7f", "a\u2028b", "\udcff", "x" * (USER_MAX + 1), "ö" * 129])
def test_names_that_are_nobody_s(name: str) -> None:
    with pytest.raises(ProtocolError):
        check_user(name)


def test_addresses_are_written_one_way() -> None:
    assert check_address("2001:DB8::0:1") == "2001:db8::1"
    assert check_address("") == ""
    with pytest.raises(ProtocolError):
        check_address("192.0.2.7, 192.0.2.8")
