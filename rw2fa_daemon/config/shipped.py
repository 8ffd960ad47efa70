"""The shipped configuration file: every key at its default, with its description from the table above it.

After a change of the table, write it with `python -m rw2fa_daemon.config.shipped > etc/rw2fa.toml`.
"""

import sys
import textwrap
from typing import Final

from rw2fa_daemon.config.domain import Choice, Form, Number, Prompt, literal
from rw2fa_daemon.config.settings import ANY_SERVICE, BY_KEY, SECTION_NOTES, SECTIONS, SETTINGS, Setting

WIDTH: Final = 100

HEAD: Final = """
rw2fa: a second factor for logins on this host. `rw2fa` changes this file in place and keeps comments and order.

The files rw2fa.toml.d/*.toml beside it are read afterwards, in the order of their names, and override it key by key.
All of them must belong to root and be writable by nobody else. The values below are the defaults. `rw2fa settings list`
prints the values in force. After editing by hand, run: systemctl reload rw2fad
"""


def shipped_file() -> str:
    """The text of etc/rw2fa.toml."""
    blocks = [_comment(HEAD.strip())]
    blocks += [_row(setting) for setting in SETTINGS if setting.shipped and not setting.section]
    for section in SECTIONS:
        rows = [_row(setting) for setting in SETTINGS if setting.shipped and setting.section == section]
        if section == BY_KEY[ANY_SERVICE].section:
            rows.append(_comment(BY_KEY[ANY_SERVICE].description))
        blocks.append("\n\n".join([f"{_comment(SECTION_NOTES[section])}\n[{section}]", *rows]))
    return "\n\n".join(blocks) + "\n"


def _row(setting: Setting) -> str:
    notes = [setting.description]
    lines = [_comment(" ".join(notes))]
    if isinstance(setting.domain, Number | Choice | Prompt | Form):
        lines.append(_comment(f"Allowed: {setting.allowed}."))
    return "\n".join([*lines, f"{setting.name} = {literal(setting.default)}"])


def _comment(text: str) -> str:
    paragraphs = text.split("\n\n")
    return "\n#\n".join(
        textwrap.fill(
            " ".join(paragraph.split()),
            WIDTH,
            initial_indent="# ",
            subsequent_indent="# ",
            break_long_words=False,
            break_on_hyphens=False,
        )
        for paragraph in paragraphs
    )


if __name__ == "__main__":
    sys.stdout.write(shipped_file())
