"""Hypothesis' health checks, where a test must do without one more than the profile does."""

from hypothesis import HealthCheck, settings


def suppressed(*more: HealthCheck) -> tuple[HealthCheck, ...]:
    """For `suppress_health_check`, which replaces the profile's list: that list, and `more`."""
    return (*settings().suppress_health_check, *more)
