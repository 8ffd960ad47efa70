"""Errors before a world is ready."""


class WorldUnavailable(Exception):
    """This machine may not make the namespaces or overlays that a world needs; the text gives the reason."""
