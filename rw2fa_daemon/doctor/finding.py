"""What a check found."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `ok` is false where somebody has to do something: `fix` says what.

    A finding that is `ok` may have a `fix` as well: then it is a warning of something that may be meant so.

    `service`: the PAM service that it is about, if it is about one. `accepted`: why an administrator accepted it; empty
    if nobody did, or if the files have changed since.
    """

    check: str
    ok: bool
    detail: str
    fix: str = ""
    service: str = ""
    accepted: str = ""
