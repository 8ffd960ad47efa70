"""Where PAM's files are on a host, below a root folder."""

from pathlib import Path
from typing import Final

from rw2fa_daemon.core.clients import ClientTable
from rw2fa_daemon.pamstack.faults import Fault, faults
from rw2fa_daemon.pamstack.lines import our_lines
from rw2fa_daemon.pamstack.module_files import under
from rw2fa_daemon.pamstack.stack import SERVICE_FOLDERS, Facility, host_reader, load

PROFILE: Final = "rw2fa"
PROFILES_FOLDER: Final = "/usr/share/pam-configs"
PROFILE_PATH: Final = f"{PROFILES_FOLDER}/{PROFILE}"
COMMON_AUTH: Final = "/etc/pam.d/common-auth"
#: pam-auth-update's records of the lines that it wrote into common-auth.
SAVED_AUTH: Final = "/var/lib/pam/auth"
#: Files in the folders of services that are not services: parts that services include, leftovers of editors, packages.
_PARTS: Final = ("common-",)
_LEFTOVERS: Final = ("~", ".dpkg-new", ".dpkg-old", ".dpkg-dist", ".dpkg-bak", ".ucf-dist", ".pam-old", ".pam-new")


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
