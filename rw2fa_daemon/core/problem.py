"""An error that an administrator is meant to read."""


class Problem(Exception):
    """Something that an administrator can put right.

    `what` says what is wrong, `fix` what to do about it; each is one clause without a full stop,
    and neither holds a secret.
    """

    def __init__(self, what: str, fix: str) -> None:
        super().__init__(what, fix)
        self.what = what
        self.fix = fix

    def __str__(self) -> str:
        return f"{self.what}; {self.fix}"
