"""What the settings make a guess worth, in words."""

from rw2fa_daemon.config.config import Config
from rw2fa_daemon.core.budget import allowance, chance


def risk_accepted(config: Config) -> bool:
    """Whether one guess is likelier to be right than the budget allows, which had to be asked for."""
    return chance(config.digits, 2 * config.discrepancy + 1) > config.guess_budget


def meaning_of(config: Config) -> str:
    """What the settings make of guessing, and the chance per 30 days that results."""
    digits, discrepancy = config.digits, config.discrepancy
    allowed = allowance(digits, config.guessing)
    one = chance(digits, 2 * discrepancy + 1)
    return (
        f"with {digits} digits and a discrepancy of {discrepancy} steps one guess in {round(1 / one):,} is right "
        f"({_percent(one)}); {allowed.wide} of them are judged so in 30 days, the next {allowed.narrow:,} against a "
        f"few codes around the server's time, so that somebody who has the password and guesses gets in with a "
        f"chance of {_percent(allowed.chance)}"
    )


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %"
