"""A form that is sent twice, as by a double click, is answered once."""

import asyncio
import hmac
import secrets
from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from typing import Final

from starlette.responses import Response

from rw2fa_portal.web.limits import REPEAT_SECONDS

_KEY_BYTES: Final = 32
_DONE: Final = 303
"""The status of what went well: the browser goes on to a page (RFC 9110 §15.4.4)."""


class Repeats:
    """Answers by a digest of the form, while it is being answered and a moment longer.

    A browser that sends a form again drops the first answer, and the cookie in it. What was typed has counted by then,
    and a code counts once: judged again, the form would be refused though its sender is in. All of it has to be the
    same, with its token, password and code: whoever knows these might have been the first.
    """

    def __init__(self) -> None:
        self._key = secrets.token_bytes(_KEY_BYTES)
        self._answers: dict[bytes, asyncio.Task[Response]] = {}

    async def answer(
        self, path: str, form: Mapping[str, str], make: Callable[[], Coroutine[None, None, Response]]
    ) -> Response:
        """What `make` answers to this form, or has answered. A refusal is not kept: who tries again means it."""
        digest = self._digest(path, form)
        task = self._answers.get(digest)
        if task is None:
            task = self._answers[digest] = asyncio.create_task(make())
            task.add_done_callback(partial(self._answered, digest))
        # One browser that hangs up leaves the others their answer.
        return await asyncio.shield(task)

    def _answered(self, digest: bytes, task: asyncio.Task[Response]) -> None:
        if task.cancelled() or task.exception() is not None or task.result().status_code != _DONE:
            del self._answers[digest]
        else:
            task.get_loop().call_later(REPEAT_SECONDS, self._answers.pop, digest, None)

    def _digest(self, path: str, form: Mapping[str, str]) -> bytes:
        """Forms are not kept themselves: there are passwords in them."""
        told = repr((path, sorted(form.items())))
        return hmac.digest(self._key, told.encode("utf-8", "surrogateescape"), "sha256")
