"""Serve anew whenever a file changes."""

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
"""Seconds between two looks at the files, and the time for which a changed file must rest."""


class Watched:
    """An application that is replaced by a new one whenever a file changes.

    If a file is invalid, the error is logged and the old application stays in use.
    """

    def __init__(self, create: Callable[[], StoreMockApp], files: Sequence[Path]) -> None:
        self._create = create
        self._files = files
        self._app = create()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on. Watch the files as long as the server runs."""
        if scope["type"] != "lifespan":
            await self._app(scope, receive, send)
            return
        watching = asyncio.create_task(self._watch())
        try:
            await self._app(scope, receive, send)
        finally:
            watching.cancel()

    def close(self) -> None:
        self._app.close()

    async def _watch(self) -> None:
        async for names in _changes(self._files):
            try:
                app = self._create()
                await _build(app)
            except StoreFileError as error:
                _log.error(
                    "%s changed, but cannot be used; the old version stays in use: %s", names, error
                )
            except Exception:  # noqa: BLE001 - an edited contract can break anything, and the old one still works
                _log.exception(
                    "%s changed, but cannot be used; the old version stays in use", names
                )
            else:
                self._app.close()
                self._app = app
                _log.info("%s changed: the mock started again", names)


async def _build(app: StoreMockApp) -> None:
    """Make an application build itself, which Connexion does at the first request only."""
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://mock") as client:
        (await client.get(READY)).raise_for_status()


async def _changes(files: Sequence[Path]) -> AsyncIterator[str]:
    """Yield the names of files that have changed, once they rest."""
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
