"""What rw2fa-session does with PAM and the daemon, for one message. Run inside a world, as root.

python -m tests.support.world.portal_verbs logon USER PASSWORD CODE ADDRESS   prints the report as JSON, {} without PAM
python -m tests.support.world.portal_verbs logon_code USER IDENTIFIER CODE ADDRESS   the same, without a password
python -m tests.support.world.portal_verbs VERB USER IDENTIFIER ADDRESS   prints the report as JSON
"""

import json
import sys
from pathlib import Path
from typing import Final

from tests.support.daemon import Hook
from tests.support.libpam import Code, Conversation, start

SOCKET: Final = Path("/run/rw2fa/pam.sock")
SERVICE: Final = "rw2fa-portal"
CODE_SERVICE: Final = "rw2fa-portal-code"


def main() -> int:
    verb, user, *more = sys.argv[1:]
    fields = {"v": "1", "user": user, "address": more[-1], **_place()}
    if verb == "logon":
        password, code, _address = more
        fields["service"] = SERVICE
        passed = _passes(SERVICE, user, Conversation(password, [code] * 3))
    else:
        fields["logon"] = more[0]
        passed = verb != "logon_code" or _passes(CODE_SERVICE, user, Conversation(codes=[more[1]] * 3))
    if not passed:
        print("{}")
        return 0
    with Hook(SOCKET) as hook:
        hook.send(verb, **fields)
        print(json.dumps(hook.receive()))
    return 0


def _passes(service: str, user: str, conversation: Conversation) -> bool:
    """Whether PAM lets somebody in."""
    with start(service, user, conversation=conversation) as pam:
        return pam.authenticate() == Code.SUCCESS and pam.acct_mgmt() == Code.SUCCESS


def _place() -> dict[str, str]:
    """Boot and namespaces of this process, as the hook gives them."""
    spaces = (Path("/proc/self/ns", name).readlink().name for name in ("user", "pid"))
    return {
        "boot": Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip(),
        "namespaces": "-".join(space.partition("[")[2].rstrip("]") for space in spaces),
    }


if __name__ == "__main__":
    sys.exit(main())
