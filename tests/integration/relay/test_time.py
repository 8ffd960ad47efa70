"""The verb `time` against real servers, and against one that lies in every field (issue: the server's clock)."""

import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from rw2fa_daemon.core.clock import Answer, agree
from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.core.time_server import SERVERS_MAX
from rw2fa_daemon.wire.relay import ask_relay, ask_time
from tests.integration.relay.conftest import Relay
from tests.support.time_servers import Chronyd, FakeServer, Lie, free_port

SECONDS = 5.0
SHORT = 0.6


def one(relay: Relay, server: str, seconds: float = SECONDS) -> Answer:
    (answer,) = ask_time(relay.path, [server], seconds)
    return answer


def test_a_real_server_says_how_far_this_clock_is_off(relay: Relay, tmp_path: Path) -> None:
    with Chronyd(tmp_path) as server:
        answer = one(relay, server.name)
    assert answer.problem == ""
    assert answer.offset == pytest.approx(0.0, abs=0.1)
    assert (answer.stratum, answer.address) == (3, "127.0.0.1")


@pytest.mark.parametrize("skew", [-3600.0, -7.0, 20.0, 86_400.0])
def test_a_real_server_whose_clock_differs_is_measured(relay: Relay, tmp_path: Path, skew: float) -> None:
    with Chronyd(tmp_path, skew=skew) as server:
        answer = one(relay, server.name)
    assert answer.problem == ""
    assert answer.offset == pytest.approx(skew, abs=0.2)


def test_a_real_server_that_has_no_time_itself_is_not_believed(relay: Relay, tmp_path: Path) -> None:
    with Chronyd(tmp_path, local=False) as server:
        answer = one(relay, server.name)
    assert answer.offset is None
    assert answer.problem


def test_an_ipv6_address_stands_in_brackets(relay: Relay, tmp_path: Path) -> None:
    with Chronyd(tmp_path, address="::1") as server:
        answer = one(relay, server.name)
    assert (answer.address, answer.problem) == ("::1", "")


def test_of_three_real_servers_the_one_that_is_wrong_is_named(relay: Relay, tmp_path: Path) -> None:
    with ExitStack() as stack:
        servers = [stack.enter_context(Chronyd(tmp_path, skew=skew)) for skew in (0.0, 40.0, 0.0)]
        agreement = agree(ask_time(relay.path, [server.name for server in servers], SECONDS))
    assert agreement.offset == pytest.approx(0.0, abs=0.1)
    assert [outlier.server for outlier in agreement.outliers] == [servers[1].name]


def test_the_honest_fake_is_believed(relay: Relay) -> None:
    with FakeServer(skew=2.5) as server:
        assert one(relay, server.name).offset == pytest.approx(2.5, abs=0.1)


def put(**fields: int) -> Lie:
    return lambda said: said.update(fields)


def shift(field: str, seconds: float) -> Lie:
    return lambda said: said.update({field: said[field] + int(seconds * 2**32)})


LIES: dict[str, tuple[Lie, str]] = {
    "a broadcast": (put(mode=5), "does not answer as a server"),
    "a client": (put(mode=3), "does not answer as a server"),
    "version 3": (put(version=3), "another version"),
    "version 7": (put(version=7), "another version"),
    "leap 3": (put(leap=3), "not synchronised"),
    "stratum 16": (put(stratum=16), "no source of time"),
    "stratum 255": (put(stratum=255), "no source of time"),
    "kiss of death": (put(stratum=0, reference=int.from_bytes(b"RATE", "big")), "refuses to answer (RATE)"),
    "kiss without a code": (put(stratum=0), "refuses to answer (without a reason)"),
    "kiss with a terminal's codes": (put(stratum=0, reference=0x1B5B324A), "refuses to answer (without a reason)"),
    "root delay": (put(root_delay=2 << 16), "more than a second off"),
    "root delay, all bits": (put(root_delay=0xFFFFFFFF), "more than a second off"),
    "root dispersion": (put(root_dispersion=1 << 16), "more than a second off"),
    "no transmit time": (put(transmit=0), "sends no time"),
    "no receive time": (put(receive=0), "sends no time"),
    "sent before received": (shift("transmit", -10), "before it was asked"),
    "set in the future": (shift("ref", 3600), "set in the future"),
    "longer than it took": (shift("transmit", 5), "longer to answer"),
}


@pytest.mark.parametrize("what", LIES)
def test_a_lie_is_seen(relay: Relay, what: str) -> None:
    lie, why = LIES[what]
    with FakeServer(lie=lie) as server:
        answer = one(relay, server.name)
    assert answer.offset is None
    assert why in answer.problem


ORIGINS: dict[str, Lie] = {
    "zero": put(origin=0),
    "one bit": lambda said: said.update(origin=said["origin"] ^ 1),
    "the time": lambda said: said.update(origin=said["transmit"]),
}


@pytest.mark.parametrize("what", ORIGINS)
def test_an_answer_to_another_question_is_not_taken(relay: Relay, what: str) -> None:
    with FakeServer(lie=ORIGINS[what]) as server:
        answer = one(relay, server.name, SHORT)
    assert answer.offset is None
    assert "another question" in answer.problem


@pytest.mark.parametrize("length", [1, 47])
def test_a_short_packet_is_not_taken(relay: Relay, length: int) -> None:
    with FakeServer(packet=lambda packet: packet[:length]) as server:
        assert one(relay, server.name, SHORT).offset is None


def test_a_flood_of_wrong_answers_ends(relay: Relay) -> None:
    with FakeServer(lie=put(origin=0), copies=200) as server:
        answer = one(relay, server.name, SECONDS)
    assert answer.problem == "it sends answers to other questions"


def test_an_extension_at_the_end_is_no_harm(relay: Relay) -> None:
    with FakeServer(packet=lambda packet: packet + bytes(40)) as server:
        assert one(relay, server.name).problem == ""


def test_a_stray_answer_does_not_keep_the_right_one_out(relay: Relay) -> None:
    """Somebody who cannot read our packets sends an answer first."""
    stray = iter([True])

    def forged_first(fields: dict[str, int]) -> None:
        if next(stray, False):
            fields["origin"] = 1

    with FakeServer(lie=forged_first, copies=2) as server:
        assert one(relay, server.name).problem == ""


def test_what_is_sent_does_not_tell_the_time_and_is_new_each_time(relay: Relay) -> None:
    with FakeServer() as server:
        one(relay, server.name)
        one(relay, server.name)
        first, second = server.asked
    assert first[:40] == second[:40] == b"\x23" + bytes(39)
    assert first[40:] != second[40:]


def test_after_2036_the_era_does_not_matter(relay: Relay) -> None:
    """The timestamps of the next era are small numbers; a clock that is in this one is seen to be far behind."""
    with FakeServer(skew=2**32 / 2 - 1e6) as server:
        assert one(relay, server.name).offset == pytest.approx(2**31 - 1e6, abs=1)


def test_nobody_listens(relay: Relay) -> None:
    one(relay, f"127.0.0.1:{free_port()}")  # it is running from now on
    started = time.monotonic()
    answer = one(relay, f"127.0.0.1:{free_port()}")
    assert "cannot be reached" in answer.problem
    assert time.monotonic() - started < SECONDS


def test_a_name_that_is_none(relay: Relay) -> None:
    assert "its name" in one(relay, "no-such-host.invalid", 2.0).problem


def test_promise_11_slow_and_mute_servers_take_no_longer_than_they_are_given(relay: Relay) -> None:
    with FakeServer(mute=True) as mute, FakeServer(delay=SECONDS) as slow, FakeServer() as good:
        started = time.monotonic()
        answers = {answer.server: answer for answer in ask_time(relay.path, [mute.name, slow.name, good.name], SHORT)}
        took = time.monotonic() - started
        slow.delay = 0
    assert took < SHORT + 2
    assert answers[mute.name].problem == answers[slow.name].problem == "it does not answer"
    assert answers[good.name].problem == ""


def test_a_name_with_several_addresses_is_asked_at_each(relay: Relay) -> None:
    """The name localhost has 127.0.0.1 and ::1 wherever /etc/hosts says so; whichever listens is heard."""
    with FakeServer() as server:
        port = server.name.rpartition(":")[2]
        answers = ask_time(relay.path, [f"localhost:{port}"], SECONDS)
    assert "127.0.0.1" in {answer.address for answer in answers if answer.offset is not None}


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"servers": "127.0.0.1"}, "time without timeout"),
        ({"timeout": "1"}, "time without servers"),
        ({"servers": "", "timeout": "1"}, "no server"),
        ({"servers": "a b", "timeout": "1"}, "no server"),
        ({"servers": "127.0.0.1", "timeout": "soon"}, "no number"),
        ({"servers": "127.0.0.1", "timeout": "0"}, "out of bounds"),
        ({"servers": "127.0.0.1", "timeout": "-1"}, "out of bounds"),
        ({"servers": "127.0.0.1", "timeout": "nan"}, "out of bounds"),
        ({"servers": "127.0.0.1", "timeout": "3600"}, "out of bounds"),
        ({"servers": ",".join(f"10.0.0.{n}" for n in range(SERVERS_MAX + 1)), "timeout": "1"}, "too many servers"),
    ],
)
def test_a_request_that_is_none_is_refused_with_the_reason(relay: Relay, fields: dict[str, str], reason: str) -> None:
    with pytest.raises(Problem, match=reason):
        ask_relay(relay.path, "time", fields, SECONDS)
