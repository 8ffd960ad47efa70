"""What can go wrong before there is a world."""


class WorldUnavailable(Exception):
    """This machine may not make the namespaces or overlays that a world needs; the text gives the reason."""
