"""A count of what was read and is no record."""


class Skipped:
    """Shared by the sources of one reading."""

    def __init__(self) -> None:
        self.count = 0

    def add(self) -> None:
        self.count += 1
