"""What the module answers from, as a test sees it."""

from collections.abc import Sequence
from pathlib import Path


class FakeDirectory:
    """Users, groups and failures in `folder`. Every change counts from the next call on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)
        self.reset()

    def reset(self) -> None:
        """Removes all users, groups, failures and calls."""
        self.heal()
        for name in ("passwd", "group", "calls"):
            self._write(name, "")

    def user(self, name: str, uid: int, gid: int) -> None:
        """Adds a user, spelled as `pw_name` is to be."""
        self._append("passwd", f"{name}:x:{uid}:{gid}::/nonexistent:/bin/sh\n")

    def group(self, name: str, gid: int, members: Sequence[str] = ()) -> None:
        """Adds a group. A member `@name` is a group, whose members getgrouplist finds and getgrnam does not show."""
        self._append("group", f"{name}:x:{gid}:{','.join(members)}\n")

    def renumber_groups(self, old: str, new: str) -> None:
        """Replaces a part of the lines of all groups."""
        self._write("group", self._read("group").replace(old, new))

    def fault(self, call: str, action: str, number: int = 0) -> None:
        """Adds a failure: `call` is CALL or CALL:NAME, as in module.c."""
        self._append("faults", f"{call} {action} {number}\n")

    def budget(self, count: int, action: str = "unavail") -> None:
        """Answers so many calls, counted from now, then does `action`."""
        self._write("calls", "")
        self._write("budget", f"{count} {action}\n")

    def heal(self) -> None:
        """Ends every failure; calls that hang continue."""
        for name in ("faults", "budget"):
            (self.folder / name).unlink(missing_ok=True)

    def calls(self) -> list[str]:
        """Every call so far, each as "CALL NAME"."""
        return self._read("calls").splitlines()

    def _append(self, name: str, text: str) -> None:
        path = self.folder / name
        self._write(name, (self._read(name) if path.exists() else "") + text)

    def _read(self, name: str) -> str:
        return (self.folder / name).read_text("utf-8", "surrogateescape")

    def _write(self, name: str, text: str) -> None:
        """In one step: the module may be reading."""
        new = self.folder / f"{name}.new"
        new.write_text(text, "utf-8", "surrogateescape")
        new.chmod(0o666)
        new.rename(self.folder / name)
