"""A count of entries that were read but are not records."""


class Skipped:
    """Shared by the sources of one reading."""

    def __init__(self) -> None:
        self.count = 0

    def add(self) -> None:
        self.count += 1
