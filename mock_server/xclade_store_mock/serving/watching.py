"""Serving that follows its files: what they say now is served, as soon as it can be."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import httpx

from xclade_store_mock.payments.seed import StoreFileError
from xclade_store_mock.web.pages import READY

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from pathlib import Path

    from starlette.types import Receive, Scope, Send

    from xclade_store_mock.app import StoreMockApp

_log = logging.getLogger("xclade_store_mock")

_PAUSE = 0.2
"""How often files are looked at, in seconds; and how long one has to hold still."""


class Watched:
    """An application that another one replaces whenever a file changes.

    If none can be made of the files, the one before serves on.
    """

    def __init__(self, make: Callable[[], StoreMockApp], files: Sequence[Path]) -> None:
        self._make = make
        self._files = files
        self._app = make()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; watch for as long as the server runs."""
        if scope["type"] != "lifespan":
            await self._app(scope, receive, send)
            return
        watching = asyncio.create_task(self._watch())
        try:
            await self._app(scope, receive, send)
        finally:
            watching.cancel()

    def close(self) -> None:
        """Let everybody go who waits."""
        self._app.close()

    async def _watch(self) -> None:
        async for names in _changes(self._files):
            try:
                app = self._make()
                await _try_out(app)
            except StoreFileError as error:
                _log.error("%s changed, but the mock goes on as before: %s", names, error)
            except Exception:  # noqa: BLE001 - a contract that is being edited can break anything
                _log.exception("%s changed, but the mock goes on as before", names)
            else:
                self._app.close()
                self._app = app
                _log.info("%s changed: the mock started again.", names)


async def _try_out(app: StoreMockApp) -> None:
    """Have an application build itself, which Connexion's do at the first request."""
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://mock") as client:
        (await client.get(READY)).raise_for_status()


async def _changes(files: Sequence[Path]) -> AsyncIterator[str]:
    """Wait for files to change, and name them once they hold still."""
    known = seen = [_stamp(file) for file in files]
    while True:
        await asyncio.sleep(_PAUSE)
        found = [_stamp(file) for file in files]
        if found == seen != known:
            changed = zip(files, known, found, strict=True)
            yield ", ".join(str(file) for file, before, now in changed if before != now)
            known = found
        seen = found


def _stamp(file: Path) -> tuple[int, int] | None:
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size
