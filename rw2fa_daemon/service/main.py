"""The command `rw2fad`."""

import argparse
import gc
import os
import resource
import sys
from pathlib import Path

from rw2fa_daemon.config.load import DEFAULT_PATH, load
from rw2fa_daemon.core.problem import Problem


def main() -> int:
    """Run the daemon in the foreground; 0 after a stop, 1 with the reason on stderr, 2 for wrong usage."""
    parser = argparse.ArgumentParser(prog="rw2fad", description="Answers the rw2fa PAM hook.")
    parser.add_argument(
        "--config", metavar="FILE", default=os.environ.get("RW2FA_CONFIG", str(DEFAULT_PATH)), help="configuration file"
    )
    parser.add_argument("--check-config", action="store_true", help="check the configuration and do nothing else")
    options = parser.parse_args()
    try:
        if options.check_config:
            load(Path(options.config))
        else:
            _serve(Path(options.config))
    except Problem as problem:
        sys.stderr.write(f"rw2fad: {problem}\n")
        return 1
    return 0


def _serve(path: Path) -> None:
    from rw2fa_daemon.service.daemon import Daemon  # noqa: PLC0415  # --check-config should answer fast
    from rw2fa_daemon.service.loop import Loop  # noqa: PLC0415  # as above

    # Secrets are in this memory: no core dump may hold them (promise 3).
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.umask(0o077)
    loop = Loop()
    # The daemon alone has it: after a reload nothing shall hold an old one, with a hundred thousand names.
    daemon = Daemon(loop, path, load(path))
    # What was imported lives as long as the process; the collector need not walk it again.
    gc.freeze()
    daemon.run()


if __name__ == "__main__":
    sys.exit(main())
