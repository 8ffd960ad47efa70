"""The module, built when it is needed."""

import os
import subprocess
from pathlib import Path

_SOURCE = Path(__file__).with_name("module.c")
_REPOSITORY = Path(__file__).parents[3]
_NAME = "libnss_rw2fatest.so.2"
_FLAGS = ("-std=c11", "-Wall", "-Wextra", "-Werror", "-O1", "-fPIC", "-shared", f"-Wl,-soname,{_NAME}")


def module() -> Path:
    """The shared object, in a folder that may be in LD_LIBRARY_PATH."""
    target = _REPOSITORY / "build" / "tests" / _NAME
    if not target.exists() or target.stat().st_mtime < _SOURCE.stat().st_mtime:
        target.parent.mkdir(parents=True, exist_ok=True)
        ours = target.with_suffix(f".{os.getpid()}")  # another test process may build it too
        subprocess.run(["cc", *_FLAGS, "-o", ours, _SOURCE], check=True)
        ours.rename(target)
    return target


def layer(folder: Path, services: str) -> Path:
    """Makes `folder` a layer for a world: the module, and an nsswitch.conf with `services` for users and groups."""
    built = module()
    multiarch = subprocess.run(["cc", "-print-multiarch"], check=True, capture_output=True, text=True).stdout.strip()
    installed = folder / "usr" / "lib" / multiarch / _NAME
    installed.parent.mkdir(parents=True)
    installed.write_bytes(built.read_bytes())
    nsswitch = folder / "etc" / "nsswitch.conf"
    nsswitch.parent.mkdir(parents=True)
    nsswitch.write_text(switch(services))
    return folder


def switch(services: str) -> str:
    """Content of an nsswitch.conf(5)."""
    return f"passwd: {services}\ngroup: {services}\nshadow: files\nhosts: files\n"
