"""What others on a host can see of its processes, and that no secret is in it."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path

from tests.support.world.world import World


def process_lists(world: World) -> dict[str, str]:
    """The command line and the environment of every process of a world, by what they are."""
    told: dict[str, str] = {}
    for pid in world.processes():
        for name in ("cmdline", "environ"):
            try:
                told[f"{name} of {pid}"] = Path(f"/proc/{pid}/{name}").read_bytes().decode(errors="replace")
            except OSError:
                continue  # it ended while we looked
    return told


def assert_absent(secrets: AbstractSet[str], told: Mapping[str, str]) -> None:
    """Fail, without saying which, if one of the secrets stands in one of the texts."""
    for where, text in told.items():
        for secret in secrets:
            assert secret not in text, f"a secret is in {where}"
