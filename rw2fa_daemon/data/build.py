"""The version, commit and date of this build."""

import tomllib
from functools import cache
from pathlib import Path

from rw2fa_daemon import __version__


@cache
def build_text() -> str:
    """The version with commit and date (UTC) of the sources, if `script/build-stamp` found them; else the version."""
    try:
        made_from = tomllib.loads(Path(__file__).with_name("build.toml").read_text("utf-8"))
    except FileNotFoundError:
        return __version__
    commit, date = made_from["commit"], made_from["date"]
    return f"{__version__} (commit {commit}, {date})" if commit else __version__
