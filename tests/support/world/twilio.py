"""Twilio's stand-in inside a world, where the relay of that world reaches it on loopback."""

import json
from dataclasses import dataclass

from tests.support.world.paths import REPOSITORY, SCAFFOLD
from tests.support.world.waiting import wait_until
from tests.support.world.world import World

PORT = 8010
_LOG = SCAFFOLD / "twilio.log"
_PROGRAM = REPOSITORY / "tests" / "support" / "fake_twilio.py"


@dataclass(frozen=True)
class Message:
    """One message that was taken."""

    to: str
    sender: str
    body: str


class WorldTwilio:
    """A running stand-in. It ends with the world."""

    url = f"http://127.0.0.1:{PORT}"

    def __init__(self, world: World, *arguments: str) -> None:
        """`arguments`: more of the program's own, such as `--error CODE`."""
        self._log = world.path(_LOG)
        world.start("/usr/bin/python3", str(_PROGRAM), "--port", str(PORT), "--log", str(_LOG), *arguments)
        wait_until("Twilio's stand-in", lambda: world.listens(PORT))

    def messages(self, number: str) -> list[Message]:
        """What was taken for a number, oldest first."""
        lines = self._log.read_text().splitlines() if self._log.exists() else []
        taken = [Message(line["to"], line["from"], line["body"]) for line in map(json.loads, lines)]
        return [message for message in taken if message.to == number]
