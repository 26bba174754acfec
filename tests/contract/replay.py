"""Replay recordings of a real backend against the mock, and print where its responses differ.

Each scene starts with the store in the file, over a real socket. Generated ids must match one to
one within a scene; timestamps match in form. docs/deviations.md says what is not replayed.
"""

import argparse
import http.client
import json
import re
import socket
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import uvicorn
from starlette.types import Receive, Scope, Send
from tests.conftest import running

from xclade_store_mock.app import create_app, utc_now
from xclade_store_mock.contract import load_contract
from xclade_store_mock.dialects import DIALECTS, MEDUSA
from xclade_store_mock.payments.model import Store
from xclade_store_mock.upstream.recording import (
    Case,
    RecordingError,
    Request,
    Response,
    read_recording,
)
from xclade_store_mock.web.dialect import Dialect

GENERATED = re.compile(r"(payses|pay_col|pi)_[0-9A-Za-z]+(_secret_[0-9A-Za-z]+)?")
TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
COMPARED_HEADERS = re.compile(r"allow|access-control-.*")
UNIX_SECONDS = 10**9


class Stage:
    """Forwards to an application that is replaced for each scene."""

    app: Any = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the current application."""
        await self.app(scope, receive, send)


def wire(request: Request, host: str) -> bytes:
    """Return the bytes of a recorded request, unchanged, for a connection of its own."""
    body = request.content
    headers = [("Host", host), ("Connection", "close"), *request.headers]
    chunked = any(name.lower() == "transfer-encoding" for name, _ in headers)
    if body is not None and not chunked:
        headers.append(("Content-Length", str(len(body))))
    head = f"{request.method} {request.target} HTTP/1.1\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in headers) + "\r\n"
    return head.encode() + (body or b"")


def send(url: str, request: Request) -> tuple[int, list[tuple[str, str]], bytes]:
    """Send a recorded request unchanged; return the status, the headers and the body."""
    address = urlsplit(url)
    with socket.create_connection((address.hostname, address.port or 80), timeout=30) as connection:
        connection.sendall(wire(request, address.netloc))
        response = http.client.HTTPResponse(connection, method=request.method)
        response.begin()
        return response.status, response.getheaders(), response.read()


@dataclass
class Comparison:
    """Compares the responses of one scene, and maps recorded ids to ours."""

    known: set[str]
    ours: dict[str, str] = field(default_factory=dict)
    recorded: dict[str, str] = field(default_factory=dict)

    def responses(
        self, expected: Response, status: int, headers: list[tuple[str, str]], body: bytes
    ) -> Iterator[str]:
        """Yield the differences between a recorded response and ours."""
        if expected.status != status:
            yield f"status: expected {expected.status}, got {status} {body[:200]!r}"
            return
        for name in sorted({*_compared(expected.headers), *_compared(headers)}):
            wanted, got = _compared(expected.headers).get(name), _compared(headers).get(name)
            if wanted != got:
                yield f"{name}: expected {wanted!r}, got {got!r}"
        kind = _compared(expected.headers).get("content-type", "")
        if not kind.startswith("text/html") or status < http.HTTPStatus.BAD_REQUEST:
            text = body.decode("utf-8", errors="replace")
            if kind.startswith("application/json") and expected.body and _is_json(text):
                yield from self.values(json.loads(expected.body), json.loads(text), "body")
            elif expected.body != text:
                yield f"body: expected {expected.body!r}, got {text!r}"

    def values(self, expected: Any, got: Any, path: str) -> Iterator[str]:
        """Yield the differences between two JSON values."""
        if isinstance(expected, dict) and isinstance(got, dict):
            for name in {**expected, **got}:
                if name not in got or name not in expected:
                    yield f"{path}.{name}: {'missing' if name in expected else 'not recorded'}"
                elif not self._is_incomparable(name, expected, got):
                    yield from self.values(expected[name], got[name], f"{path}.{name}")
        elif isinstance(expected, list) and isinstance(got, list) and len(expected) == len(got):
            for index, (wanted, found) in enumerate(zip(expected, got, strict=True)):
                yield from self.values(wanted, found, f"{path}[{index}]")
        elif not self._same(expected, got):
            yield f"{path}: expected {expected!r}, got {got!r}"

    @staticmethod
    def _is_incomparable(name: str, expected: dict[str, Any], got: dict[str, Any]) -> bool:
        wanted, found = expected[name], got[name]
        if name == "created":
            return all(type(each) is int and each > UNIX_SECONDS for each in (wanted, found))
        # The message comes from the JavaScript engine.
        syntax = name == "message" and expected.keys() == {"message", "type"}
        return syntax and isinstance(found, str) and " JSON" in wanted

    def _same(self, expected: Any, got: Any) -> bool:
        if isinstance(expected, str) and isinstance(got, str):
            if TIMESTAMP.fullmatch(expected) and TIMESTAMP.fullmatch(got):
                return True
            kinds = GENERATED.fullmatch(expected), GENERATED.fullmatch(got)
            if kinds[0] and kinds[1] and expected not in self.known:
                same_kind = kinds[0][1] == kinds[1][1] and bool(kinds[0][2]) == bool(kinds[1][2])
                return (
                    same_kind
                    and self.ours.setdefault(expected, got) == got
                    and self.recorded.setdefault(got, expected) == expected
                )
        numbers = [type(each) in (int, float) for each in (expected, got)]
        return bool(expected == got and (all(numbers) or type(expected) is type(got)))


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _compared(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the compared headers, with Content-Type normalized."""
    return {
        name.lower(): re.sub(r"\s+", "", value.lower()) if name.lower() == "content-type" else value
        for name, value in headers
        if COMPARED_HEADERS.fullmatch(name.lower()) or name.lower() == "content-type"
    }


@dataclass
class OutOfScope:
    """Finds the cases that the mock cannot replay.

    These are successful requests to paths outside the contract, and later requests about a cart
    that such a request changed.
    """

    paths: list[re.Pattern[str]]
    collections: dict[str, str]
    carts: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, store: Store) -> Self:
        """Read the contract's paths and the carts of the store's collections."""
        paths = load_contract("store.yaml").document["paths"]
        return cls(
            [re.compile(re.sub(r"{\w+}", "[^/]+", path) + "/?", re.IGNORECASE) for path in paths],
            {each.id: each.cart_id or "" for each in store.payment_collections.values()},
        )

    def has(self, case: Case) -> bool:
        """Return whether a case is out of scope."""
        path = case.request.target.partition("?")[0]
        named = set(re.findall(r"\w+", case.request.target))
        if case.response.status < http.HTTPStatus.BAD_REQUEST and not any(
            each.fullmatch(path) for each in self.paths
        ):
            self.carts |= named
            return True
        return any(self.collections.get(name) in self.carts for name in named)


def replay(path: Path, dialect: Dialect) -> Counter[str]:
    """Replay one file, and return how many cases passed, failed and were skipped."""
    recording = read_recording(path, utc_now())
    store = recording.store
    out_of_scope = OutOfScope.of(store)
    stage = Stage()
    counts: Counter[str] = Counter()
    server = uvicorn.Server(uvicorn.Config(stage, port=0, log_level="critical", lifespan="off"))
    with running(server) as url:
        for _, cases in groupby(recording.cases, key=lambda case: case.scene):
            comparison = Comparison(known=set(store.payment_collections))
            stage.app = create_app(store=store, dialect=dialect)
            for case in cases:
                if out_of_scope.has(case):
                    print(f"{path.name}: {case.name}: skipped, outside of the contract")
                    counts["skipped"] += 1
                    continue
                differences = [*comparison.responses(case.response, *send(url, case.request))]
                counts["failed" if differences else "passed"] += 1
                for difference in differences:
                    print(f"{path.name}: {case.name}: {difference}")
    return counts


def main() -> int:
    """Replay the files, and return the exit code."""
    parser = argparse.ArgumentParser(prog="scripts/replay", description=__doc__.partition("\n")[0])
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--dialect", choices=DIALECTS, default=MEDUSA.name)
    options = parser.parse_args()
    try:
        counts = sum((replay(path, DIALECTS[options.dialect]) for path in options.files), Counter())
    except RecordingError as error:
        print(f"cannot replay: {error}", file=sys.stderr)
        return 2
    print(f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped")
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
