"""rw2fa-portal: the web server. `--prepare`, as root, reads the configuration for it; the rest needs no rights."""

import argparse
import os
import pwd
import resource
import socket
import ssl
import sys
from asyncio.sslproto import SSLProtocol
from pathlib import Path
from typing import Final

from rw2fa_daemon.config.load import DEFAULT_PATH, load
from rw2fa_daemon.core.problem import Problem
from rw2fa_portal.protocol import PORTAL_USER, SOCKET
from rw2fa_portal.web.certificate import given, now_utc, self_signed
from rw2fa_portal.web.limits import (
    CONCURRENCY_MAX,
    HEADERS_MAX,
    KEEP_ALIVE_SECONDS,
    MESSAGE_BYTES_MAX,
    PING_SECONDS,
    TLS_BUFFER,
)
from rw2fa_portal.web.looks import read_looks
from rw2fa_portal.web.prepared import (
    CERTIFICATE,
    FOLDER,
    KEY,
    Prepared,
    read_prepared,
    read_prepared_looks,
    write_prepared,
)
from rw2fa_portal.web.prepared import SOCKET as OWN_SOCKET
from rw2fa_portal.web.xrdp import xrdp_tells_addresses

PROGRAM: Final = "rw2fa-portal"
STATE: Final = Path("/var/lib/rw2fa-portal")
"""Where root keeps a self-signed certificate; the server has no business there."""


def main() -> int:
    """0 when it was told to end, 1 with the reason on stderr where it could not begin."""
    parser = argparse.ArgumentParser(prog=PROGRAM, description="The web portal: people log on here with a code.")
    parser.add_argument("--config", type=Path, default=Path(os.environ.get("RW2FA_CONFIG", DEFAULT_PATH)))
    parser.add_argument("--prepare", action="store_true", help="as root, before each start: read the configuration")
    parser.add_argument(
        "--check", action="store_true", help="as root: only say whether --prepare would find all it needs"
    )
    parser.add_argument("--folder", type=Path, default=FOLDER, help="what --prepare writes, and the server reads")
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        if options.check:
            check(options.config)
        elif options.prepare:
            prepare(options.config, options.folder)
        else:
            serve(options.folder)
    except Problem as problem:
        sys.stderr.write(f"{PROGRAM}: {problem}\n")
        return 1
    return 0


def check(config_file: Path) -> None:
    """Raise Problem where something is missing that `prepare` needs; write nothing."""
    config = load(config_file)
    portal = config.portal
    _portal_uid()
    read_looks(portal.colour, portal.logo, config.applications)
    if portal.certificate is not None and portal.key is not None:
        given(portal.certificate, portal.key, now_utc())


def prepare(config_file: Path, folder: Path) -> None:
    """Write what the portal needs of the configuration, with certificate and key. Raises Problem."""
    config = load(config_file)
    portal = config.portal
    uid = _portal_uid()
    prepared = Prepared(
        title=portal.title or config.issuer_name,
        listen=portal.listen,
        trusted_proxies=tuple(map(str, portal.trusted_proxies)),
        session_socket=str(config.socket.with_name(SOCKET.name)),
        own_certificate=portal.certificate is not None,
        rdp_address=portal.rdp_address,
        rdp_load_balance_info=portal.rdp_load_balance_info,
        rdp_passes=bool(portal.rdp_address) or config.logons.without_address or xrdp_tells_addresses(),
    )
    certificate, key = b"", b""
    if portal.certificate is not None and portal.key is not None:
        certificate, key = given(portal.certificate, portal.key, now_utc())
    elif not prepared.behind_socket:
        certificate, key = self_signed(STATE, list(dict.fromkeys((socket.getfqdn(), os.uname().nodename))), now_utc())
    looks = read_looks(portal.colour, portal.logo, config.applications)
    write_prepared(folder, prepared, uid, certificate, key, looks)
    if prepared.behind_socket:
        _link(Path(prepared.listen.removeprefix("unix:")), folder / OWN_SOCKET)


def _portal_uid() -> int:
    try:
        return pwd.getpwnam(PORTAL_USER).pw_uid
    except KeyError:
        raise Problem(f"there is no user {PORTAL_USER}", "run `systemd-sysusers`, or install rw2fa again") from None


def serve(folder: Path) -> None:
    """Serve until SIGTERM. Raises Problem."""
    import uvicorn  # noqa: PLC0415  # --prepare does without
    from sdnotify import SystemdNotifier  # noqa: PLC0415

    from rw2fa_portal.web.app import make_app  # noqa: PLC0415

    os.umask(0o077)
    # asyncio's own is 256 KiB, and all of it is touched: with 200 connections that was half of the portal's memory.
    SSLProtocol.max_size = TLS_BUFFER
    prepared = read_prepared(folder)
    place: dict[str, object]
    if prepared.behind_socket:
        place = {"uds": str(folder / OWN_SOCKET)}
    else:
        host, _, port = prepared.listen.rpartition(":")
        place = {
            "host": host.strip("[]"),
            "port": int(port),
            "ssl_certfile": folder / CERTIFICATE,
            "ssl_keyfile": folder / KEY,
        }
    config = uvicorn.Config(
        make_app(prepared, looks=read_prepared_looks(folder)),
        **place,  # type: ignore[arg-type]  # each has the type that its name wants
        loop="asyncio",
        http="h11",
        ws="wsproto",
        ws_max_size=MESSAGE_BYTES_MAX,
        ws_ping_interval=PING_SECONDS,
        ws_ping_timeout=PING_SECONDS,
        # Screens are compressed already, and what is typed need not show by its length.
        ws_per_message_deflate=False,
        lifespan="on",
        access_log=False,
        log_level="warning",
        proxy_headers=False,
        server_header=False,
        limit_concurrency=CONCURRENCY_MAX,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=5,
        h11_max_incomplete_event_size=HEADERS_MAX,
    )
    try:
        config.load()
    except OSError as error:
        raise Problem(f"certificate or key cannot be used ({error})", "see portal.certificate and portal.key") from None
    if isinstance(config.ssl, ssl.SSLContext):
        config.ssl.minimum_version = ssl.TLSVersion.TLSv1_2

    class Server(uvicorn.Server):
        """Tells systemd once it listens (sd_notify(3)); without systemd nobody is told."""

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                SystemdNotifier().notify("READY=1")

    server = Server(config)
    server.run()
    if not server.started:
        raise Problem(f"the portal cannot listen at {prepared.listen}", "see `rw2fa portal status`")


def _link(path: Path, target: Path) -> None:
    """Let proxies find the socket where the configuration says; the portal can make one in its own folder only."""
    try:
        if path.is_symlink() or path.exists():
            path.unlink()
        path.symlink_to(target)
    except OSError as error:
        raise Problem(f"{path} cannot be made ({error.strerror})", "see portal.listen") from None


if __name__ == "__main__":
    sys.exit(main())
