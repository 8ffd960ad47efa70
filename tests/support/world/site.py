"""A host that people work on from afar: a world with rw2fa installed and switched on, sshd and xrdp-sesman running."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support.world.accounts import Person, add_group, add_person
from tests.support.world.authlog import AuthLog
from tests.support.world.installation import Installation
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

    person: Person
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

    def outsider(self) -> Person:
        """Somebody with an account who is not in the scope."""
        return add_person(self.world)

    def newcomer(self) -> Person:
        """Somebody in the scope who has not enrolled."""
        return add_person(self.world, groups=[SCOPE_GROUP])

    def member(self) -> Member:
        """Somebody in the scope whose phone has the key."""
        person = self.newcomer()
        phone = Phone(str(self.rw2fa.json("users", "enrol", person.name)["uri"]))
        self.rw2fa.command("users", "confirm", person.name, phone.fresh())
        return Member(person, phone)
