"""What a check found."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check. `ok` is false where the administrator has to act: `fix` says how.

    A finding that is `ok` and has a `fix` is a warning of something that may be intended.

    `service`: the PAM service that it is about, if any. `accepted`: why an administrator accepted it; empty
    if nobody did, or if the files have changed since.
    """

    check: str
    ok: bool
    detail: str
    fix: str = ""
    service: str = ""
    accepted: str = ""
