"""The command behind `script/demo`: python -m demo [--keep] [--without-namespaces]."""

import argparse
import os
import sys
import tempfile
from pathlib import Path

from demo.narration import ClaimError, Narrator
from demo.plain import PlainStage
from demo.real import RealStage
from demo.stage import Stage
from demo.story import Story
from tests.support.world.errors import WorldUnavailable
from tests.support.world.installation import stage as install_into
from tests.support.world.world import World


def main() -> int:
    """0 if all that was shown was true, 1 otherwise."""
    parser = argparse.ArgumentParser(prog="script/demo", description="Shows rw2fa at work on real login programs.")
    parser.add_argument("--keep", action="store_true", help="leave it running, and say how to log in by hand")
    parser.add_argument(
        "--without-namespaces", action="store_true", help="as in a container that may not make namespaces"
    )
    options = parser.parse_args()
    if os.geteuid() != 0:
        print("script/demo: login programs are root's: run it as root", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(prefix="rw2fa-demo-") as folder:
        narrator = Narrator()
        try:
            _tell(narrator, Path(folder), keep=options.keep, may_unshare=not options.without_namespaces)
        except (ClaimError, AssertionError) as problem:
            narrator.failed(problem)
            return 1
        except KeyboardInterrupt:
            print("\nscript/demo: interrupted", file=sys.stderr)
            return 1
    return 0


def _tell(narrator: Narrator, folder: Path, *, keep: bool, may_unshare: bool) -> None:
    narrator.title("rw2fa: a second factor for logins on this host")
    stage = _stage(narrator, folder, may_unshare=may_unshare)
    try:
        narrator.say(stage.introduction)
        story = Story(stage, narrator)
        story.play()
        narrator.title(f"All of it was true: {narrator.verdict}.")
        if keep:
            stage.keep(story.guest(), story.portal)
    finally:
        stage.close()


def _stage(narrator: Narrator, folder: Path, *, may_unshare: bool) -> Stage:
    reason = "--without-namespaces was given"
    if may_unshare:
        try:
            World().close()
        except WorldUnavailable as problem:
            reason = str(problem)
        else:
            narrator.types("make install DESTDIR=…")
            return RealStage(install_into(folder))
    narrator.say(f"No private world can be made here ({reason}).")
    return PlainStage(folder)


if __name__ == "__main__":
    sys.exit(main())
