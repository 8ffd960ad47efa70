"""What the settings make a guess worth."""

from collections.abc import Iterator

from rw2fa_daemon.config.config import Config
from rw2fa_daemon.core.budget import allowance, chance, largest_discrepancy
from rw2fa_daemon.doctor.finding import Finding
from rw2fa_daemon.doctor.subject import Subject


def check_guessing(subject: Subject) -> Iterator[Finding]:
    """The chances for new enrolments; who is enrolled keeps the digits of then."""
    config = subject.config
    fits = largest_discrepancy(config.digits, config.guess_budget)
    risky, meaning = risk_accepted(config), meaning_of(config)
    yield Finding(
        "guessing",
        ok=not risky,
        detail=f"the risk of cheap guesses was accepted: {meaning}" if risky else meaning,
        fix=(
            f"run `rw2fa settings set digits 8`, or `rw2fa settings set discrepancy {fits}`, then "
            f"`rw2fa settings unset guessing.accept_risk`"
            if risky
            else ""
        ),
    )


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
