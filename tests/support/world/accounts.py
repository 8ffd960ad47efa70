"""Users with accounts in a world."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from tests.support.world.world import World

_numbers = itertools.count(1)


@dataclass(frozen=True)
class User:
    """An account of the world: its name, its password, and the folder that is its home."""

    name: str
    password: str

    @property
    def home(self) -> str:
        return "/root" if self.name == "root" else f"/home/{self.name}"

    @property
    def key(self) -> str:
        """Path of the private key that `allow_key` made, inside the world."""
        return f"/root/keys/{self.name}"


def add_group(world: World, name: str) -> str:
    """Makes a group and returns its name."""
    world.run("groupadd", name)
    return name


def add_user(world: World, name: str | None = None, *, groups: Sequence[str] = (), password: str | None = None) -> User:
    """Makes an account with a home and a password that no other account has; without a name, with one that is new."""
    number = next(_numbers)
    user = User(name or f"person{number}", password or f"Correct-horse-{number}-battery")
    more = ("--groups", ",".join(groups)) if groups else ()
    world.run("useradd", "--create-home", "--shell", "/bin/bash", *more, user.name)
    # Few rounds: this is about what happens around the password, and logins should not wait for its hash.
    world.run("chpasswd", "--crypt-method=SHA512", "--sha-rounds=1000", stdin=f"{user.name}:{user.password}\n")
    return user


def expire_password(world: World, user: User) -> None:
    """The password must be changed at the next login (chage(1), day 0)."""
    world.run("chage", "--lastday", "0", user.name)


def allow_key(world: World, user: User) -> str:
    """Makes a key that sshd accepts for the user; returns the path of the private one, for root's ssh client."""
    world.path("/root/keys").mkdir(mode=0o700, exist_ok=True)
    world.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", user.key)
    world.run("install", "-d", "-m", "700", "-o", user.name, "-g", user.name, f"{user.home}/.ssh")
    world.run(
        *("install", "-m", "600", "-o", user.name, "-g", user.name, f"{user.key}.pub"),
        f"{user.home}/.ssh/authorized_keys",
    )
    return user.key
