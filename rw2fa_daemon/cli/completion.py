"""`rw2fa completion`, and the completion of the other commands' arguments."""

from typing import Final

import click
from click.shell_completion import CompletionItem, get_completion_class

from rw2fa_daemon.cli.context import CliContext
from rw2fa_daemon.cli.printing import say
from rw2fa_daemon.config.settings import ANY_SERVICE, SETTINGS
from rw2fa_daemon.core.problem import Problem

SHELLS: Final = ("bash", "zsh", "fish")


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the completion script for a shell.

    For bash: rw2fa completion bash > /etc/bash_completion.d/rw2fa
    """
    found = get_completion_class(shell)
    assert found is not None
    say(found(context.find_root().command, {}, "rw2fa", "_RW2FA_COMPLETE").source())


def setting_keys(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The keys of the settings that begin with what has been typed."""
    keys = (setting.key for setting in SETTINGS if setting.key != ANY_SERVICE)
    return [CompletionItem(key) for key in keys if key.startswith(incomplete)]


def scope_entries(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The users and groups of the scope that begin with what has been typed."""
    cli = context.find_object(CliContext) or CliContext(context.find_root().params["config"])
    try:
        entries = cli.config.scope_entries
    except Problem:
        return []
    return [CompletionItem(entry) for entry in entries if entry.startswith(incomplete)]
