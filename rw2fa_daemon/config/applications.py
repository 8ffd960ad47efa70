"""The applications of the web portal, each a table [[portal.applications]] of the configuration."""

import shlex
from dataclasses import dataclass
from typing import Final

from rw2fa_daemon.config.domain import PATH_BYTES_MAX, Refused, Value, literal, name
from rw2fa_daemon.core.application import DESKTOP_NAME, Application
from rw2fa_daemon.core.user import GROUP_MARK

APPLICATIONS_MAX: Final = 64
"""More is no page that somebody reads."""

NAME_BYTES_MAX: Final = 64
COMMAND_BYTES_MAX: Final = 1024
_KEYS: Final = frozenset({"name", "command", "groups", "icon"})
_EXAMPLE: Final = 'write [[portal.applications]], and below it name = "Terminal" and command = "xterm"'


@dataclass(frozen=True, slots=True)
class Applications:
    """A list of tables, each an application."""

    kind: str = "list of tables"

    @property
    def allowed(self) -> str:
        """See Domain."""
        return "tables with name, command, groups and icon"

    def read(self, raw: object) -> Value:
        """See Domain."""
        if isinstance(raw, tuple) and all(isinstance(entry, Application) for entry in raw):
            return raw
        if not isinstance(raw, list) or not all(isinstance(entry, dict) for entry in raw):
            raise Refused("must be a list of tables", _EXAMPLE)
        applications = tuple(_application(entry) for entry in raw)
        if len(applications) > APPLICATIONS_MAX:
            raise Refused(f"holds {len(applications)} applications", f"leave at most {APPLICATIONS_MAX}")
        names = [application.name for application in applications]
        if twice := next((one for one in names if names.count(one) > 1), None):
            raise Refused(f"has {literal(twice)} twice", "give each application a name of its own")
        return applications

    def parse(self, text: str) -> Value:
        """See Domain."""
        raise Refused(f"cannot be {literal(text)}", f"edit the file: {_EXAMPLE}")


def _application(table: dict[str, object]) -> Application:
    if unknown := sorted(table.keys() - _KEYS):
        raise Refused(f"has the key {unknown[0]}", f"use {', '.join(sorted(_KEYS))}")
    label = _text(table, "name", NAME_BYTES_MAX)
    if not label or label == DESKTOP_NAME:
        raise Refused(f"has an application with the name {literal(label)}", "give it another name")
    command = _text(table, "command", COMMAND_BYTES_MAX)
    try:
        words = shlex.split(command)
    except ValueError:
        raise Refused(f"has a quote without its counterpart in the command of {label}", "close it") from None
    if not words:
        raise Refused(f"has no command for {label}", 'write one, such as command = "xterm"')
    groups = table.get("groups", [])
    if not isinstance(groups, list) or not all(isinstance(group, str) for group in groups):
        raise Refused(f"has groups of {label} that are no list of texts", 'write them like groups = ["staff"]')
    bare = tuple(dict.fromkeys(name(group).removeprefix(GROUP_MARK) for group in groups))
    icon = _text(table, "icon", PATH_BYTES_MAX)
    if icon and not icon.startswith("/"):
        raise Refused(f"has an icon of {label} that is no absolute path", "begin it with /")
    return Application(label, command, bare, icon)


def _text(table: dict[str, object], key: str, longest: int) -> str:
    text = table.get(key, "")
    if not isinstance(text, str) or not text.isprintable() or text != text.strip() or len(text.encode()) > longest:
        raise Refused(
            f"has an application whose {key} is no printable text of at most {longest} bytes",
            f"write {key} as text in quotes, without spaces at its ends, or shorten it",
        )
    return text
