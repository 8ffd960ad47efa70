"""What a check found."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `ok` is false where somebody has to do something: `fix` says what.

    A finding that is `ok` may have a `fix` as well: then it is a warning of something that may be meant so.
    """

    check: str
    ok: bool
    detail: str
    fix: str = ""
