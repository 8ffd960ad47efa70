"""A small Debian of its own, booted with systemd as process 1: real units, sandbox, journal, sshd.

`tree.py` makes what it boots from, `machine.py` boots it.
"""

from tests.support.machine.machine import Machine, MachineUnavailable

__all__ = ["Machine", "MachineUnavailable"]
