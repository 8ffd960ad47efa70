"""What holds for every command: status, one line of complaint, JSON, where the configuration is."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.integration.cli.command import PROGRAM, Host

WRONG_USAGE = [
    ("frobnicate",),
    ("users",),
    ("users", "add"),
    ("users", "show"),
    ("logons",),
    ("logons", "revoke"),
    ("users", "recovery"),
    ("users", "bypass"),
    ("users", "edit", "daemon"),
    ("sms",),
    ("sms", "test"),
    ("sms", "test", "+33612345678", "--wait", "0"),
    ("settings", "set", "digits"),
    ("--frobnicate",),
    ("explain", "root"),
    ("completion", "tcsh"),
]


@pytest.mark.parametrize("arguments", WRONG_USAGE, ids=" ".join)
def test_wrong_usage_is_status_2(host: Host, arguments: tuple[str, ...]) -> None:
    done = host.rw2fa(*arguments)
    assert done.status == 2
    assert "Usage: rw2fa" in done.err


def test_a_broken_configuration_stops_every_command_with_its_line(bare: Host) -> None:
    bare.config.write_text("enabled = \n")
    for arguments in (
        ("status",),
        ("init",),
        ("users", "list"),
        ("settings", "list"),
        ("explain", "x", "--service", "y"),
    ):
        assert (
            bare.refuses(*arguments) == f"{bare.config}, line 1, column 11: not TOML: invalid value; correct that line"
        )


def test_the_environment_names_the_configuration(host: Host) -> None:
    done = subprocess.run(
        [PROGRAM, "settings", "get", "paths.state"],
        env={**os.environ, "RW2FA_CONFIG": str(host.config)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"{host.state}\n"


def test_the_option_wins_over_the_environment(host: Host, tmp_path: Path) -> None:
    done = subprocess.run(
        host.argv("settings", "get", "paths.state"),
        env={**os.environ, "RW2FA_CONFIG": str(tmp_path / "absent.toml")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"{host.state}\n"


def test_a_relative_path_names_the_configuration(host: Host) -> None:
    done = subprocess.run(
        [PROGRAM, "--config", host.config.name, "settings", "get", "paths.state"],
        cwd=host.folder,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"{host.state}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ("status",),
        ("users", "list"),
        ("users", "show", "daemon"),
        ("users", "enrol", "daemon"),
        ("users", "list", "--pending"),
        ("users", "reset", "daemon", "--yes"),
        ("users", "add", "daemon"),
        ("users", "purge", "--yes"),
        ("users", "edit", "daemon", "--sms", "+33612345678"),
        ("users", "edit", "daemon", "--app"),
        ("sms", "show"),
        ("sms", "disable", "--yes"),
        ("whitelist", "list"),
        ("settings", "list"),
        ("settings", "get", "digits"),
        ("explain", "daemon", "--service", "sshd"),
        ("audit",),
    ],
    ids=" ".join,
)
def test_whatever_shows_something_shows_it_to_programs_too(host: Host, arguments: tuple[str, ...]) -> None:
    host.does("users", "add", "daemon")
    json.loads(host.does(*arguments, "--json"))


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_can_be_set_up_in_each_shell(host: Host, shell: str) -> None:
    assert "_RW2FA_COMPLETE" in host.does("completion", shell)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["users", "en"], ["enrol"]),
        (["sms", "en"], ["enable"]),
        (["users", "edit", "dae"], ["daemon"]),
        # In order: pytest-xdist needs the same names of tests in each process, and sets have none.
        (["settings", "get", "settings.d"], ["settings.digits", "settings.discrepancy"]),
        (["users", "show", "dae"], ["daemon"]),
        (["users", "remove", "@"], ["@bin"]),
        (["whitelist", "remove", ""], ["daemon"]),
    ],
    ids=" ".join,
)
def test_completion_knows_commands_keys_and_names(host: Host, words: list[str], expected: list[str]) -> None:
    host.does("users", "add", "daemon", "@bin")
    host.does("whitelist", "add", "daemon")
    done = subprocess.run(
        [PROGRAM],
        env={
            **os.environ,
            "RW2FA_CONFIG": str(host.config),
            "_RW2FA_COMPLETE": "bash_complete",
            "COMP_WORDS": " ".join(["rw2fa", *words]),
            "COMP_CWORD": str(len(words)),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert {line.partition(",")[2] for line in done.stdout.splitlines()} == set(expected)


def test_help_names_every_command(host: Host) -> None:
    text = host.does("--help")
    for command in (
        "init",
        "status",
        "doctor",
        "enable",
        "disable",
        "pam",
        "users",
        "whitelist",
        "sms",
        "settings",
        "explain",
    ):
        assert command in text


def test_a_reader_that_has_seen_enough_is_no_error(host: Host) -> None:
    with subprocess.Popen(host.argv("settings", "list"), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""


def test_another_locale_breaks_nothing(host: Host) -> None:
    host.does("users", "add", "daemon")
    done = subprocess.run(
        host.argv("users", "enrol", "daemon"),
        env={**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        capture_output=True,
        check=True,
    )
    assert b"otpauth://" in done.stdout


def test_the_audit_says_who_did_what(host: Host) -> None:
    host.does("users", "add", "daemon")
    host.does("settings", "set", "digits", "8")
    records = host.json("audit", "--since", "1h")
    assert [(record["event"], record["user"]) for record in records] == [
        ("administration", ""),
        ("administration", "daemon"),
        ("administration", ""),
    ]
    assert records[1]["reason"].startswith("rw2fa users add, by ")
    assert host.json("audit", "--user", "daemon")[0]["user"] == "daemon"
    assert host.json("audit", "--since", "2099-01-01") == []
    assert "is not a time; write it like" in host.refuses("audit", "--since", "yesterday-ish")


def test_a_command_closes_what_it_opened(host: Host, alice: str) -> None:
    """The audit record's file or socket among it; commands run in one process here, and in scripts."""

    def change() -> None:
        host.does("users", "add", alice)
        host.does("users", "remove", alice, "--yes")

    change()
    before = set(Path("/proc/self/fd").iterdir())
    change()
    assert set(Path("/proc/self/fd").iterdir()) == before
