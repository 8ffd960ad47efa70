"""The program `rw2fa-notify`."""

import sys

from rw2fa_daemon.notify.announce import VERBS
from rw2fa_daemon.wire import helper


def main() -> int:
    """Serve until idle; returns 0, or 1 with the reason on stderr."""
    return helper.run("rw2fa-notify", "Runs the program of [enrolment] notify on behalf of rw2fa.", VERBS)


if __name__ == "__main__":
    sys.exit(main())
