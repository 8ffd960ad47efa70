"""What a look-up found, as it travels from a worker to the pool."""


class Found:
    """A person: canonical `name`, `uid`, the `gids` of getgrouplist(3), and for each group that was asked about its
    gid, or None where that group, or whether the person is in it, could not be told for sure. `others` are the other
    names of that uid; of their gids only those of these groups are there.
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
