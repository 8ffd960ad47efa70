"""What a host leaves open, and what becomes of it for people who need a code. The real sshd is asked elsewhere."""

from __future__ import annotations

import pytest

from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.pamstack.sshd.policy import cases, ways, weaker, with_code
from rw2fa_daemon.pamstack.sshd.read import CONFIG, DEPTH_MAX, Files, read

PAM = "keyboard-interactive:pam"
KEY = ("publickey", PAM)


def files(main: str, **more: str) -> Files:
    """A configuration whose Include lines name files by their names."""
    texts = {CONFIG: main, **{f"/etc/ssh/{name}": text for name, text in more.items()}}
    return lambda path: [(path, texts[path])] if path in texts else []


def told(main: str, **more: str) -> list[tuple[str, tuple[tuple[str, ...], ...]]]:
    return [(" ".join(map(str, case.criteria)), case.ways) for case in cases(read(files(main, **more)))]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, (KEY, (PAM,))),
        ({"passwordauthentication": "no", "kbdinteractiveauthentication": "no"}, (KEY,)),
        ({"passwordauthentication": "no"}, (KEY, (PAM,))),  # PAM asks for it in keyboard-interactive
        ({"pubkeyauthentication": "no"}, ((PAM,),)),
        ({"gssapiauthentication": "yes"}, (KEY, ("gssapi-with-mic", PAM), (PAM,))),
        ({"authenticationmethods": "publickey,password publickey,keyboard-interactive"}, (KEY,)),
        ({"authenticationmethods": "publickey,publickey"}, (("publickey", "publickey", PAM),)),
        ({"authenticationmethods": "password", "passwordauthentication": "no"}, ()),
    ],
)
def test_promise_14_a_key_that_was_demanded_still_is_and_a_closed_password_stays_closed(
    settings: dict[str, str], expected: tuple[tuple[str, ...], ...]
) -> None:
    before = ways(settings)
    assert with_code(before) == expected
    assert weaker(before, expected) is None


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([("publickey",)], [(PAM,)]),
        ([("publickey", "password")], [(PAM,)]),
        ([("publickey", "publickey")], [KEY]),
        ([], [KEY]),
        ([("publickey", "keyboard-interactive")], [KEY, ("publickey",)]),
    ],
)
def test_promise_14_a_way_that_asks_for_less_is_weaker(
    before: list[tuple[str, ...]], after: list[tuple[str, ...]]
) -> None:
    assert weaker(before, after) == after[-1]


def test_what_a_match_says_is_a_case_before_the_others() -> None:
    assert told("KbdInteractiveAuthentication no\nMatch User deploy # ours\n\tPasswordAuthentication no\n") == [
        ("User deploy", (KEY,)),
        ("", (KEY, (PAM,))),
    ]


def test_blocks_that_may_both_hold_make_a_case_together_only_if_that_says_something_new() -> None:
    text = (
        "KbdInteractiveAuthentication no\n"
        "Match Group a\nPasswordAuthentication no\nMatch Group b\nPasswordAuthentication no\n"
        "Match Address 10.0.0.0/8\nPubkeyAuthentication no\n"
    )
    assert {criteria for criteria, _ in told(text)} == {
        "",
        "Group a",
        "Group b",
        "Address 10.0.0.0/8",
        "Group a Address 10.0.0.0/8",
        "Group b Address 10.0.0.0/8",
    }


def test_an_include_in_a_match_is_under_it_and_ends_with_its_file() -> None:
    main = "KbdInteractiveAuthentication no\nMatch Group a\nInclude b.conf\nPasswordAuthentication no\n"
    assert told(main, **{"b.conf": "Match User c\nPubkeyAuthentication no\n"}) == [
        ("Group a User c", ()),
        ("Group a", (KEY,)),
        ("", (KEY, (PAM,))),
    ]


def test_users_that_are_named_one_by_one_are_never_combined() -> None:
    blocks = [f"Match User u{number}\nPasswordAuthentication no\n" for number in range(40)]
    assert len(told("KbdInteractiveAuthentication no\n" + "".join(blocks))) == 41


def test_blocks_that_say_what_holds_anyway_make_no_case() -> None:
    blocks = [f"Match Group g{number}\nPasswordAuthentication yes\nX11Forwarding no\n" for number in range(40)]
    assert told("".join(blocks)) == [("", (KEY, (PAM,)))]


def test_too_many_blocks_that_overlap_are_a_problem() -> None:
    blocks = [f"Match Group g{number}\nPasswordAuthentication no\n" for number in range(16)]
    with pytest.raises(Problem, match="too many Match blocks"):
        told("".join(blocks))


def test_includes_without_end_are_a_problem() -> None:
    with pytest.raises(Problem, match=f"more than {DEPTH_MAX} levels"):
        told("Include a.conf\n", **{"a.conf": "Include a.conf\n"})
