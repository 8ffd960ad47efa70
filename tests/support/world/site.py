"""A host that people work on from afar: a world with rw2fa installed and switched on, sshd and xrdp-sesman running."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.support.world.accounts import User, add_group, add_user
from tests.support.world.authlog import AuthLog
from tests.support.world.installation import Installation
from tests.support.world.paths import REPOSITORY
from tests.support.world.phone import Phone
from tests.support.world.sesman import Sesman
from tests.support.world.sshd import Sshd
from tests.support.world.world import World

SCOPE_GROUP = "second-factor"
"""The group that the scope names, and that the sshd drop-in matches."""

PAM_FILES = "/etc/pam.d"


@dataclass(frozen=True)
class Member:
    """Somebody who is enrolled, with the phone."""

    user: User
    phone: Phone


class Site:
    """The running host. `log` is for tests: what was logged since it was last told to forget."""

    def __init__(self, layers: Sequence[Path]) -> None:
        """Raises WorldUnavailable where there can be no world."""
        self.world = World(layers=layers)
        try:
            add_group(self.world, SCOPE_GROUP)
            self.rw2fa = Installation(self.world)
            self.rw2fa.command("users", "add", f"@{SCOPE_GROUP}")
            self.rw2fa.command("pam", "install")
            self.rw2fa.start()
            self.rw2fa.command("enable")
            self.sshd = Sshd(self.world)
            self.sesman = Sesman(self.world)
            self.log = AuthLog(self.world)
        except BaseException:
            self.world.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.world.close()

    # People

    def outsider(self) -> User:
        """Somebody with an account who is not in the scope."""
        return add_user(self.world)

    def newcomer(self, password: str | None = None) -> User:
        """Somebody in the scope who has not enrolled."""
        return add_user(self.world, groups=[SCOPE_GROUP], password=password)

    def member(self, password: str | None = None) -> Member:
        """Somebody in the scope whose phone has the key."""
        return self.enrolled(self.newcomer(password))

    def member_by_name(self) -> Member:
        """Somebody whom the scope names, and not through a group."""
        user = self.outsider()
        self.add(user)
        return self.enrolled(user)

    def add(self, user: User) -> None:
        """Names somebody in the scope, and has sshd read its drop-in, which the command does where systemd runs."""
        self.rw2fa.command("users", "add", user.name)
        self.sshd.reload()

    def enrolled(self, user: User) -> Member:
        """Gives the person's phone the key."""
        return Member(user, self.enrol(user.name))

    def enrol(self, name: str) -> Phone:
        """Gives somebody a phone with the key, as an administrator does at the desk."""
        phone = Phone(str(self.rw2fa.json("users", "enrol", name)["uri"]))
        self.rw2fa.command("users", "confirm", name, phone.fresh())
        return phone

    def show(self, user: User) -> Any:
        """What `rw2fa users show` says about the person."""
        return self.rw2fa.json("users", "show", user.name)

    # PAM

    @contextmanager
    def edited_pam(self, service: str, edit: Callable[[str], str | None]) -> Iterator[None]:
        """The file of a service with each line replaced by what `edit` makes of it (None: left out), for a while."""
        file = f"{PAM_FILES}/{service}"
        before = self.world.read(file)
        after = [new for line in before.splitlines() if (new := edit(line)) is not None]
        if after == before.splitlines():
            raise AssertionError(f"{file} has no line that this changes:\n{before}")
        self.world.write(file, "\n".join(after) + "\n")
        try:
            yield
        finally:
            self.world.write(file, before)

    def account_phase(self, service: str, user: User) -> str:
        """The name of what the account phase of a service says when no authentication went before."""
        return self._phase(service, user, "account")

    def authentication(self, service: str, user: User, password: str) -> str:
        """The name of what authentication says to a client that has one password for all prompts without echo."""
        return self._phase(service, user, "auth", password)

    def login(self, service: str, user: User, address: str) -> str:
        """The name of what authentication and account say to a client that knows where a login comes from."""
        return self._phase(service, user, "login", user.password, address)

    def _phase(self, service: str, user: User, phase: str, password: str = "", address: str = "") -> str:
        argv = (sys.executable, "-m", "tests.support.world.pam", service, user.name, phase, password, address)
        return self.world.run(*argv, environment={"PYTHONPATH": str(REPOSITORY)}).stdout.strip()
