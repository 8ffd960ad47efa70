"""What was accepted counts for the files as they were, and comes back from its file as it went in."""

from __future__ import annotations

from pathlib import Path

import pytest

from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.pamstack import accepted
from rw2fa_daemon.pamstack.accepted import Acceptance, Accepted, digest_of

FILES = {
    "etc/pam.d/other": "auth required pam_deny.so\n",
    "etc/pam.d/common-auth": "auth required pam_unix.so\n",
    "usr/lib/pam.d/svc": "@include common-auth\n",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, content in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    (tmp_path / "etc/rw2fa").mkdir()
    return tmp_path


def acceptance(root: Path, reason: str = "why") -> Acceptance:
    return Acceptance("svc", "pam-bypass", reason, "amy (uid 7)", 1_700_000_000, digest_of(root, "svc"))


@pytest.mark.parametrize("reason", ["why", 'a "quoted" \\ one', "schön, 日本, 🔑", "[[accepted]]", "# no comment"])
def test_what_is_kept_comes_back(root: Path, reason: str) -> None:
    kept = Accepted().having(acceptance(root, reason)).having(Acceptance("svc", "pam-card", "x", "y", 1, "z"))
    accepted.write(root, kept)
    assert accepted.read(root) == kept
    assert kept.having(acceptance(root, "better")).of("svc", "pam-bypass") == acceptance(root, "better")
    accepted.write(root, kept.lacking("svc", "pam-card").lacking("svc", "pam-bypass"))
    assert accepted.read(root) == Accepted()
    assert not list((root / "etc/rw2fa").iterdir())


@pytest.mark.parametrize("name", [*FILES, "etc/pam.d/svc"])
def test_promise_4_whatever_file_of_the_service_changes_it_counts_no_more(root: Path, name: str) -> None:
    kept = Accepted((acceptance(root),))
    assert kept.counts(root, "svc", "pam-bypass")
    before = FILES.get(name)
    # A file of its own in /etc stands in for the package's, even if it says the same.
    (root / name).write_text("@include common-auth\n" if before is None else before + "# changed\n")
    assert not kept.counts(root, "svc", "pam-bypass")
    (root / name).unlink() if before is None else (root / name).write_text(before)
    assert kept.counts(root, "svc", "pam-bypass")


def test_promise_4_it_counts_for_one_finding_of_one_service(root: Path) -> None:
    kept = Accepted((acceptance(root),))
    assert not kept.counts(root, "svc", "pam-refusal-ignored")
    assert not kept.counts(root, "other", "pam-bypass")


WRONG_TYPE = "".join(f'{key} = "x"\n' for key in ("service", "finding", "reason", "by", "at", "digest"))


@pytest.mark.parametrize(
    "text", ["", "accepted = 1\n", "[[accepted]]\nat = 1\n", "nonsense", f"[[accepted]]\n{WRONG_TYPE}"]
)
def test_a_file_that_says_something_else_is_refused(root: Path, text: str) -> None:
    (root / "etc/rw2fa/accepted.toml").write_text(text)
    with pytest.raises(Problem, match="is not as rw2fa wrote it"):
        accepted.read(root)
