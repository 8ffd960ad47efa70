"""The program `rw2fa-relay`."""

import sys

from rw2fa_daemon.relay.verbs import VERBS
from rw2fa_daemon.wire import helper


def main() -> int:
    """Serve until idle; 0 then, 1 with the reason on stderr."""
    return helper.run("rw2fa-relay", "Asks the network on behalf of rw2fa.", VERBS)


if __name__ == "__main__":
    sys.exit(main())
