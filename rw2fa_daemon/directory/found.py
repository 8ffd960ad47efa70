"""The result of a look-up, as sent from a worker to the pool."""


class Found:
    """A user: canonical `name`, `uid`, the `gids` of getgrouplist(3), and for each group that was asked about its
    gid, or None if that group, or whether the user is in it, is not certain. `others` are the other
    names of that uid; their gids are limited to those of these groups.
    """

    __slots__ = ("gids", "groups", "name", "others", "uid")

    def __init__(
        self, name: str, uid: int, gids: list[int], groups: list[int | None], others: "tuple[Found, ...]" = ()
    ) -> None:
        self.name = name
        self.uid = uid
        self.gids = gids
        self.groups = groups
        self.others = others
