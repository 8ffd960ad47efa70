"""What a sealed value belongs to."""

from typing import NamedTuple


class Context(NamedTuple):
    """The place of a sealed value, as associated data of its encryption (RFC 5116 §2.1).

    A value opens only where it was sealed: same table, column, user and generation, and beside
    the same `bound` values, which are those that must not be altered although they stand in
    clear. A named tuple, because one is made at every login and a frozen dataclass takes three
    times as long to make.
    """

    table: str
    column: str
    user: str
    generation: int
    bound: tuple[str | int, ...] = ()

    def encoded(self) -> bytes:
        """The context as bytes: every field with its length in front, so that no two agree."""
        fields = (self.table, self.column, self.user, str(self.generation), *map(str, self.bound))
        return "".join([f"{len(text)}:{text}" for text in fields]).encode("utf-8", "surrogatepass")
