"""The upstream of the proxies: the measured operation, and bodies and streams of any length."""

import asyncio
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from tests.bench import bare

from xclade_store_mock.payments.model import Store

PART = bytes(65_536)


def make_app(store: Store) -> Starlette:
    """Return the application."""
    app = bare.make_app(store)
    app.routes.extend(
        [
            Route("/upload", _upload, methods=["POST"]),
            Route("/download/{parts:int}", _download),
            Route("/events", _events),
        ]
    )
    return app


async def _upload(request: Request) -> Response:
    size = 0
    async for part in request.stream():
        size += len(part)
    return PlainTextResponse(str(size))


async def _download(request: Request) -> Response:
    async def parts() -> AsyncIterator[bytes]:
        for _ in range(request.path_params["parts"]):
            yield PART

    return StreamingResponse(parts())


async def _events(_: Request) -> Response:
    async def events() -> AsyncIterator[bytes]:
        while True:
            yield b"data: 1\n\n"
            await asyncio.sleep(5)

    return StreamingResponse(events(), media_type="text/event-stream")
