"""What our lines change for people who are not asked, against the dumbest thing that could work."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rw2fa_daemon.pamstack.codes import Code
from rw2fa_daemon.pamstack.dispatch import run
from rw2fa_daemon.pamstack.lines import MARK, our_lines, put_in
from rw2fa_daemon.pamstack.module_files import OUR_MODULE
from rw2fa_daemon.pamstack.stack import Facility, Handler, load
from rw2fa_daemon.pamstack.unasked import differences

OTHER = "auth required pam_deny.so\naccount required pam_deny.so\nsession required pam_deny.so\n"
ANSWERS = (Code.SUCCESS, Code.IGNORE, Code.AUTH_ERR)

controls = st.sampled_from(
    [
        "required",
        "requisite",
        "sufficient",
        "optional",
        "[success=1 default=ignore]",
        "[success=2 default=ignore]",
        "[success=ok ignore=1 default=die]",
        "[success=done ignore=ignore default=die]",
        "[default=1]",
    ]
)
foreign = st.tuples(controls, st.integers(1, 4)).map(lambda pair: f"auth {pair[0]} pam_unknown{pair[1]}.so\n")
ours = controls.map(lambda control: f"auth {control} {OUR_MODULE}  {MARK}\n")
by_hand = controls.map(lambda control: f"auth {control} {OUR_MODULE}\n")


JUMP = (
    "auth [success=1 default=ignore] pam_unknown1.so\n"
    f"auth required {OUR_MODULE}  {MARK}\n"
    "auth required pam_unknown2.so\n"
)


def found_in(text: str, **files: str) -> list[Facility]:
    world = {"/etc/pam.d/other": OTHER, "/etc/pam.d/svc": text}
    world |= {f"/etc/pam.d/{name}": content for name, content in files.items()}
    return [one.facility for one in differences("svc", world.get)]


def by_trying(text: str) -> bool:
    """Whether, for some answers, other modules are called or another result comes out than without our marked lines."""
    bare = "".join(line for line in text.splitlines(keepends=True) if MARK not in line)
    for answers in product(ANSWERS, repeat=4):

        def meets(content: str, answers: tuple[Code, ...] = answers) -> tuple[list[str], Code]:
            called: list[str] = []

            def answer(handler: Handler) -> Code:
                if handler.module == OUR_MODULE:
                    return Code.IGNORE
                called.append(handler.module)
                return answers[int(handler.module_name[len("pam_unknown")]) - 1]

            world = {"/etc/pam.d/other": OTHER, "/etc/pam.d/svc": content}
            return called, run(load("svc", world.get).stack(Facility.AUTH), answer)

        if meets(text) != meets(bare):
            return True
    return False


@given(st.lists(st.one_of(foreign, ours), min_size=1, max_size=5).map("".join))
@example(JUMP)
def test_promise_14_every_change_for_who_is_not_asked_is_found_and_no_other(text: str) -> None:
    if any(text.count(f"pam_unknown{number}.so") > 1 for number in range(1, 5)):
        # One module that is called twice answers differently: trying has one answer for each.
        return
    if "pam_unknown" in text:
        assert bool(found_in(text)) == by_trying(text)


@given(st.lists(st.one_of(foreign, by_hand), min_size=1, max_size=5).map("".join))
def test_lines_by_hand_are_counted_by_jumps_that_were_meant_to(text: str) -> None:
    harmless = text.replace("[success=ok ignore=1 default=die]", "required").replace("[default=1]", "required")
    assert found_in(harmless) == []


@pytest.mark.parametrize("service", sorted(our_lines()))
def test_promise_14_our_own_lines_change_nothing_in_a_plain_service(service: str) -> None:
    plain = (
        "auth required pam_unix.so\naccount required pam_unix.so\n"
        "session required pam_loginuid.so\nsession required pam_unix.so\n"
    )
    assert found_in(put_in(plain, our_lines()[service], lambda _target: ())) == []


def test_promise_14_a_jump_over_a_line_of_ours_is_found_in_the_session_too() -> None:
    text = "session [success=2 default=ignore] pam_a.so\nsession required pam_loginuid.so\nsession required pam_b.so\n"
    assert found_in(put_in(text, our_lines()["login"], lambda _target: ())) == [Facility.SESSION]


def test_promise_14_a_line_that_takes_the_place_of_other_is_found() -> None:
    assert found_in(f"auth required pam_unix.so\nsession optional {OUR_MODULE}  {MARK}\n") == [Facility.SESSION]
