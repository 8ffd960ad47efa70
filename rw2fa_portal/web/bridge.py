"""Bytes between a browser and a screen, as they come: neither is read here, and neither is stored."""

import asyncio
import socket
from collections.abc import Coroutine
from enum import Enum, auto
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from rw2fa_portal.web.limits import SCREEN_BUFFER, SCREEN_IDLE_SECONDS


class Cause(Enum):
    """What ended a bridge."""

    SCREEN = auto()
    """The screen closed its end."""
    BROWSER = auto()
    """The tab is closed, or the browser cannot be reached."""
    IDLE = auto()
    LOGON = auto()
    """The logon ended: signed out, revoked, or over."""


async def bridge(
    browser: WebSocket, screen: socket.socket, logon_over: asyncio.Event, idle_seconds: float = SCREEN_IDLE_SECONDS
) -> Cause:
    """Carry bytes both ways until one end, the logon or patience is over; `screen` is closed then, `browser` is not."""
    reader, writer = await asyncio.open_unix_connection(sock=screen, limit=SCREEN_BUFFER)
    writer.transport.set_write_buffer_limits(high=SCREEN_BUFFER)
    causes: list[Coroutine[Any, Any, Cause]] = [
        _to_browser(reader, browser),
        _to_screen(browser, writer, idle_seconds),
        _until(logon_over),
    ]
    tasks = [asyncio.create_task(cause) for cause in causes]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        # In order: where the screen and the browser end together, it is the screen that says why.
        return next(task for task in tasks if task in done).result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        writer.transport.abort()


async def _to_browser(reader: asyncio.StreamReader, browser: WebSocket) -> Cause:
    try:
        while some := await reader.read(SCREEN_BUFFER):
            await browser.send_bytes(some)
    except ConnectionError:
        return Cause.SCREEN
    except WebSocketDisconnect:
        return Cause.BROWSER
    return Cause.SCREEN


async def _to_screen(browser: WebSocket, writer: asyncio.StreamWriter, idle_seconds: float) -> Cause:
    try:
        while True:
            async with asyncio.timeout(idle_seconds):
                message = await browser.receive()
            some = message.get("bytes")
            if some is None:
                return Cause.BROWSER  # gone; or text, which no screen speaks
            writer.write(some)
            await writer.drain()
    except TimeoutError:
        return Cause.IDLE
    except ConnectionError:
        return Cause.SCREEN


async def _until(event: asyncio.Event) -> Cause:
    await event.wait()
    return Cause.LOGON
