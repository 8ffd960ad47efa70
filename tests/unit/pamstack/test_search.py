"""The search against the dumbest thing that could work: every answer of every module, one by one."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rw2fa_daemon.pamstack import search
from rw2fa_daemon.pamstack.codes import Action, Code
from rw2fa_daemon.pamstack.dispatch import run
from rw2fa_daemon.pamstack.search import Slot, TooManyWays, slot_of, ways
from rw2fa_daemon.pamstack.stack import Facility, Handler, Kind, Stack, load

CODES = (Code.SUCCESS, Code.NEW_AUTHTOK_REQD, Code.IGNORE, Code.AUTH_ERR, Code.USER_UNKNOWN)
ANSWERS = (*CODES, Code.OPEN_ERR)
"""The last one is named by no control, as most of libpam's codes are not: it stands for `default`."""
GRANTED = (Code.SUCCESS, Code.NEW_AUTHTOK_REQD)
OTHER = "auth required pam_deny.so\n"

actions = st.one_of(st.sampled_from([action.name.lower() for action in Action]), st.integers(1, 3).map(str))
pairs = st.tuples(st.sampled_from([*(code.word for code in CODES), "default"]), actions).map("=".join)
controls = st.one_of(
    st.sampled_from(["required", "requisite", "sufficient", "optional"]),
    st.lists(pairs, min_size=1, max_size=3).map(lambda parts: f"[{' '.join(parts)}]"),
)
modules = st.sampled_from(
    ["pam_rw2fa.so", "pam_rw2fa.so slot=key", "pam_unknown1.so", "pam_unknown2.so", "pam_unix.so"]
)
stack_lines = st.tuples(controls, modules).map(lambda pair: f"auth {pair[0]} {pair[1]}")


def stack_of(text: str, **files: str) -> Stack:
    world = {"/etc/pam.d/other": OTHER, "/etc/pam.d/svc": text}
    world |= {f"/etc/pam.d/{name}": content for name, content in files.items()}
    return load("svc", world.get).stack(Facility.AUTH)


def by_trying(stack: Stack) -> set[tuple[bool, bool, bool, bool]]:
    """All ends: whether somebody is let in, whether we judged, whether we refused, whether a password was right."""
    found = set()
    modules = [handler for handler in stack if handler.kind is Kind.MODULE]
    places = {id(handler): index for index, handler in enumerate(modules)}
    for combination in product(ANSWERS, repeat=len(modules)):
        judged = refused = proved = False

        def answer(handler: Handler, combination: tuple[Code, ...] = combination) -> Code:
            nonlocal judged, refused, proved
            code = combination[places[id(handler)]]
            if handler.module == "pam_rw2fa.so":
                judged |= code in GRANTED or (code is Code.IGNORE and "slot=key" not in handler.arguments)
                refused |= code not in (*GRANTED, Code.IGNORE)
            elif handler.module == "pam_unix.so":
                proved |= code in GRANTED
            return code

        result = run(stack, answer)
        found.add((result in GRANTED, judged, refused, proved))
    return found


@settings(max_examples=200, deadline=None)
@given(st.lists(stack_lines, min_size=1, max_size=4), st.lists(stack_lines, min_size=1, max_size=2), st.booleans())
# Only an answer that no control names leaves the demand for a new password standing, as libpam does.
@example(["auth [success=ignore] pam_rw2fa.so"], ["auth [auth_err=1 user_unknown=1] pam_rw2fa.so"], True)
def test_promise_4_the_search_finds_exactly_the_ways_that_there_are(
    outer: list[str], inner: list[str], deep: bool
) -> None:
    if deep:
        outer = [*outer[:2], "auth substack inner"]
    stack = stack_of("\n".join(outer), inner="\n".join(inner))
    searched = {(end.lets_in, end.facts.judged, end.facts.refused, end.facts.proved) for end in ways(stack).ends}
    assert searched == by_trying(stack)


def test_the_way_that_is_shown_is_one_that_libpam_takes() -> None:
    stack = stack_of("auth [success=1 default=ignore] pam_a.so\nauth required pam_rw2fa.so\nauth required pam_b.so\n")
    end = next(end for end in ways(stack).ends if end.lets_in and not end.facts.judged)
    answers = {step.handler: step.answer for step in end.trail}
    assert run(stack, lambda handler: answers[handler]) in GRANTED
    assert [str(step) for step in end.trail] == [
        "pam_a.so (/etc/pam.d/svc:1) = success",
        "pam_b.so (/etc/pam.d/svc:3) = success",
    ]


def test_a_slot_that_nobody_knows_is_the_main_one() -> None:
    stack = stack_of("auth required pam_rw2fa.so slot=frist\nauth required pam_rw2fa.so slot=first slot=key\n")
    assert [slot_of(handler) for handler in stack] == [Slot.MAIN, Slot.KEY]


def test_promise_11_the_search_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "SITUATIONS_MAX", 3)
    with pytest.raises(TooManyWays):
        ways(stack_of("auth optional pam_a.so\nauth optional pam_b.so\nauth required pam_c.so\n"))


def test_a_long_stack_is_searched_in_no_time() -> None:
    text = "".join(f"auth [success={n % 3 + 1} new_authtok_reqd=done default=ignore] pam_m{n}.so\n" for n in range(60))
    assert ways(stack_of(text + "auth required pam_rw2fa.so\n" * 4)).ends
