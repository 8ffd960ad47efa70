"""A private copy of this machine in which real login programs run, for the integration tests and `script/demo`.

Mount, network, process, host-name and IPC namespaces of its own; overlays over every folder that the host's
configuration and state live in; loopback and nothing else for a network. Whatever happens in there, the host is
not changed, and everything ends with the process that opened the world, also when that one is killed.
"""

from tests.support.world.errors import WorldUnavailable
from tests.support.world.world import World

__all__ = ["World", "WorldUnavailable"]
