"""The entry point of `rw2fa`."""

import gc
import os
import resource
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from rw2fa_daemon.cli.context import CliContext
from rw2fa_daemon.cli.lazy import LazyGroup
from rw2fa_daemon.cli.printing import complain
from rw2fa_daemon.config.load import DEFAULT_PATH
from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.data.build import build_text

if TYPE_CHECKING:
    from io import TextIOWrapper

_HERE = "rw2fa_daemon.cli"


@click.group(
    "rw2fa",
    cls=LazyGroup,
    commands_at={
        "init": f"{_HERE}.init:init",
        "status": f"{_HERE}.status:status",
        "doctor": f"{_HERE}.doctor:doctor",
        "clock": f"{_HERE}.clock:clock",
        "metrics": f"{_HERE}.metrics:metrics",
        "enable": f"{_HERE}.switch.switch:enable",
        "disable": f"{_HERE}.switch.switch:disable",
        "pam": f"{_HERE}.pam:pam",
        "users": f"{_HERE}.users.group:users",
        "whitelist": f"{_HERE}.whitelist:whitelist",
        "sms": f"{_HERE}.sms.group:sms",
        "settings": f"{_HERE}.settings:settings",
        "portal": f"{_HERE}.portal:portal",
        "logons": f"{_HERE}.logons:logons",
        "explain": f"{_HERE}.explain:explain",
        "key": f"{_HERE}.key.group:key",
        "backup": f"{_HERE}.backup.backup:backup",
        "restore": f"{_HERE}.backup.restore:restore",
        "audit": f"{_HERE}.audit:audit",
        "completion": f"{_HERE}.completion:completion",
    },
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    default=DEFAULT_PATH,
    envvar="RW2FA_CONFIG",
    show_default=True,
    show_envvar=True,
    help="The configuration file.",
)
@click.version_option(build_text(), prog_name="rw2fa", message="%(prog)s %(version)s")
@click.pass_context
def rw2fa(context: click.Context, config: Path) -> None:
    """A second factor for logins on this host: who has it, and how it works.

    Run it as root. It also works while the daemon is down. Exit status: 0 done, 1 refused or
    failed, 2 wrong usage.
    """
    context.obj = CliContext(config.absolute())


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command line (this process's, if None) and return the exit status."""
    try:
        return int(rw2fa.main(arguments, prog_name="rw2fa", standalone_mode=False) or 0)
    except Problem as problem:
        complain(str(problem))
        return 1
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        complain("interrupted; run the command again to complete it")
        return 1


def main() -> int:
    """The program: prepare this process, and run."""
    # A hundred thousand names are many objects and no cycles, and the collector would scan all of them each time.
    gc.set_threshold(100_000)
    # Secrets may pass through this memory: no core dump may hold them (promise 3).
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.umask(0o077)
    for stream in (sys.stdout, sys.stderr):
        # A character that the locale lacks must not stop a command halfway.
        cast("TextIOWrapper", stream).reconfigure(errors="backslashreplace")
    try:
        return run()
    except BrokenPipeError:
        # The reader has closed the pipe; without this, Python would complain again when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


if __name__ == "__main__":
    sys.exit(main())
