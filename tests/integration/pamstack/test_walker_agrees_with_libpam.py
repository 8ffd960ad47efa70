"""The walker against its oracle: real libpam over generated stacks of pam_debug.so, which answers as it is told."""

from __future__ import annotations

import re
import tempfile
from itertools import product
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from rw2fa_daemon.pamstack.codes import Action, Code
from rw2fa_daemon.pamstack.dispatch import run
from rw2fa_daemon.pamstack.stack import Facility, Handler, host_reader, load
from rw2fa_daemon.pamstack.syntax import SyntaxProblem
from tests.support import libpam
from tests.support.world.paths import REPOSITORY

GDM = REPOSITORY / "tests/fixtures/pam/bookworm/etc/pam.d/gdm-smartcard-sssd-or-password"
ANSWERS = [code for code in Code if code is not Code.INCOMPLETE]
COMMON = ["success", "auth_err", "ignore", "user_unknown", "new_authtok_reqd", "perm_denied", "module_unknown"]
ACTIONS = [action.name.lower() for action in Action]
PLACE = "@@"  # the folder, which is known when the files are written

codes = st.one_of(st.just("success"), st.sampled_from(COMMON), st.sampled_from([code.word for code in ANSWERS]))
actions = st.one_of(st.sampled_from(ACTIONS), st.integers(1, 4).map(str))
pairs = st.tuples(st.one_of(codes, st.just("default")), actions).map("=".join)
odd_controls = st.sampled_from(
    [
        "[success=0]",
        "[success]",
        "[succes=ok]",
        "[success = 1  default =ignore ]",
        "[]",
        "[success=okdefault=die]",
        "nonsense",
        "[success=1default=bad]",
    ]
)
controls = st.one_of(
    st.sampled_from(["required", "requisite", "sufficient", "optional", "REQUIRED", "[required]"]),
    st.lists(pairs, min_size=1, max_size=3).map(lambda parts: "[" + " ".join(parts) + "]"),
    st.sampled_from(["required", "requisite", "sufficient", "optional", "[success=1 default=ignore]"]),
    st.one_of(st.just("required"), st.just("optional"), odd_controls),
)
facilities = st.sampled_from(["auth", "auth", "auth", "account", "-auth", "AUTH"])
breaks = st.sampled_from([" ", " ", " ", "\t", " \\\n  ", " \\\n\t"])
tails = st.sampled_from(["", "", " # why", " [a b]"])


@st.composite
def module_lines(draw: st.DrawFn) -> str:
    answer = draw(codes)
    module = draw(
        st.sampled_from(
            ["pam_debug.so", "pam_debug.so", "pam_debug.so", "pam_deny.so", "pam_permit.so", "pam_absent_for_sure.so"]
        )
    )
    arguments = f"auth={answer} acct={answer}" if module == "pam_debug.so" else ""
    gap = draw(breaks)
    return f"{draw(facilities)}{gap}{draw(controls)}{gap}{module} {arguments}{draw(tails)}"


def files(depth: int) -> st.SearchStrategy[list[str]]:
    includes = st.tuples(
        st.sampled_from(["auth include", "auth substack", "auth substack", "@include", "account include"]),
        st.integers(0, 2),
    ).map(lambda pair: f"{pair[0]} {PLACE}/part{depth + 1}-{pair[1]}")
    oddities = st.sampled_from(
        ["auth", "auth required", "", "# nothing", f"auth include {PLACE}/absent", "frobnicate required pam_permit.so"]
    )
    choices = [module_lines()] * 9 + ([includes] * 2 if depth < 2 else []) + [oddities]
    return st.lists(st.one_of(*choices), min_size=1, max_size=6)


worlds = st.fixed_dictionaries(
    {"svc": files(0)} | {f"part1-{n}": files(1) for n in range(3)} | {f"part2-{n}": files(2) for n in range(3)}
)


def answer_of(handler: Handler, word: str) -> Code:
    """What the module answers in the phase that `word` (`auth`, `acct`) names."""
    match handler.module_name:
        case "pam_debug.so":
            told = next(argument for argument in handler.arguments if argument.startswith(f"{word}="))
            return Code[told.partition("=")[2].upper()]
        case "pam_deny.so":
            return Code.AUTH_ERR
        case "pam_permit.so":
            return Code.SUCCESS
        case _:
            return Code.MODULE_UNKNOWN


def walked(folder: Path, facility: Facility, word: str) -> Code:
    try:
        service = load("svc", host_reader(), folders=(str(folder),))
    except SyntaxProblem:
        return Code.ABORT
    return run(service.stack(facility), lambda handler: answer_of(handler, word))


def called(folder: Path) -> tuple[Code, Code]:
    try:
        handle = libpam.start("svc", "nobody", confdir=folder, conversation=libpam.Conversation())
    except libpam.PamError as error:
        return Code(error.code), Code(error.code)
    with handle as pam:
        return Code(pam.authenticate()), Code(pam.acct_mgmt())


def write(folder: Path, world: dict[str, list[str]]) -> None:
    libpam.private_stack(folder, {name: "\n".join(text).replace(PLACE, str(folder)) for name, text in world.items()})


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(worlds)
@example({"svc": ["auth [success=9] pam_permit.so", "auth required pam_permit.so"]})
@example(
    {"svc": [f"auth substack {PLACE}/part", "auth required pam_permit.so"], "part": ["auth requisite pam_deny.so"]}
)
@example({"svc": ["auth required pam_permit.so \\"]})
def test_promise_4_the_walker_says_what_libpam_does(world: dict[str, list[str]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder, world)
        real = called(folder)
        expected = (walked(folder, Facility.AUTH, "auth"), walked(folder, Facility.ACCOUNT, "acct"))
        assert expected == real, (folder / "svc").read_text()


def answering(line: str, answers: dict[str, str]) -> str:
    """A line of a stack with pam_debug.so for its module, which answers success unless `answers` says otherwise."""
    if "substack" in line:
        return line.replace("common-auth", f"{PLACE}/common-auth")
    control, module, _ = re.split(r"(pam_\w+\.so)", line)
    return f"{control}pam_debug.so auth={answers.get(module, 'success')}"


def test_promise_4_by_gdms_own_file_nobody_whom_we_refuse_gets_in_without_a_card(tmp_path: Path) -> None:
    """What `pam check` says of it (`pam-card`, and nothing graver), tried: each module answers what it can answer."""
    lines = [line for line in GDM.read_text().splitlines() if line.startswith("auth")]
    for user, card, password, ours in product(
        ["success", "auth_err", "service_err", "user_unknown", "module_unknown"],
        ["success", "authinfo_unavail", "user_unknown", "auth_err", "new_authtok_reqd", "module_unknown"],
        ["success", "auth_err"],
        ["auth_err", "maxtries", "perm_denied", "module_unknown"],
    ):
        answers = {"pam_succeed_if.so": user, "pam_sss.so": card}
        common = [
            f"auth [success=1 default=ignore] pam_debug.so auth={password}",
            "auth requisite pam_deny.so",
            "auth required pam_permit.so",
            f"auth requisite pam_debug.so auth={ours}",
        ]
        write(tmp_path, {"svc": [answering(line, answers) for line in lines], "common-auth": common})
        let_in = called(tmp_path)[0] in (Code.SUCCESS, Code.NEW_AUTHTOK_REQD)
        assert let_in == (card == "success" and user in ("success", "user_unknown")), (user, card, password, ours)


@pytest.mark.parametrize("service", ["sshd", "su", "sudo", "cockpit", "login", "xrdp-sesman", "chsh", "polkit-1"])
def test_the_stacks_of_this_host_can_be_read(service: str) -> None:
    loaded = load(service, host_reader())
    assert loaded.stack(Facility.AUTH)
    assert loaded.stack(Facility.ACCOUNT)
