"""One line into common-auth, and the same one out of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rw2fa_daemon.pamstack.common_auth import (
    is_additional,
    is_saved,
    profile_line,
    put_in_common,
    put_in_saved,
    take_out_of_common,
    take_out_of_saved,
)
from tests.support.world.paths import REPOSITORY

FIXTURES = REPOSITORY / "tests/fixtures/pam"
COMMON = sorted(FIXTURES.glob("*/common/*"))
OURS = profile_line((REPOSITORY / "etc/pam-configs/rw2fa").read_text())
BEGIN = '# and here are more per-package modules (the "Additional" block)\n'
END = "# end of pam-auth-update config"


@pytest.mark.parametrize("host", COMMON, ids=lambda path: "-".join(path.relative_to(FIXTURES).parts[::2]))
def test_what_pam_auth_update_wrote_comes_back(host: Path) -> None:
    common = (host / "etc/pam.d/common-auth").read_text()
    put = put_in_common(common, OURS)
    assert put is not None
    assert put == common.replace(BEGIN, f"{BEGIN}auth\t{OURS} \n")
    assert take_out_of_common(put) == common

    saved = (host / "var/lib/pam/auth").read_text()
    profiles = host.parents[1] / "usr/share/pam-configs"
    remembered = put_in_saved(saved, "rw2fa", OURS, lambda name: is_additional((profiles / name).read_text()))
    before, _, after = remembered.partition(f"Module: rw2fa\n{OURS}\n")
    assert before + after == saved
    assert "Module: unix" in before
    assert "Module: capability" not in before
    assert is_saved(remembered, "rw2fa")
    assert take_out_of_saved(remembered, "rw2fa") == saved


lines = st.lists(st.sampled_from(["# a\r\n", "auth optional x.so # b\n", "\x0c\n", "auth requisite y.so\n", "\n"]))


@given(lines, lines, lines, st.sampled_from([END, f"{END}\n", f"{END}\r\nauth requisite pam_rw2fa.so # by hand\n"]))
def test_promise_14_whatever_else_stands_there_comes_back(
    first: list[str], block: list[str], last: list[str], end: str
) -> None:
    common = "".join([*first, BEGIN, *block, end if end == END else end + "".join(last)])
    put = put_in_common(common, OURS)
    assert put is not None
    assert put != common
    assert take_out_of_common(put) == common


@pytest.mark.parametrize("text", ["", "auth required pam_unix.so\n", BEGIN, f"{END}\n{BEGIN}"])
def test_without_the_comments_there_is_no_place(text: str) -> None:
    assert put_in_common(text, OURS) is None
    assert take_out_of_common(text) == text


def test_a_profile_without_a_line_is_none() -> None:
    with pytest.raises(ValueError, match="Auth"):
        profile_line("Name: x\nSession:\n\toptional x.so\n")
