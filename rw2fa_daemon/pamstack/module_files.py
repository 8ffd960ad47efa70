"""Where PAM modules are on a host, below a root folder, and which build ours is."""

import re
from pathlib import Path
from typing import Final

#: Ours.
OUR_MODULE: Final = "pam_rw2fa.so"
#: Folders in which Debian's libpam looks for a module without a path.
_MODULE_FOLDERS: Final = ("lib/*/security", "usr/lib/*/security", "lib/security", "usr/lib/security")
#: What pam_hook/build.c puts into the module, for what(1).
_BUILD: Final = re.compile(rb"@\(#\)pam_rw2fa (?P<text>[^\0\n]+)\0")


def under(root: Path, path: str) -> Path:
    """The file that a host whose root is `root` calls `path`."""
    return root / path.lstrip("/")


def modules(root: Path, name: str = OUR_MODULE) -> list[Path]:
    """The copies of a module where libpam looks for it; a name with a path is looked up there."""
    if name.startswith("/"):
        return [path for path in [under(root, name)] if path.is_file()]
    return [path for folder in _MODULE_FOLDERS for path in sorted(root.glob(f"{folder}/{name}"))]


def build_of(module: Path) -> str:
    """Which build a copy of our module is, as `rw2fa --version` prints it; empty if it does not say."""
    found = _BUILD.search(module.read_bytes())
    return found["text"].decode("utf-8", "replace") if found else ""
