"""Runs installer and checks where it is started, and prints what they say as JSON. For use inside a private world.

python -m tests.integration.pamstack.drive install|remove|refresh [--scope N] [--exempt N] [--network N] [--socket S] …
python -m tests.integration.pamstack.drive check [SERVICE…]    # by /etc/rw2fa/rw2fa.toml
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from ipaddress import ip_network
from pathlib import Path

from rw2fa_daemon.config.load import DEFAULT_PATH, load
from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.core.user import UserList
from rw2fa_daemon.doctor import pam_check
from rw2fa_daemon.pamstack.install import install, refresh_dropin, remove
from rw2fa_daemon.pamstack.lines import DEFAULT_SOCKET
from rw2fa_daemon.pamstack.sshd.dropin import Scope


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("action", choices=("install", "remove", "refresh", "check"))
    parser.add_argument("--scope", action="append", default=[])
    parser.add_argument("--exempt", action="append", default=[])
    parser.add_argument("--network", action="append", default=[])
    parser.add_argument("--root", type=Path, default=Path("/"))
    parser.add_argument("--socket", type=Path, default=DEFAULT_SOCKET)
    parser.add_argument("services", nargs="*")
    chosen = parser.parse_args()
    if chosen.action == "check":
        print(json.dumps([asdict(finding) for finding in pam_check(load(DEFAULT_PATH), chosen.services)]))
        return
    networks = tuple(ip_network(network) for network in chosen.network)
    scope = Scope(UserList.of(chosen.scope), UserList.of(chosen.exempt), networks)
    try:
        match chosen.action:
            case "install":
                report = install(chosen.services, root=chosen.root, scope=scope, socket=chosen.socket)
            case "remove":
                report = remove(chosen.services, root=chosen.root)
            case _:
                report = refresh_dropin(scope)
    except Problem as problem:
        print(json.dumps({"problem": problem.what, "fix": problem.fix}))
    else:
        print(json.dumps({"changed": report.changed, "notes": report.notes}))


if __name__ == "__main__":
    main()
