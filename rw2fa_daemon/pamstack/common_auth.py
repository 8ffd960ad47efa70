"""Our line in common-auth, where pam-auth-update would put it and as it would write it. Pure.

When pam-auth-update itself is told to enable a profile, it rewrites all five common-* files: it sorts the options that
an administrator added, takes newer templates, resets owner and mode to root and 0644, enables every profile that it has
not seen, and gives up if the files were changed by hand. Here one line is added, and the same line removed. Its
records (/var/lib/pam/auth) are kept in step, so that it takes the line for its own from then on.
"""

import re
from collections.abc import Callable
from typing import Final

from rw2fa_daemon.pamstack.module_files import OUR_MODULE
from rw2fa_daemon.pamstack.stack import Facility, facility_of
from rw2fa_daemon.pamstack.syntax import physical_lines, tokens

#: The comments between which pam-auth-update writes the modules that run after the password.
_BEGIN: Final = '# and here are more per-package modules (the "Additional" block)'
_END: Final = "# end of pam-auth-update config"
_MODULE: Final = "Module: "
_AUTH_TYPE: Final = re.compile(r"^Auth-Type:[ \t]+(\S+)", re.MULTILINE)
_AUTH: Final = re.compile(r"^Auth:[ \t]*\n((?:[ \t]+\S.*\n?)+)", re.MULTILINE)


def profile_line(profile: str) -> str:
    """Control and module, spaced as in a profile of pam-configs; the first line of its `Auth:`.

    pam-auth-update recognises its lines by their exact spacing. Raises ValueError if the profile has none.
    """
    found = _AUTH.search(profile)
    if found is None:
        raise ValueError("no Auth:")
    return found[1].splitlines()[0].strip()


def is_additional(profile: str) -> bool:
    """Whether the lines of a profile run after the password, in the block that ours belongs to."""
    found = _AUTH_TYPE.search(profile)
    return found is not None and found[1] == "Additional"


def put_in_common(text: str, line: str) -> str | None:
    """common-auth with `line` (without its facility) as the first after the password.

    None if the comments that pam-auth-update looks for are missing.
    """
    written = physical_lines(text)
    block = _block(written)
    if block is None:
        return None
    return "".join([*written[: block.start], f"auth\t{line} \n", *written[block.start :]])


def take_out_of_common(text: str) -> str:
    """common-auth without what `put_in_common` or pam-auth-update added; lines outside the block stay."""
    written = physical_lines(text)
    block = _block(written) or range(0)
    return "".join(line for index, line in enumerate(written) if index not in block or not _is_ours(line))


def put_in_saved(text: str, name: str, line: str, additional: Callable[[str], bool]) -> str:
    """pam-auth-update's records, with the line of profile `name` before the others that run after the password.

    `additional` says whether the lines of a profile do.
    """
    entries = _entries(text)
    place = next((index for index, (other, _) in enumerate(entries) if additional(other)), len(entries))
    entries.insert(place, (name, f"{_MODULE}{name}\n{line}\n"))
    return "".join(entry for _, entry in entries)


def take_out_of_saved(text: str, name: str) -> str:
    """pam-auth-update's records, without the profile `name`."""
    return "".join(entry for other, entry in _entries(text) if other != name)


def is_saved(text: str, name: str) -> bool:
    """Whether pam-auth-update's records have the profile `name`."""
    return any(other == name for other, _ in _entries(text))


def _entries(text: str) -> list[tuple[str, str]]:
    """Profiles with the records of each; an empty name for the text before the first."""
    entries: list[tuple[str, str]] = []
    for line in physical_lines(text):
        if line.startswith(_MODULE):
            entries.append((line.removeprefix(_MODULE).rstrip("\n"), line))
        elif entries:
            name, entry = entries[-1]
            entries[-1] = (name, entry + line)
        else:
            entries.append(("", line))
    return entries


def _block(written: list[str]) -> range | None:
    """Indices of the lines that run after the password; None if the comments around them are missing."""
    begin = next((index for index, line in enumerate(written) if line.startswith(_BEGIN)), None)
    if begin is None:
        return None
    end = next((index for index in range(begin, len(written)) if written[index].startswith(_END)), None)
    return None if end is None else range(begin + 1, end)


def _is_ours(line: str) -> bool:
    words = tokens(line.partition("#")[0])
    return len(words) > 2 and facility_of(words[0]) is Facility.AUTH and words[2].rpartition("/")[2] == OUR_MODULE
