"""`rw2fa enable` and `disable`."""

import time
from typing import Final

import click

from rw2fa_daemon.cli import after_change
from rw2fa_daemon.cli.confirm import YES_OPTION
from rw2fa_daemon.cli.context import CliContext, pass_cli
from rw2fa_daemon.cli.doctor import against
from rw2fa_daemon.cli.durations import duration
from rw2fa_daemon.cli.printing import note, say, shown, when
from rw2fa_daemon.cli.switch.trial import plan_end
from rw2fa_daemon.config.config import Config
from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.doctor import pam_check
from rw2fa_daemon.pamstack.install import remove

TRY_MAX: Final = 30 * 24 * 60 * 60
"""Seconds. After longer than that nobody remembers that it is a trial."""

_WAYS_OUT: Final = (
    "; `rw2fa pam check` shows everything, `rw2fa pam accept` accepts one finding, and --force switches it on anyway"
)


@click.command()
@click.option("--try", "trial", metavar="10m", help="Only for this long, unless `rw2fa enable --keep` follows.")
@click.option("--keep", is_flag=True, help="Make a running trial last.")
@click.option("--force", is_flag=True, help="Even if `pam check` finds something.")
@pass_cli
def enable(cli: CliContext, *, trial: str | None, keep: bool, force: bool) -> None:
    """Switch two-factor authentication on, if `pam check` finds nothing."""
    if keep and (trial or force):
        raise click.UsageError("--keep cannot be combined with other options")
    if keep:
        _keep(cli)
        return
    seconds = None if trial is None else _trial_seconds(cli.config, trial)
    # What an earlier trial left in sshd's drop-in would be a finding.
    after_change.refresh_sshd(cli)
    if not force:
        _check(cli)
    until = None if seconds is None else int(time.time()) + seconds
    cli.change(lambda _: {"enabled": True, "enabled_until": until})
    after_change.record(cli, "rw2fa enable" + (f" --try {trial}" if trial else "") + (" --force" if force else ""))
    after_change.reload(cli)
    if until is None:
        say("Two-factor authentication is on.")
    else:
        say(f"Two-factor authentication is on until {when(until)}; keep it on with: rw2fa enable --keep")
        plan_end(cli, until)
    if not cli.config.scope_entries:
        note("nobody was added yet; add users with: rw2fa users add NAME")


def _keep(cli: CliContext) -> None:
    config = cli.config
    if config.enabled_until is None:
        raise Problem("no trial is running", "run: rw2fa enable")
    if not config.enabled_at(time.time()):
        raise Problem(f"the trial ended at {when(config.enabled_until)}", "run: rw2fa enable")
    cli.change(lambda _: {"enabled_until": None})
    after_change.record(cli, "rw2fa enable --keep")
    after_change.reload(cli)
    say("Two-factor authentication stays on.")


def _trial_seconds(config: Config, text: str) -> int:
    if config.enabled and config.enabled_until is None:
        raise Problem("two-factor authentication is already on, and a trial would end it", "leave out --try")
    seconds = duration(text)
    if not 0 < seconds <= TRY_MAX:
        raise Problem(f"a trial of {shown(text)} is out of range", f"choose at most {TRY_MAX // 86400}d")
    return seconds


def _check(cli: CliContext) -> None:
    """Raise Problem if there is a reason not to switch it on."""
    # Without a state no code could be checked, and so no enabled user could log in.
    cli.store  # noqa: B018 - opens it
    if bad := [finding for finding in pam_check(cli.config) if not finding.ok]:
        raise against(bad, _WAYS_OUT)


@click.command()
@YES_OPTION
@pass_cli
def disable(cli: CliContext, *, yes: bool) -> None:  # noqa: ARG001 - nothing is lost, and somebody may be locked out
    """Switch two-factor authentication off, and remove our PAM lines.

    All users log in as before, at once.
    """
    cli.change(lambda _: {"enabled": False, "enabled_until": None})
    after_change.record(cli, "rw2fa disable")
    after_change.reload(cli)
    say("Two-factor authentication is off.")
    if not after_change.lines_are_ours(cli.config):
        note("the PAM lines of this host belong to another configuration and were left in place")
        return
    done = remove()
    for path in done.changed:
        say(f"Changed {shown(path)}.")
    for text in done.notes:
        note(text)
