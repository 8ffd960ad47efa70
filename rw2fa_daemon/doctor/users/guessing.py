"""What the settings make a guess worth."""

from collections.abc import Iterator

from rw2fa_daemon.config.guessing import meaning_of, risk_accepted
from rw2fa_daemon.core.budget import largest_discrepancy
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
