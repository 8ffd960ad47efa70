"""`rw2fa key show`."""

import click

from rw2fa_daemon.cli.context import CliContext, pass_cli
from rw2fa_daemon.cli.printing import JSON_OPTION, say, show_json, shown
from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.vault.master_key import load_master_key
from rw2fa_daemon.wire.client import ask_daemon


@click.command()
@JSON_OPTION
@pass_cli
def show(cli: CliContext, *, as_json: bool) -> None:
    """Show the numbers and fingerprints of the master keys, and how many records are encrypted under each."""
    here = {number: cli.vault.fingerprint(number) for number in load_master_key(cli.config.master_key).numbers}
    in_use, records = cli.store.key_in_use(), cli.store.records_by_key()
    daemon = _daemon(cli)
    if as_json:
        show_json(
            {
                "keys": [{"number": number, "fingerprint": here[number]} for number in here],
                "in_use": in_use,
                "records": {str(number): count for number, count in sorted(records.items())},
                "daemon": daemon,
            }
        )
        return
    for number in sorted({*here, *records}, reverse=True):
        what = f"fingerprint {here[number]}" if number in here else "not on this host"
        seals = ", used for new records" if number == in_use else ""
        say(f"Key {number}  {what}, {records.get(number, 0)} records{seals}")
    has = "is not running" if daemon is None else f"has key {' and '.join(map(str, daemon)) or 'none'}"
    say(f"The daemon {has}.")
    if len(here) > 1:
        say("A change of the key is not finished; continue with: rw2fa key rotate")


def _daemon(cli: CliContext) -> list[int] | None:
    """The numbers of the daemon's keys; None if it is not running."""
    try:
        text = ask_daemon(cli.config.socket, "status").get("keys", "")
    except Problem:
        return None
    return [int(number) for number in shown(text).split(",") if number.isdigit()]
