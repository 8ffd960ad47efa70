"""Booting machines, and what the tests in this folder do to them."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.support.machine import Machine, MachineUnavailable

HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The first of them makes the trees that machines boot from, while the others wait for it."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.systemd)
            item.add_marker(pytest.mark.timeout(600))


@pytest.fixture
def boot() -> Generator[Callable[..., Machine]]:
    """Boots machines that end with the test; takes what `Machine` takes."""
    with ExitStack() as machines:

        def boot_one(**options: Any) -> Machine:
            try:
                return machines.enter_context(Machine(**options))
            except MachineUnavailable as reason:
                pytest.skip(f"no machine can be booted here: {reason}")

        yield boot_one


@pytest.fixture
def host(boot: Callable[..., Machine]) -> Machine:
    """A machine with the master key and the state made, and the socket listening; no daemon runs yet."""
    machine = boot()
    machine.run("rw2fa", "init")
    return machine
