"""A form that is sent twice is answered once."""

import asyncio
from collections.abc import Mapping

import pytest
from starlette.responses import Response

from rw2fa_portal.web.repeats import Repeats

FORM = {"token": "0123", "username": "alice", "password": "secret", "code": "123456"}


class Answering:
    """Answers each form that it is asked about, once `go` is set, and counts them."""

    def __init__(self, status: int = 303) -> None:
        self.repeats, self.status = Repeats(), status
        self.count = 0
        self.go = asyncio.Event()

    async def make(self) -> Response:
        self.count += 1
        await self.go.wait()
        if self.status == 0:
            raise RuntimeError("broken")
        return Response(status_code=self.status)

    async def send(self, form: Mapping[str, str] = FORM, path: str = "/") -> Response:
        return await self.repeats.answer(path, form, self.make)


def test_a_form_that_comes_again_meanwhile_or_soon_after_has_one_answer() -> None:
    async def play() -> None:
        answering = Answering()
        both = [asyncio.create_task(answering.send()) for _ in range(2)]
        await asyncio.sleep(0)
        answering.go.set()
        one, other = await asyncio.gather(*both)
        assert one is other
        assert await answering.send() is one
        assert answering.count == 1

    asyncio.run(play())


@pytest.mark.parametrize("name", FORM)
def test_every_field_counts_and_the_page(name: str) -> None:
    async def play() -> None:
        answering = Answering()
        answering.go.set()
        first = await answering.send()
        assert await answering.send({**FORM, name: FORM[name] + "x"}) is not first
        assert await answering.send(path="/logon") is not first

    asyncio.run(play())


@pytest.mark.parametrize("status", [403, 429, 503])
def test_what_was_refused_is_judged_again(status: int) -> None:
    async def play() -> None:
        answering = Answering(status)
        answering.go.set()
        first = await answering.send()
        assert await answering.send() is not first

    asyncio.run(play())


def test_an_error_is_told_to_all_who_wait_and_forgotten() -> None:
    async def play() -> None:
        answering = Answering(0)
        answering.go.set()
        for _ in range(2):
            with pytest.raises(RuntimeError, match="broken"):
                await answering.send()
        assert answering.count == 2

    asyncio.run(play())


def test_a_browser_that_hangs_up_leaves_the_other_its_answer() -> None:
    async def play() -> None:
        answering = Answering()
        gone, waiting = (asyncio.create_task(answering.send()) for _ in range(2))
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.sleep(0)
        answering.go.set()
        assert (await waiting).status_code == 303

    asyncio.run(play())


def test_it_is_forgotten_after_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rw2fa_portal.web.repeats.REPEAT_SECONDS", 0.0)

    async def play() -> None:
        answering = Answering()
        answering.go.set()
        first = await answering.send()
        await asyncio.sleep(0.01)
        assert await answering.send() is not first

    asyncio.run(play())
