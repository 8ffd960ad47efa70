"""Changing the main configuration file in place and atomically, keeping comments and order."""

import errno
import fcntl
import os
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import Array

from rw2fa_daemon.config import arrays, trusted
from rw2fa_daemon.config.config import Config
from rw2fa_daemon.config.domain import Value, moment
from rw2fa_daemon.config.load import Layers, build, layers_of
from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.files.folder import sync_folder

LOCK_SECONDS: Final = 5.0
LOCK_RETRY_SECONDS: Final = 0.05

Changes = Mapping[str, Value | None]
"""Full key → its new value; None removes it from the file."""


def change(
    path: Path, decide: Callable[[Layers], Changes], dropins: Path | None = None, known: Layers | None = None
) -> Config:
    """Make the changes that `decide` returns in the file at `path`, and return the resulting configuration.

    `known` is what was read before, if anything was.

    `decide` gets what the files set now, under the lock that keeps other editors out; an exception from it
    ends the edit. Raises Problem, with the file as it was, if a drop-in overrides a key, if the
    result would not load, if another process is editing, or if the file cannot be written.
    """
    target = trusted.check_way(path)
    with _lock(target.parent):
        before = trusted.read(target)
        layers = layers_of(path, before, dropins, known)
        changes = {key: value for key, value in decide(layers).items() if value != layers.values.get(key)}
        if not changes:
            return build(layers)
        for key in changes:
            own_to_set(layers, key, path)
        after = edited(path, before.decode(), changes).encode()
        result = layers_of(path, after, dropins, layers)
        wanted = {**layers.values, **changes}
        if dict(result.values) != {key: value for key, value in wanted.items() if value is not None}:
            raise _by_hand(path)
        config = build(result)
        _replace(target, after)
    return config


def edited(path: Path, text: str, changes: Changes) -> str:
    """The text of the configuration file at `path` with some keys changed and everything else as it was."""
    # Lists are changed in the text itself: tomlkit rebuilds its index of all entries for each one added or removed.
    rest, lists = arrays.cut(text)
    try:
        document = tomlkit.parse(rest)
        _apply(document, changes, _Lists(arrays.unused(text), lists))
        return arrays.replaced(tomlkit.dumps(document), lists)
    except (TOMLKitError, tomllib.TOMLDecodeError):
        raise _by_hand(path) from None


def _by_hand(path: Path) -> Problem:
    return Problem(
        f"{path} is written in a way that rw2fa cannot change in place", "change it by hand, then run: rw2fa status"
    )


@dataclass(frozen=True, slots=True)
class _Lists:
    """The lists that are kept outside of tomlkit's document, by the words that stand for them in it."""

    mark: str
    texts: dict[str, str]

    def put(self, array: Any, wanted: list[str]) -> Any:  # noqa: ANN401 - an item of tomlkit, or None
        """The stand-in in the document for a list of `wanted`, which replaces `array`."""
        word = arrays.word_of(array)
        before = self.texts.get(word) if word else None
        if word is None or before is None:
            word, before = f"{self.mark}{len(self.texts)}", "[]"
        self.texts[word] = arrays.amended(before, wanted)
        return [f"{word}-"]


def _apply(document: tomlkit.TOMLDocument, changes: Changes, lists: _Lists) -> None:
    for key, value in changes.items():
        section, _, name = key.partition(".")
        if not name:
            _set(document, section, _toml(key, value), lists)
            continue
        if section not in document:
            if value is None:
                continue
            document[section] = tomlkit.table()
        _set(document[section], name, _toml(key, value), lists)


def _toml(key: str, value: Value | None) -> Any:  # noqa: ANN401 - what tomlkit takes
    if value is None:
        return None
    if key == "enabled_until":
        return moment(int(str(value)))
    return list(value) if isinstance(value, tuple) else value


# tomlkit's documents and tables share no type.
def _set(table: Any, name: str, value: Any, lists: _Lists) -> None:  # noqa: ANN401
    if value is None:
        table.pop(name, None)
    elif not isinstance(value, list):
        table[name] = value
    elif name not in table:
        table[name] = lists.put(None, value)
    elif arrays.word_of(table[name]) in lists.texts:
        lists.put(table[name], value)
    else:
        _amend(table[name], value)


def _amend(array: Array, wanted: list[str]) -> None:
    """Remove and append what differs, so that the comments between the other entries stay."""
    keep = frozenset(wanted)
    for index in reversed(range(len(array))):
        if array[index] not in keep:
            del array[index]
    present = set(array)
    new = [entry for entry in wanted if entry not in present]
    lines = "\n" in array.as_string()
    for entry in new:
        if lines:
            array.add_line(entry)
        else:
            array.append(entry)


def own_to_set(layers: Layers, key: str, path: Path) -> None:
    """Raise Problem if a file other than the one at `path` sets a key."""
    origin = layers.origins.get(key, path)
    if origin != path:
        raise Problem(f"{key} is set by {origin}, which overrides {path}", f"change it in {origin}, or remove it there")


@contextmanager
def _lock(folder: Path) -> Iterator[None]:
    """Keep other editors of this folder's configuration out, or raise Problem after LOCK_SECONDS.

    The folder is locked rather than the file, which each edit replaces.
    """
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise trusted.unreadable(folder, error) from None
    try:
        deadline = time.monotonic() + LOCK_SECONDS
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise Problem(
                        f"another process is changing the files in {folder}", "try again once it has ended"
                    ) from None
                time.sleep(LOCK_RETRY_SECONDS)
        yield
    finally:
        os.close(descriptor)


def _replace(path: Path, content: bytes) -> None:
    """Replace the file at `path` by `content` atomically: whatever happens, it is the old or the new one, complete."""
    # A fixed name: the next editor overwrites what a killed one left. The lock makes it ours.
    fresh = path.with_name(f".{path.name}.new")
    try:
        with suppress(FileNotFoundError):
            fresh.unlink()
        _write_like(path, fresh, content)
        fresh.rename(path)
        sync_folder(path.parent)
    except OSError as error:
        with suppress(OSError):
            fresh.unlink()
        raise _unwritten(path, error) from None


def _write_like(model: Path, fresh: Path, content: bytes) -> None:
    """Write a durable file with the owner, mode and extended attributes (labels, ACLs) of another."""
    status = model.stat()
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fchown(descriptor, status.st_uid, status.st_gid)
        os.fchmod(descriptor, status.st_mode & 0o7777)
        for attribute in _attributes(model):
            os.setxattr(descriptor, attribute, os.getxattr(model, attribute))
        os.fsync(descriptor)


def _attributes(path: Path) -> list[str]:
    try:
        return os.listxattr(path)
    except OSError as error:
        if error.errno == errno.ENOTSUP:
            return []
        raise


def _unwritten(path: Path, error: OSError) -> Problem:
    fixes = {
        errno.ENOSPC: "free some space on that file system and try again",
        errno.EDQUOT: "raise the quota, or free some space, and try again",
        errno.EROFS: "make that file system writable, or change the file where it comes from",
        errno.EACCES: "run this as root",
        errno.EPERM: "run this as root",
    }
    return Problem(
        f"{path} could not be written and is unchanged: {error.strerror}",
        fixes.get(error.errno or 0, "check the file system and try again"),
    )
