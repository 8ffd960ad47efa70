"""rw2fa-portal with a clock that a test moves on: it adds the seconds in the file CLOCK. Copied into the world."""

import sys
import time
from functools import partial
from pathlib import Path
from typing import Final

from rw2fa_portal.web import app, main

CLOCK: Final = Path("/run/rw2fa-world/portal-clock")


def moved_on() -> float:
    """Monotonic seconds."""
    return time.monotonic() + float(CLOCK.read_text())


if __name__ == "__main__":
    app.make_app = partial(app.make_app, clock=moved_on)
    sys.exit(main.main())
