"""What the portal is told of the configuration: root reads that, and writes down what the pages need."""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Final

from rw2fa_daemon.core.problem import Problem
from rw2fa_portal.web.looks import SHIPPED, Looks, parse_looks, write_looks

FOLDER: Final = Path("/run/rw2fa-portal")
_SETTINGS: Final = "portal.json"
_LOOKS: Final = "looks.json"
CERTIFICATE: Final = "certificate.pem"
KEY: Final = "key.pem"
SOCKET: Final = "portal.sock"


@dataclass(frozen=True, slots=True)
class Prepared:
    """The settings of the pages."""

    title: str
    listen: str
    """`ADDRESS:PORT`, or `unix:PATH`."""
    trusted_proxies: tuple[str, ...]
    session_socket: str
    own_certificate: bool
    """Whether the certificate is one that an administrator gave; if not it was made for a first try."""
    rdp_address: str = ""
    """Where RDP clients connect, empty for where the browser found the portal."""
    rdp_load_balance_info: str = ""
    rdp_passes: bool = True
    """Whether a pass can let an RDP client in; the xrdp of this host may not say where its clients are."""

    @property
    def behind_socket(self) -> bool:
        """Whether a proxy of this host stands before the portal, and TLS is its business."""
        return self.listen.startswith("unix:")

    @property
    def networks(self) -> Sequence[IPv4Network | IPv6Network]:
        """The proxies that may say where a browser is."""
        return [ip_network(text) for text in self.trusted_proxies]


def write_prepared(
    folder: Path, prepared: Prepared, uid: int, certificate: bytes = b"", key: bytes = b"", looks: Looks = SHIPPED
) -> None:
    """Write all that the portal reads into its folder, for `uid` alone. Raises Problem."""
    contents = {
        _SETTINGS: json.dumps(asdict(prepared)).encode(),
        _LOOKS: write_looks(looks),
        CERTIFICATE: certificate,
        KEY: key,
    }
    try:
        folder.mkdir(mode=0o755, exist_ok=True)
        for name, content in contents.items():
            _write(folder / name, content, uid)
    except OSError as error:
        raise Problem(f"{folder} cannot be written ({error.strerror})", "run this as root") from None


def read_prepared(folder: Path) -> Prepared:
    """What was written for the portal; Problem where nothing was."""
    try:
        values = json.loads((folder / _SETTINGS).read_bytes())
        return Prepared(**{**values, "trusted_proxies": tuple(values["trusted_proxies"])})
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise Problem(
            f"{folder / _SETTINGS} cannot be read ({type(error).__name__})", "run `rw2fa-portal --prepare` as root"
        ) from None


def read_prepared_looks(folder: Path) -> Looks:
    """What was written of the looks; Problem where nothing was."""
    try:
        return parse_looks((folder / _LOOKS).read_bytes())
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise Problem(
            f"{folder / _LOOKS} cannot be read ({type(error).__name__})", "run `rw2fa-portal --prepare` as root"
        ) from None


def _write(path: Path, content: bytes, uid: int) -> None:
    # The folder is the portal's: what it may have put there is not followed, and not written to.
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o400)
    with os.fdopen(descriptor, "wb") as file:
        os.fchown(descriptor, uid, -1)
        file.write(content)
