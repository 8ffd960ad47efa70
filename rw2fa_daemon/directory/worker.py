"""The program of a worker process: answers questions about users until its socket closes.

Started by path with `python -I -S`, so that it needs neither site-packages nor the environment: the same in a virtual
environment and under /usr/lib. Its socket is standard input. It is given nothing secret.
"""

import ctypes
import os
import sys

sys.path.append(__file__.rpartition("/rw2fa_daemon/")[0])  # pathlib would double the time of the start

from rw2fa_daemon.directory import nss, packet

_SOCKET = 0
# The `signal` module would cost 5 ms and 2 MB; these numbers are the same on all of Linux. signal(7), prctl(2).
_SIGHUP, _SIGINT, _SIGKILL, _SIGTERM = 1, 2, 9, 15
_SIG_IGN = 1
_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Answers one question at a time."""
    _live_and_die_with_the_daemon()
    while asked := os.read(_SOCKET, packet.QUESTION_BYTES_MAX):
        os.write(_SOCKET, _answer(asked))


def _answer(asked: bytes) -> bytes:
    try:
        found = nss.find(*packet.parse_question(asked))
    except nss.NotAnswered:
        return packet.UNAVAILABLE
    return packet.UNKNOWN if found is None else packet.answer(found)


def _live_and_die_with_the_daemon() -> None:
    """A stop or a Ctrl-C is meant for the daemon, which still finishes what it accepted; a worker ends when its socket
    is closed. One that hangs in NSS does not notice that, so the kernel kills it when the daemon has ended.
    """
    libc = ctypes.CDLL(None)
    libc.signal.argtypes = (ctypes.c_int, ctypes.c_void_p)
    for number in (_SIGHUP, _SIGINT, _SIGTERM):
        libc.signal(number, _SIG_IGN)
    libc.prctl(_PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0)


if __name__ == "__main__":
    try:
        main()
    except (BrokenPipeError, ConnectionResetError):
        sys.exit()
