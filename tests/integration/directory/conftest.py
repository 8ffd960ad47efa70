"""The fake directory: one guest a test process, its directory emptied for each test."""

from collections.abc import Iterator

import pytest

from tests.support.nss import FakeDirectory, Guest, GuestUnavailable

USUAL = "files rw2fatest"


class Guests:
    """Guests by what their nsswitch.conf says; all of them ask one directory."""

    def __init__(self, directory: FakeDirectory) -> None:
        self.directory = directory
        self._guests: dict[str, Guest] = {}

    def get(self, services: str) -> Guest:
        if services not in self._guests or self._guests[services].is_closed:
            try:
                self._guests[services] = Guest(self.directory.folder, services)
            except GuestUnavailable as problem:
                pytest.skip(f"no mount namespace: {problem}")
        return self._guests[services]

    def close(self) -> None:
        for guest in self._guests.values():
            guest.close()


@pytest.fixture(scope="session")
def guests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guests]:
    guests = Guests(FakeDirectory(tmp_path_factory.mktemp("directory")))
    yield guests
    guests.close()


@pytest.fixture
def directory(guests: Guests) -> FakeDirectory:
    guests.directory.reset()
    return guests.directory


@pytest.fixture
def guest(guests: Guests) -> Guest:
    return guests.get(USUAL)
