"""`rw2fa status`."""

import time
from pathlib import Path

import click

from rw2fa_daemon.cli.clock_shown import clock_facts, clock_line, look_at_clock
from rw2fa_daemon.cli.context import CliContext, pass_cli
from rw2fa_daemon.cli.printing import JSON_OPTION, iso, say, show_json, shown, when
from rw2fa_daemon.cli.users.names import count_members
from rw2fa_daemon.config.guessing import meaning_of, risk_accepted
from rw2fa_daemon.core.budget import allowance
from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.data.build import build_text
from rw2fa_daemon.pamstack.module_files import build_of, modules
from rw2fa_daemon.wire.client import ask_daemon

DAEMON_SECONDS = 2.0


@click.command()
@click.option("--refresh", is_flag=True, help="Compare the clock now, which takes a few seconds.")
@JSON_OPTION
@pass_cli
def status(cli: CliContext, *, refresh: bool, as_json: bool) -> None:
    """Show what is switched on, and for how many users."""
    config, now = cli.config, time.time()
    _, clock = look_at_clock(config, refresh=refresh)
    report, daemon_problem = _daemon(cli)
    counts, state_problem = _counts(cli)
    enabled = config.enabled_at(now)
    people = count_members(config.scope)
    if as_json:
        show_json(
            {
                "enabled": enabled,
                "enabled_until": iso(config.enabled_until),
                "daemon": "running" if report else None,
                "daemon_problem": daemon_problem or None,
                "daemon_report": report or None,
                "versions": _versions(report),
                **clock_facts(clock),
                "users_enabled": people,
                "users_activated": counts[0] if counts else None,
                "users_pending": counts[1] if counts else None,
                "state": state_problem or "ok",
                "sms": config.sms_enabled,
                "guessing_chance_in_30_days": allowance(config.digits, config.guessing).chance,
                "guessing_risk_accepted": risk_accepted(config),
            }
        )
        return
    say(f"Two-factor authentication  {_switch(cli, now)}")
    say(f"Daemon                     {_running(report, daemon_problem)}")
    if report and report.get("config", "ok") != "ok":
        say(f"                           keeps its old configuration: {shown(report['config'])}")
    for name, version in _versions(report).items():
        say(f"{f'Version of the {name}':<26} {shown(version or 'unknown')}")
    say(f"State                      {shown(state_problem or 'ok')}")
    say(f"Clock                      {clock_line(clock)}")
    say(f"SMS                        {_sms(cli, report)}")
    say(f"Users enabled              {'unknown: a group cannot be resolved' if people is None else people}")
    if risk_accepted(config):
        say(f"Guessing                   the risk was accepted: {meaning_of(config)}")
    if counts:
        say(f"Users activated            {counts[0]}" + (f", {counts[1]} not finished" if counts[1] else ""))


def _switch(cli: CliContext, now: float) -> str:
    config = cli.config
    if not config.enabled:
        return "off; switch it on with: rw2fa enable"
    if config.enabled_until is None:
        return "on"
    if config.enabled_at(now):
        return f"on until {when(config.enabled_until)}; keep it on with: rw2fa enable --keep"
    return f"off since the trial ended at {when(config.enabled_until)}; switch it on with: rw2fa enable"


def _sms(cli: CliContext, report: dict[str, str]) -> str:
    config = cli.config
    if not config.sms_enabled:
        return "off; codes come from an app"
    problem = report.get("sms", "ok")
    return f"on, from {shown(config.sms_sender)}" + (f"; {shown(problem)}" if problem != "ok" else "")


def _daemon(cli: CliContext) -> tuple[dict[str, str], str]:
    """The daemon's own report, or why there is none."""
    try:
        return ask_daemon(cli.config.socket, "status", DAEMON_SECONDS), ""
    except Problem as problem:
        return {}, str(problem)


def _running(report: dict[str, str], problem: str) -> str:
    if not report:
        return shown(problem)
    since = report.get("since", "")
    started = f" since {when(int(since))}" if since.isdigit() else ""
    return f"running{started}, process {shown(report.get('pid', '?'))}"


def _versions(report: dict[str, str]) -> dict[str, str | None]:
    """Which builds of command, daemon and hook are in use; None for one that is missing."""
    hooks = sorted({build_of(module) for module in modules(Path("/"))})
    return {"command": build_text(), "daemon": report.get("version"), "hook": ", ".join(filter(None, hooks)) or None}


def _counts(cli: CliContext) -> tuple[tuple[int, int] | None, str]:
    """How many users are activated and pending, or why that is unknown."""
    try:
        return cli.store.counts(), ""
    except Problem as problem:
        return None, str(problem)
