"""The end of a trial, for sshd: the daemon cannot write its drop-in."""

import sys
from datetime import UTC, datetime
from pathlib import Path

from rw2fa_daemon.cli import after_change
from rw2fa_daemon.cli.context import CliContext
from rw2fa_daemon.cli.printing import note
from rw2fa_daemon.pamstack import programs
from rw2fa_daemon.pamstack.sshd.dropin import DROPIN


def plan_end(cli: CliContext, until: int) -> None:
    """Have sshd's drop-in written again at `until` (UTC seconds), by a transient systemd timer, which a reboot removes.

    If that is impossible, say what remains: after a key, users in the scope then still have to pass
    keyboard-interactive, where the host asks for the password, and which `BatchMode` switches off.
    """
    if not Path(DROPIN).exists() or not after_change.lines_are_ours(cli.config):
        return
    if not (programs.under_systemd() and _timer(cli, until)):
        note(
            "after the trial sshd will still send these users through keyboard-interactive after a key, where they are "
            "asked for their password, and which fails in scripts (BatchMode); `rw2fa disable` ends that as well"
        )


def _timer(cli: CliContext, until: int) -> bool:
    systemd_run = programs.find("systemd-run")
    if systemd_run is None:
        return False
    # A second later: by then the trial is over everywhere.
    moment = datetime.fromtimestamp(until + 1, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    command = [str(Path(sys.argv[0]).resolve()), "--config", str(cli.path), "pam", "refresh"]
    options = ["--quiet", "--collect", f"--on-calendar={moment}", "--timer-property=AccuracySec=1s"]
    return programs.run([systemd_run, *options, "--description=Second factor: a trial ends", "--", *command]).ok
