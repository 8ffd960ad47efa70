"""Look-ups with a deadline, in worker processes: the directory may hang, but the daemon never does.

All of it runs in callbacks of one event loop: no tasks, no futures, no threads.
"""

from collections import deque
from collections.abc import Callable
from itertools import islice, takewhile

from rw2fa_daemon.core.user import Missing, User
from rw2fa_daemon.directory import packet
from rw2fa_daemon.directory.answer import user_from
from rw2fa_daemon.directory.cache import Cache, Key
from rw2fa_daemon.directory.loop import Loop, Timer
from rw2fa_daemon.directory.process import WorkerProcess

DEADLINE_SECONDS = 1.5
"""Leaves the hook, which waits 3 s (2 s on xrdp), time to receive the answer."""
WORKERS = 4
CALLERS_MAX = 4096
"""Callers that wait for an answer, in total; further ones get UNAVAILABLE at once."""
QUEUE_MAX = 1024
"""Look-ups that wait for a worker; further ones are UNAVAILABLE at once."""
COURTESIES_MAX = 64
"""Of those, look-ups as a courtesy."""
SLOW_SECONDS = 10.0
"""For how long after a missed deadline look-ups of the same lane get only some of the workers."""
SLOW_LANES_MAX = 64
AHEAD_MAX = 8
"""Look-ups that one worker is given at a time, while all are busy and the directory is fast."""
STALLED_SECONDS = 0.05
"""After this long at one look-up, those behind it may go to other workers as well."""
IDLE_SECONDS = 60.0
"""After this long without work all workers but one are ended."""
BACKOFF_FIRST_SECONDS = 0.1
BACKOFF_LAST_SECONDS = 5.0
"""The wait before a new worker is started after one that died without a single answer; doubled each time."""
_REAP_SECONDS = 0.05
_END_SECONDS = 0.5

Answer = User | Missing
Done = Callable[[Answer], None]
_STRANGERS = "*"
_COURTESIES = "?"


class _Lookup:
    """One question, and all callers that wait for its answer."""

    __slots__ = ("callers", "deadline", "key", "lane", "question")

    def __init__(self, key: Key, lane: str, question: bytes, deadline: float) -> None:
        self.key = key
        self.lane = lane
        self.question = question
        self.deadline = deadline
        self.callers: list[Done] = []


class _Work:
    """The look-ups that a worker was given, in the order in which it will answer."""

    __slots__ = ("began", "given_back", "lane", "lookups", "until")

    def __init__(self, lookup: _Lookup, now: float, until: float) -> None:
        self.lookups = deque((lookup,))
        self.lane = lookup.lane
        self.began = now
        """When it began the first of them."""
        self.until = until
        """By when it has to finish that one."""
        self.given_back = False
        """Whether those behind the first one are back in the queue."""


class Pool:
    r"""Worker processes, started when needed; a cache of recent answers; a queue.

    `deadline_seconds` is both how long a caller waits, including the queue, and how long a worker may take for one
    question before it is killed and replaced. So that a directory that hangs for some names does not block all,
    look-ups go in lanes: one for each domain (`CORP\alice`, `alice@corp`, no domain) of users who were found before,
    one for all unknown names, one for courtesies. The last, and those that missed a deadline recently, share half of
    the workers.

    While all workers are busy and no lane is slow, a worker is given several look-ups of one lane at a time, so that
    neither it nor the pool has to wait between them. A slow one does not delay those behind it: they are returned to
    the queue for another worker. The first answer counts.
    """

    def __init__(self, loop: Loop, *, workers: int = WORKERS, deadline_seconds: float = DEADLINE_SECONDS) -> None:
        self._loop = loop
        self._workers_max = workers
        self._slow_workers_max = max(1, workers // 2)
        self._deadline_seconds = deadline_seconds
        self._cache = Cache()
        self._open: dict[Key, _Lookup] = {}
        self._callers = 0
        self._queue: deque[_Lookup] = deque()
        self._idle: list[WorkerProcess] = []
        self._busy: dict[WorkerProcess, _Work] = {}
        """The work of each. The deadline of the first one comes first, as in `_open`."""
        self._alarm: Timer | None = None
        self._alarm_at = 0.0
        self._dying: list[WorkerProcess] = []
        self._slow_until: dict[str, float] = {}
        self._stillborn = 0
        self._start_not_before = 0.0
        self._housekeeping: Timer | None = None
        self._closed = False

    def lookup(self, typed: str, groups: tuple[str, ...], done: Done, *, courtesy: bool = False) -> None:
        """Calls `done` once with what `request.lookup` would return: before returning if the answer is cached, within
        the deadline otherwise. UNAVAILABLE: the directory, or this pool, did not answer in time.

        `courtesy`: no login depends on it, so it has the lowest priority.
        """
        key = (typed, groups)
        known = self._cache.get(key, self._loop.time())
        if known is not None:
            done(known)
            return
        if self._closed or self._callers >= CALLERS_MAX:
            done(Missing.UNAVAILABLE)
            return
        lane = _COURTESIES if courtesy else self._lane(key)
        lookup = self._open.get(key) or self._begin(key, lane, done)
        if lookup is not None:
            if not courtesy:
                lookup.lane = lane
            lookup.callers.append(done)
            self._callers += 1
            self._dispatch()

    def close(self) -> None:
        """Ends the workers; callers that still wait, and later ones, get UNAVAILABLE."""
        self._closed = True
        self._queue.clear()
        workers = [*self._idle, *self._busy]
        if self._alarm is not None:
            self._alarm.cancel()
        self._idle.clear()
        self._busy.clear()
        if self._housekeeping is not None:
            self._housekeeping.cancel()
        for worker in workers:
            worker.end()
        for worker in (*workers, *self._dying):
            worker.wait(_END_SECONDS)
        for lookup in list(self._open.values()):
            self._finish(lookup, Missing.UNAVAILABLE)

    def _lane(self, key: Key) -> str:
        return _domain(key[0]) if self._cache.knows(key) else _STRANGERS

    def _begin(self, key: Key, lane: str, done: Done) -> _Lookup | None:
        """A new look-up in the queue, or None after `done` was called because there is none."""
        question = packet.question(*key)
        if question is None:
            # No user has such a name; if the list of groups is at fault, no look-up is possible.
            done(Missing.UNKNOWN if packet.question("", key[1]) is not None else Missing.UNAVAILABLE)
            return None
        full = len(self._queue) >= QUEUE_MAX
        if full or (lane == _COURTESIES and sum(each.lane == lane for each in self._queue) >= COURTESIES_MAX):
            done(Missing.UNAVAILABLE)
            return None
        lookup = _Lookup(key, lane, question, self._loop.time() + self._deadline_seconds)
        self._open[key] = lookup
        self._queue.append(lookup)
        self._set_alarm()
        return lookup

    def _set_alarm(self) -> None:
        """One timer for all: making and cancelling two for each look-up would take longer than the rest of it."""
        if self._alarm is not None or self._closed:
            return
        ends = [lookup.deadline for lookup in islice(self._open.values(), 1)]
        ends += [work.until for work in islice(self._busy.values(), 1)]
        ends += [work.began + STALLED_SECONDS for work in self._busy.values() if _keeps_others(work)]
        if ends:
            self._alarm_at = min(ends)
            self._alarm = self._loop.call_at(self._alarm_at, self._ring)

    def _ring(self) -> None:
        self._alarm = None
        now = self._loop.time()
        for lookup in list(takewhile(lambda each: each.deadline <= now, self._open.values())):
            self._give_up(lookup)
        for worker in [worker for worker, work in self._busy.items() if work.until <= now]:
            self._overdue(worker)
        for work in list(self._busy.values()):
            if _keeps_others(work) and work.began + STALLED_SECONDS <= now:
                self._give_back(work)
        self._dispatch()
        self._set_alarm()

    def _give_up(self, lookup: _Lookup) -> None:
        """The callers' deadline. A worker that is busy with it keeps its own; its answer still goes to the cache."""
        if lookup in self._queue:
            self._queue.remove(lookup)
        self._finish(lookup, Missing.UNAVAILABLE)

    def _give_back(self, work: _Work) -> None:
        """Return the look-ups behind the first one of this worker to the queue."""
        work.given_back = True
        self._queue.extendleft(
            lookup for lookup in reversed(list(islice(work.lookups, 1, None))) if self._is_wanted(lookup)
        )

    def _is_wanted(self, lookup: _Lookup) -> bool:
        """Whether it is unanswered, and callers still wait for it."""
        return self._open.get(lookup.key) is lookup and lookup not in self._queue

    def _finish(self, lookup: _Lookup, answer: Answer) -> None:
        if self._open.get(lookup.key) is not lookup:
            return  # its callers have already given up, or another worker was faster
        del self._open[lookup.key]
        self._callers -= len(lookup.callers)
        for done in lookup.callers:
            try:
                done(answer)
            except Exception as problem:  # noqa: BLE001 -- one caller's fault must not keep the others waiting
                self._loop.call_exception_handler({"message": "a caller failed at its answer", "exception": problem})

    def _dispatch(self) -> None:
        while self._queue:
            if not self._idle and not self._may_start():
                self._look_ahead()
                return
            lookup = self._take_next()
            if lookup is None:
                return
            if self._open.get(lookup.key) is not lookup:
                continue  # it was returned to the queue, and answered meanwhile
            worker = self._idle.pop() if self._idle else self._start()
            if worker is None:
                self._queue.appendleft(lookup)
                return
            if worker.send(lookup.question):
                now = self._loop.time()
                self._busy[worker] = _Work(lookup, now, now + self._deadline_seconds)
                self._set_alarm()
            else:  # it died while it was idle
                self._queue.appendleft(lookup)
                self._discard(worker)

    def _look_ahead(self) -> None:
        """Give busy workers more to do, while no lane is slow."""
        now = self._loop.time()
        while self._queue and not self._slow_until and self._queue[0].lane != _COURTESIES:
            lookup = self._queue[0]
            able = [
                (len(work.lookups), index, worker, work)
                for index, (worker, work) in enumerate(self._busy.items())
                if work.lane == lookup.lane
                and len(work.lookups) < AHEAD_MAX
                and not work.given_back
                and now < work.began + STALLED_SECONDS
            ]
            if not able:
                return
            _, _, worker, work = min(able, key=lambda each: each[:2])
            if not worker.send(lookup.question):
                return  # it has died, which is noticed when its socket is read
            self._queue.popleft()
            work.lookups.append(lookup)
            if self._alarm is not None and self._alarm_at > work.began + STALLED_SECONDS:
                self._alarm.cancel()
                self._alarm = None
            self._set_alarm()

    def _take_next(self) -> _Lookup | None:
        """The first look-up in the queue that may have a worker now."""
        if self._slow_until:
            now = self._loop.time()
            self._slow_until = {lane: until for lane, until in self._slow_until.items() if until > now}
        if not self._is_slow(self._queue[0]):
            return self._queue.popleft()
        slow_busy = sum(self._is_slow(work.lookups[0]) for work in self._busy.values())
        for index, lookup in enumerate(self._queue):
            if slow_busy < self._slow_workers_max or not self._is_slow(lookup):
                del self._queue[index]
                return lookup
        return None

    def _is_slow(self, lookup: _Lookup) -> bool:
        return lookup.lane == _COURTESIES or lookup.lane in self._slow_until

    def _may_start(self) -> bool:
        return len(self._busy) < self._workers_max and self._loop.time() >= self._start_not_before

    def _start(self) -> WorkerProcess | None:
        try:
            return WorkerProcess(self._loop, self._on_packet)
        except OSError:
            self._back_off()
            return None

    def _back_off(self) -> None:
        delay = min(BACKOFF_FIRST_SECONDS * 2**self._stillborn, BACKOFF_LAST_SECONDS)
        self._stillborn = min(self._stillborn + 1, 16)
        self._start_not_before = self._loop.time() + delay
        self._loop.call_at(self._start_not_before, self._dispatch)

    def _on_packet(self, worker: WorkerProcess, answer: bytes) -> None:
        if not answer or worker not in self._busy:
            self._lost(worker)
            return
        work = self._busy[worker]
        lookup = work.lookups[0]
        try:
            found = packet.parse_answer(answer, len(lookup.key[1]))
        except ValueError:
            result: Answer = Missing.UNAVAILABLE
            if answer != packet.UNAVAILABLE:
                self._lost(worker)
                return
        else:
            result = Missing.UNKNOWN if found is None else user_from(found, lookup.key[1])
        # To the end: its deadline for the next one comes last.
        del self._busy[worker]
        now = self._loop.time()
        worker.has_answered = True
        self._stillborn = 0
        work.lookups.popleft()
        if work.lookups:
            work.began, work.until = now, now + self._deadline_seconds
            self._busy[worker] = work
        else:
            worker.idle_since = now
            self._idle.append(worker)
        if isinstance(result, User):
            self._cache.put(lookup.key, result, now)
        self._dispatch()  # first, so that the worker is busy while the callers go on
        self._keep_house()
        self._finish(lookup, result)

    def _overdue(self, worker: WorkerProcess) -> None:
        """The worker's deadline."""
        work = self._busy.pop(worker)
        lookup = work.lookups[0]
        self._give_back(work)
        if len(self._slow_until) < SLOW_LANES_MAX:
            self._slow_until[lookup.lane] = self._loop.time() + SLOW_SECONDS
        self._bury(worker)
        self._finish(lookup, Missing.UNAVAILABLE)
        self._dispatch()

    def _lost(self, worker: WorkerProcess) -> None:
        """The worker died, or sent an invalid answer."""
        if worker in self._idle:
            self._idle.remove(worker)
        self._discard(worker)
        if worker in self._busy:
            work = self._busy.pop(worker)
            self._give_back(work)
            self._finish(work.lookups[0], Missing.UNAVAILABLE)
        self._dispatch()

    def _discard(self, worker: WorkerProcess) -> None:
        self._bury(worker)
        if not worker.has_answered:
            self._back_off()

    def _bury(self, worker: WorkerProcess) -> None:
        worker.end()
        self._dying.append(worker)
        self._keep_house()

    def _keep_house(self) -> None:
        """Schedules waiting for dead workers and ending idle ones, while there are any."""
        if self._housekeeping is None and (self._dying or len(self._idle) > 1):
            delay = _REAP_SECONDS if self._dying else IDLE_SECONDS / 2
            self._housekeeping = self._loop.call_later(delay, self._clean)

    def _clean(self) -> None:
        self._housekeeping = None
        self._dying = [worker for worker in self._dying if not worker.is_gone()]
        bound = self._loop.time() - IDLE_SECONDS
        while len(self._idle) > 1 and self._idle[0].idle_since < bound:
            worker = self._idle.pop(0)
            worker.end()
            self._dying.append(worker)
        self._keep_house()


def _keeps_others(work: _Work) -> bool:
    return len(work.lookups) > 1 and not work.given_back


def _domain(typed: str) -> str:
    """The part of a spelling that may name another directory; in lower case, empty if there is none."""
    if "\\" in typed:
        return typed.partition("\\")[0].lower()
    return typed.rpartition("@")[2].lower() if "@" in typed else ""
