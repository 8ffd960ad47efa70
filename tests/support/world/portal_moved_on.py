"""rw2fa-portal with a clock that a test moves on: it adds the seconds in the file CLOCK. Copied into the world."""

import sys
import time
from pathlib import Path
from typing import Final

from starlette.applications import Starlette

from rw2fa_portal.web import app, main
from rw2fa_portal.web.prepared import Prepared

CLOCK: Final = Path("/run/rw2fa-world/portal-clock")


def moved_on() -> float:
    """Monotonic seconds."""
    return time.monotonic() + float(CLOCK.read_text())


_make_app = app.make_app


def _make_moved_on(prepared: Prepared) -> Starlette:
    return _make_app(prepared, moved_on)


if __name__ == "__main__":
    app.make_app = _make_moved_on  # type: ignore[assignment]  # called with one argument
    sys.exit(main.main())
