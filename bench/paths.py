"""Where the bench finds and leaves things."""

import sysconfig
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
PROGRAMS: Final = ROOT / "build" / "bench"
"""What bench/Makefile builds."""
RESULTS: Final = ROOT / "bench" / "results"
HOOK: Final = ROOT / "build" / "pam_rw2fa.so"
PYTHON: Final = ROOT / ".venv" / "bin" / "python"

MODULES: Final = Path("/lib") / str(sysconfig.get_config_var("MULTIARCH")) / "security"
"""The distribution's PAM modules; inside a private stack only absolute paths are safe."""

BASE: Final = Path("/run/rw2fa-bench")
"""Where the namespace sees the bench's folder, which is on a disk: a short path that does not change."""
HOMES: Final = BASE / "homes"
"""Compiled into libnss_bench.so.2 as well, see the Makefile."""
