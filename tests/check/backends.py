"""Broken backends: the mock, behind a proxy that changes requests and responses."""

import asyncio
import json
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field, replace
from typing import Any

Meddle = Callable[["Request", "Response"], None]


@dataclass(slots=True)
class Request:
    """A request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    query: bytes = b""
    connection: object = None

    @property
    def document(self) -> dict[str, Any]:
        """The body if it is a JSON object, or an empty one."""
        try:
            document = json.loads(self.body)
        except ValueError:
            return {}
        return document if isinstance(document, dict) else {}


@dataclass(slots=True)
class Response:
    """A response before it is sent."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def edit(self, change: Callable[[Any], None]) -> None:
        """Change the body, a JSON document."""
        document = json.loads(self.body)
        change(document)
        self.body = json.dumps(document).encode()


@dataclass(slots=True)
class Meddler:
    """Serves an application, and changes its requests and responses."""

    app: Callable[..., Awaitable[None]]
    meddle: Meddle = lambda _request, _response: None
    forge: Callable[[Request], None] = lambda _request: None
    delay: Callable[[Request], float] = lambda _request: 0
    seen: list[Request] = field(default_factory=list)

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        """Forward a request, and change the response."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        # The connection object of uvicorn: a client's port may be reused by its next connection.
        request = await self._read(scope, receive, send.__self__.transport)
        response = await self._forward(scope, request)
        await asyncio.sleep(self.delay(request))
        self.meddle(request, response)
        response.headers["content-length"] = str(len(response.body))
        headers = [(name.encode(), value.encode()) for name, value in response.headers.items()]
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        await send({"type": "http.response.body", "body": response.body})

    async def _read(
        self, scope: MutableMapping[str, Any], receive: Any, connection: object
    ) -> Request:
        body, more = b"", True
        while more:
            event = await receive()
            body += event.get("body", b"")
            more = event.get("more_body", False)
        headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
        query = scope["query_string"]
        request = Request(scope["method"], scope["path"], headers, body, query, connection)
        self.seen.append(replace(request, headers=dict(headers)))
        self.forge(request)
        return request

    async def _forward(self, scope: MutableMapping[str, Any], request: Request) -> Response:
        response = Response()

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": request.body}

        async def keep(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                response.status = message["status"]
                response.headers = {
                    name.decode().lower(): value.decode() for name, value in message["headers"]
                }
            else:
                response.body += message.get("body", b"")

        headers = [
            (name.encode(), value.encode("latin-1")) for name, value in request.headers.items()
        ]
        await self.app({**scope, "headers": headers, "query_string": request.query}, receive, keep)
        return response
