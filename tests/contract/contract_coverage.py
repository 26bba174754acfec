"""Record which parts of the contract the tests cover; scripts/test prints the report.

The server covers the parts of a request that it handles successfully, and of a response that it
sends. The client covers the parts of a request that succeeds, and of a response that it parses.
Only what the contract allows counts, and no response generated for a `Prefer` header.
"""

import functools
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from tests.contract.relay_contract import DOCUMENT, operations, resolve

from xclade_store_mock.contract import load_contract

Json = Any

FOLDER = "CONTRACT_COVERAGE"
"""The environment variable that names the folder of the records; if unset, nothing is recorded."""


def contract_parts() -> Iterator[str]:
    """Yield the name of every part of the contract's operations."""
    for _, _, operation in operations():
        name = operation["operationId"]
        yield name
        for way in operation.get("security", DOCUMENT["security"]):
            yield from (f"{name} security {scheme}" for scheme in way)
        for parameter in map(resolve, operation.get("parameters", ())):
            yield f"{name} {parameter['in']} {parameter['name'].lower()}"
        for content in operation.get("requestBody", {"content": {}})["content"].values():
            yield from _below(f"{name} body", content["schema"])
        for status, response in operation["responses"].items():
            resolved = resolve(response)
            yield f"{name} {status}"
            for header in resolved.get("headers", ()):
                yield f"{name} {status} header {header.lower()}"
            for media_type, content in resolved["content"].items():
                yield f"{name} {status} {media_type}"
                yield from _below(f"{name} {status}", content["schema"])


def _below(place: str, schema: Json) -> Iterator[str]:
    described = resolve(schema)
    for part in (*described.get("allOf", ()), *described.get("anyOf", ())):
        yield from _below(place, part)
    if described.get("nullable"):
        yield f"{place} = null"
    if "items" in described:
        yield from _below(f"{place}[]", described["items"])
    for name, part in described.get("properties", {}).items():
        yield f"{place}.{name}"
        yield from _below(f"{place}.{name}", part)


def _values(place: str, document: Json) -> Iterator[str]:
    """Yield the parts of the contract that a JSON document covers."""
    if document is None:
        yield f"{place} = null"
    elif isinstance(document, list):
        for item in document:
            yield from _values(f"{place}[]", item)
    elif isinstance(document, dict):
        for name, value in document.items():
            yield f"{place}.{name}"
            yield from _values(f"{place}.{name}", value)


class Recorder:
    """Records the parts that one side covers, each part once."""

    def __init__(self, side: str) -> None:
        folder = os.environ.get(FOLDER)
        self._path = Path(folder, f"{side}-{os.getpid()}") if folder else None
        self._operations = load_contract("store.yaml").operations
        self._uncovered = set(contract_parts())

    def request(self, name: str, query: str, headers: Mapping[str, str], body: bytes) -> None:
        """Record a successful request."""
        self._cover([name, f"{name} path id", f"{name} security publishableKey"])
        self._cover(f"{name} query {each}" for each, _ in parse_qsl(query, keep_blank_values=True))
        self._cover(f"{name} header {each.lower()}" for each in headers)
        if headers.get("authorization", "").startswith("Bearer "):
            self._cover([f"{name} security customerToken"])
        # The medusa dialect reads forms and compressed bodies, too; the contract has neither.
        with suppress(ValueError):
            self._cover(_values(f"{name} body", json.loads(body)))

    def response(self, name: str, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Record a response."""
        media_type = headers.get("content-type", "").partition(";")[0]
        described = self._operations[name].responses.get((status, media_type))
        if described is None:
            return
        document = json.loads(body) if media_type == "application/json" else body.decode()
        if described.validator.is_valid(document):
            place = f"{name} {status}"
            self._cover([place, f"{place} {media_type}"])
            self._cover(f"{place} header {each.lower()}" for each in headers)
            self._cover(_values(place, document))

    def _cover(self, parts: Iterable[str]) -> None:
        new = self._uncovered.intersection(parts)
        if self._path and new:
            self._uncovered -= new
            with self._path.open("a") as file:
                file.writelines(f"{part}\n" for part in sorted(new))


@functools.cache
def recorder(side: str) -> Recorder:
    """Return this process's recorder."""
    return Recorder(side)


class RecordingApp:
    """Wraps an application, and records its requests and responses."""

    def __init__(self, app: ASGIApp, recorder: Recorder) -> None:
        self._app = app
        self._recorder = recorder
        self._routes: list[tuple[str, re.Pattern[str], str]] = [
            (method.upper(), re.compile(re.sub(r"{\w+}", "[^/]+", path)), operation["operationId"])
            for path, method, operation in operations()
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the application, and record the request and the response."""
        name = self._operation(scope)
        if name is None:
            await self._app(scope, receive, send)
            return
        received: list[bytes] = []
        sent: list[Message] = []

        async def keep_received() -> Message:
            message = await receive()
            received.append(message.get("body", b""))
            return message

        async def keep_sent(message: Message) -> None:
            sent.append(message)
            await send(message)

        await self._app(scope, keep_received, keep_sent)
        start, *rest = sent
        if start["status"] < 400:
            query = scope["query_string"].decode("latin-1")
            self._recorder.request(name, query, Headers(scope=scope), b"".join(received))
        body = b"".join(message["body"] for message in rest)
        self._recorder.response(name, start["status"], Headers(raw=start["headers"]), body)

    def _operation(self, scope: Scope) -> str | None:
        # A response to `Prefer` is generated, not the store's.
        if scope["type"] != "http" or "prefer" in Headers(scope=scope):
            return None
        query = parse_qsl(scope["query_string"].decode("latin-1"))
        if any(name.startswith("__") for name, _ in query):
            return None
        for method, path, name in self._routes:
            if scope["method"] == method and path.fullmatch(scope["path"]):
                return name
        return None
