"""What the guess budget costs: judging with the real one, against judging with one that asks and notes nothing."""

import statistics
import time
from collections.abc import Callable
from typing import Final
from unittest.mock import patch

from rw2fa_daemon.core import judge as judging
from rw2fa_daemon.core.account import Counters, Credential
from rw2fa_daemon.core.budget import Guessing, Reach
from rw2fa_daemon.core.code_cache import CodeCache
from rw2fa_daemon.core.otp import code_at, step_at
from rw2fa_daemon.core.secret import Secret

JUDGED: Final = 2_000
TURNS: Final = 15
GUESSING: Final = Guessing(480, 0.003)
NOW: Final = 1_790_000_000.0
DIGITS: Final = 6


def microseconds() -> tuple[float, float]:
    """Processor time that the budget adds to judging a right code, and a wrong one: medians, in turns without it."""
    credential = Credential(Secret(bytes(range(20))), active=True, digits=DIGITS)
    right = code_at(credential.secret, step_at(NOW, credential.period), DIGITS)
    wrong = f"{(int(right) + 1) % 10**DIGITS:0{DIGITS}}"
    return _added(credential, right), _added(credential, wrong)


def _added(credential: Credential, code: str) -> float:
    code_cache = CodeCache()

    def judge() -> None:
        judging.judge(credential, Counters(), code, now=NOW, guessing=GUESSING, code_cache=code_cache)

    judge()
    differences = []
    for _ in range(TURNS):
        with_it = _each(judge)
        with (
            patch.object(judging, "reach", lambda *_: Reach.WIDE),
            patch.object(judging, "spend_guess", lambda counters, *_: counters),
        ):
            differences.append(with_it - _each(judge))
    return statistics.median(differences)


def _each(call: Callable[[], None]) -> float:
    began = time.process_time()
    for _ in range(JUDGED):
        call()
    return (time.process_time() - began) / JUDGED * 1e6
