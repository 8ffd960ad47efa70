"""Where PAM's files and modules are on a host, below a root folder."""

import re
from pathlib import Path
from typing import Final

from rw2fa_daemon.core.clients import ClientTable
from rw2fa_daemon.pamstack.faults import Fault, faults
from rw2fa_daemon.pamstack.lines import our_lines
from rw2fa_daemon.pamstack.modules import OUR_MODULE
from rw2fa_daemon.pamstack.stack import SERVICE_FOLDERS, Facility, host_reader, load

PROFILE: Final = "rw2fa"
PROFILES_FOLDER: Final = "/usr/share/pam-configs"
PROFILE_PATH: Final = f"{PROFILES_FOLDER}/{PROFILE}"
COMMON_AUTH: Final = "/etc/pam.d/common-auth"
#: Folders in which Debian's libpam looks for a module without a path.
_MODULE_FOLDERS: Final = ("lib/*/security", "usr/lib/*/security", "lib/security", "usr/lib/security")
#: pam-auth-update's records of the lines that it wrote into common-auth.
SAVED_AUTH: Final = "/var/lib/pam/auth"
#: What pam_hook/build.c puts into the module, for what(1).
_BUILD: Final = re.compile(rb"@\(#\)pam_rw2fa (?P<text>[^\0\n]+)\0")
#: Files in the folders of services that are not services: parts that services include, leftovers of editors, packages.
_PARTS: Final = ("common-",)
_LEFTOVERS: Final = ("~", ".dpkg-new", ".dpkg-old", ".dpkg-dist", ".dpkg-bak", ".ucf-dist", ".pam-old", ".pam-new")


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


def service_path(root: Path, service: str) -> str | None:
    """The file of a service, None if it has none."""
    return next(
        (f"{folder}/{service}" for folder in SERVICE_FOLDERS if under(root, f"{folder}/{service}").is_file()), None
    )


def services(root: Path) -> list[str]:
    """Every PAM service that has a file."""
    names = {
        path.name
        for folder in SERVICE_FOLDERS
        if (place := under(root, folder)).is_dir()
        for path in place.iterdir()
        if path.is_file() and not path.name.startswith((".", *_PARTS)) and not path.name.endswith(_LEFTOVERS)
    }
    return sorted(names)


def listed(service: str, clients: ClientTable) -> bool:
    """Whether a table of ours has the service as one that users attend."""
    return service in our_lines() or (service in clients.clients and clients.of(service).attended)


def service_faults(root: Path, service: str, clients: ClientTable) -> list[Fault]:
    """What is wrong with one service of a host. Raises SyntaxProblem if libpam cannot load it."""
    loaded = load(service, host_reader(root))
    return faults(loaded, clients.of(service), listed=listed(service, clients))


def facilities_in(root: Path, target: str) -> set[Facility]:
    """The facilities for which a file to be included has lines. Raises SyntaxProblem."""
    # Loaded as if it were a service: what libpam would add is what an include adds.
    folder, _, name = target.rpartition("/") if target.startswith("/") else ("/etc/pam.d", "", target)
    found = load(name, host_reader(root), folders=(folder,))
    return set(found.own) if found.present else set()
