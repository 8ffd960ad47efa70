"""Ways through xrdp that bypass our lines."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from rw2fa_daemon.doctor.finding import Finding
from rw2fa_daemon.doctor.subject import Subject

_XRDP_INI: Final = "/etc/xrdp/xrdp.ini"
_LIBRARY_FOLDERS: Final = ("usr/lib/*/xrdp", "usr/lib/xrdp", "usr/local/lib/xrdp")
_SECTION: Final = re.compile(r"\s*\[(?P<name>[^]]*)\]")
_ENTRY: Final = re.compile(r"\s*(?P<key>[^#;=\s][^=]*?)\s*=\s*(?P<value>.*?)\s*$")
#: sesman chooses the port of a session that it starts, after PAM.
_SESMAN_PORT: Final = "-1"
#: With these xrdp first has sesman check the password, wherever the section leads.
_PAM_KEYS: Final = ("pamusername", "pampassword", "pamsessionmng")


def check_xrdp_sections(subject: Subject) -> Iterator[Finding]:
    """Sections of xrdp.ini that lead to a session, or to another host, without PAM."""
    try:
        text = subject.path(_XRDP_INI).read_text("utf-8", "replace")
    except OSError:
        return
    for name, section in sections(text).items():
        library = section.get("lib", "")
        by_pam = section.get("port") == _SESMAN_PORT or any(section.get(key) for key in _PAM_KEYS)
        if library and not by_pam and _library_exists(subject, library):
            yield Finding(
                "xrdp-section",
                ok=False,
                detail=f"[{name}] of {_XRDP_INI} connects through {library} without PAM: it asks for no code",
                fix=f"put a # before each line of [{name}], or give it pamusername=ask, pampassword=ask and "
                "pamsessionmng=127.0.0.1; then restart xrdp",
            )


def sections(text: str) -> Mapping[str, Mapping[str, str]]:
    """The sections of an xrdp.ini with their keys in lower case. xrdp has no continuation lines."""
    found: dict[str, dict[str, str]] = {}
    current: dict[str, str] = {}
    for line in text.splitlines():
        if line.lstrip().startswith(("#", ";")):
            continue
        if header := _SECTION.match(line):
            current = found.setdefault(header["name"], {})
        elif entry := _ENTRY.match(line):
            current[entry["key"].lower()] = entry["value"]
    return found


def _library_exists(subject: Subject, library: str) -> bool:
    """Whether a module of xrdp is installed; Debian's xrdp.ini names one that Debian does not ship."""
    if "/" in library:
        return subject.path(library).exists()
    return any(any(subject.root.glob(f"{folder}/{library}")) for folder in _LIBRARY_FOLDERS)
