"""`rw2fa users recovery`: new recovery codes."""

from dataclasses import replace

import click

from rw2fa_daemon.cli import after_change
from rw2fa_daemon.cli.completion import scope_entries
from rw2fa_daemon.cli.context import CliContext, pass_cli
from rw2fa_daemon.cli.printing import JSON_OPTION, say, show_json, shown
from rw2fa_daemon.cli.users.account import enabled_user
from rw2fa_daemon.core.account import Account
from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.core.recovery_codes import CodeSet
from rw2fa_daemon.wire import notification


@click.command()
@click.argument("name", metavar="USER", shell_complete=scope_entries)
@JSON_OPTION
@pass_cli
def recovery(cli: CliContext, name: str, *, as_json: bool) -> None:
    """Print new recovery codes; the old ones become void.

    Each signs the user in once in place of a code. They are shown now and never again.
    """
    resolved = enabled_user(cli, name)
    user = shown(resolved.name)
    new = cli.code_hasher.new(resolved.name)

    def work(account: Account | None) -> tuple[Account | None, Problem | None]:
        if account is None or not account.activated:
            return account, Problem(f"{user} has no device yet", f"run: rw2fa users enrol {user}")
        if account.uid != resolved.uid:
            return account, Problem(
                f"{user} has another uid than the user whose secret is stored",
                f"if it is the same user, run: rw2fa users reset {user}",
            )
        return replace(account, recovery=new.digests), None

    if (problem := cli.store.transact(resolved.name, work)) is not None:
        raise problem
    after_change.record(cli, "rw2fa users recovery", [resolved.name])
    after_change.announce(cli, notification.RECOVERY_CODES_MADE, resolved.name)
    if as_json:
        show_json({"user": resolved.name, "recovery_codes": new.codes})
        return
    hand_over(new, user)


def hand_over(new: CodeSet, user: str) -> None:
    """Print recovery codes."""
    say(f"Recovery codes of {user}, each valid once in place of a code. They are not shown again.")
    for word in new.codes:
        say(f"  {word}")
