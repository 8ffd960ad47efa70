"""How likely the settings make a guess to succeed."""

from collections.abc import Iterator

from rw2fa_daemon.config.guessing import meaning_of, risk_accepted
from rw2fa_daemon.core.budget import largest_discrepancy
from rw2fa_daemon.doctor.finding import Finding
from rw2fa_daemon.doctor.subject import Subject


def check_guessing(subject: Subject) -> Iterator[Finding]:
    """The chance for new enrolments; users who are enrolled keep the digits that they enrolled with."""
    config = subject.config
    fits = largest_discrepancy(config.digits, config.guess_budget)
    risky, meaning = risk_accepted(config), meaning_of(config)
    yield Finding(
        "guessing",
        ok=not risky,
        detail=f"the risk of easy guesses was accepted: {meaning}" if risky else meaning,
        fix=(
            f"run `rw2fa settings set digits 8`, or `rw2fa settings set discrepancy {fits}`, then "
            f"`rw2fa settings unset guessing.accept_risk`"
            if risky
            else ""
        ),
    )
