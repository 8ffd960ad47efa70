"""How likely the settings make a guess to succeed, in words."""

from rw2fa_daemon.config.config import Config
from rw2fa_daemon.core.budget import allowance, chance


def risk_accepted(config: Config) -> bool:
    """Whether one guess is likelier to be right than the budget allows, a risk that had to be accepted."""
    return chance(config.digits, 2 * config.discrepancy + 1) > config.guess_budget


def meaning_of(config: Config) -> str:
    """The chance of one guess, and the resulting chance per 30 days."""
    digits, discrepancy = config.digits, config.discrepancy
    allowed = allowance(digits, config.guessing)
    one = chance(digits, 2 * discrepancy + 1)
    return (
        f"with {digits} digits and a discrepancy of {discrepancy} steps one guess in {round(1 / one):,} is right "
        f"({_percent(one)}); in 30 days {allowed.wide} guesses are compared with all of these codes, and the next "
        f"{allowed.narrow:,} with a few codes around the server's time, so a guesser who has the password succeeds "
        f"with a chance of {_percent(allowed.chance)}"
    )


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %"
