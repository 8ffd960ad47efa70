"""The look-up in this process, against this machine's own users."""

import grp
import os
import pwd
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rw2fa_daemon.core.user import Missing, User
from rw2fa_daemon.directory.request import lookup


def test_root_is_found_with_uid_and_groups() -> None:
    user = lookup("root", ("root", "adm"))
    assert isinstance(user, User)
    assert (user.name, user.uid) == ("root", 0)
    assert user.gids == set(os.getgrouplist("root", pwd.getpwuid(0).pw_gid))
    assert user.groups == {"root": 0, "adm": grp.getgrnam("adm").gr_gid}


def test_promise_13_a_group_that_does_not_exist_is_not_resolved() -> None:
    user = lookup("root", ("no-such-group-here", "", "a\0b", "\ud800"))
    assert isinstance(user, User)
    assert set(user.groups.values()) == {None}


@pytest.mark.parametrize(
    "typed", ["", "no such user", "a\0b", "/", "../root", "root\n", "\udcff", chr(0xD800), "x" * 100_000]
)
def test_what_is_no_user_is_unknown(typed: str) -> None:
    assert lookup(typed, ("root",)) is Missing.UNKNOWN


@given(st.text(max_size=30) | st.binary(max_size=30).map(lambda raw: raw.decode("utf-8", "surrogateescape")))
def test_no_text_makes_it_raise(typed: str) -> None:
    assert isinstance(lookup(typed, (typed,)), User | Missing)


def test_the_locale_of_the_administrator_does_not_matter() -> None:
    script = (
        "from rw2fa_daemon.directory.request import lookup\n"
        "print(lookup('\\xe9', ('\\xe9',)).name, ascii(lookup('root', ('\\xe9', 'root')).groups))"
    )
    ascii_only = {**os.environ, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LC_ALL": "POSIX"}
    done = subprocess.run([sys.executable, "-c", script], env=ascii_only, capture_output=True, text=True, check=True)
    assert done.stdout == "UNKNOWN {'\\xe9': None, 'root': 0}\n"
