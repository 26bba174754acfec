"""Send the requests of a recording again, and compare the responses with the recorded ones.

Generated ids must match one to one within a scene; timestamps match in form.
"""

import http.client
import json
import re
import socket
import ssl
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, NamedTuple, Self

from msgspec.structs import replace

from xclade_store_mock.contract import load_contract
from xclade_store_mock.payments.model import Store
from xclade_store_mock.upstream import KEY, Upstream
from xclade_store_mock.upstream.recording import Case, Recording, Request, Response

_GENERATED = re.compile(r"(payses|pay_col|pi)_[0-9A-Za-z]+(_secret_[0-9A-Za-z]+)?")
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
COMPARED_HEADERS = re.compile(r"allow|access-control-.*")
_UNIX_SECONDS = 10**9


_TIMEOUT = 30  # seconds


class CannotReplay(Exception):
    """A backend does not respond; the text says why."""


class Result(NamedTuple):
    """How a case's response differs from the recorded one; None if the case was skipped."""

    case: Case
    differences: list[str] | None


def replay(
    recording: Recording, begin: Callable[[Store], Upstream], key: str = ""
) -> Iterator[Result]:
    """Yield the result of each case. Raises CannotReplay.

    `begin` returns the backend for the next scene, which starts with the given store. `key`, if not
    blank, replaces the publishable keys that the store accepts.
    """
    out_of_scope = OutOfScope.of(recording.store)
    for _, cases in groupby(recording.cases, key=lambda case: case.scene):
        comparison = Comparison(known=set(recording.store.payment_collections))
        backend = begin(recording.store)
        for case in cases:
            if out_of_scope.has(case):
                yield Result(case, None)
                continue
            request = comparison.request(case.request)
            if key:
                accepted = recording.store.settings.publishable_keys
                request = replace(request, headers=_with_key(request, accepted, key))
            try:
                received = send(backend, request)
            except (OSError, http.client.HTTPException) as error:
                reason = str(error) or type(error).__name__
                raise CannotReplay(f"{backend} does not respond: {reason}") from error
            yield Result(case, [*comparison.responses(case.response, *received)])


def _with_key(request: Request, accepted: Iterable[str], key: str) -> tuple[tuple[str, str], ...]:
    return tuple(
        (name, key if name.lower() == KEY and value in accepted else value)
        for name, value in request.headers
    )


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


def send(backend: Upstream, request: Request) -> tuple[int, list[tuple[str, str]], bytes]:
    """Send a recorded request; return the response's status, headers and body."""
    scheme, host, port = backend.origin
    headers = request.headers
    if backend.authorization is not None:
        headers = (*headers, ("Authorization", backend.authorization.decode()))
    target = backend.prefix.decode() + request.target
    content = wire(replace(request, target=target, headers=headers), backend.url.netloc.decode())
    with socket.create_connection((host, port), timeout=_TIMEOUT) as plain:
        connection = plain
        if scheme == "https":
            context = ssl.create_default_context()
            connection = context.wrap_socket(plain, server_hostname=host)
        connection.sendall(content)
        response = http.client.HTTPResponse(connection, method=request.method)
        response.begin()
        return response.status, response.getheaders(), response.read()


@dataclass
class Comparison:
    """Compares the responses of one scene, and maps recorded ids to ours."""

    known: set[str]
    ours: dict[str, str] = field(default_factory=dict)
    recorded: dict[str, str] = field(default_factory=dict)

    def request(self, recorded: Request) -> Request:
        """Return a request with our ids in the place of those that were generated."""
        body = recorded.body and self._renamed(recorded.body)
        return replace(recorded, target=self._renamed(recorded.target), body=body)

    def _renamed(self, text: str) -> str:
        return _GENERATED.sub(lambda found: self.ours.get(found[0], found[0]), text)

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
            return all(type(each) is int and each > _UNIX_SECONDS for each in (wanted, found))
        # The message comes from the JavaScript engine.
        syntax = name == "message" and expected.keys() == {"message", "type"}
        return syntax and isinstance(found, str) and " JSON" in wanted

    def _same(self, expected: Any, got: Any) -> bool:
        if isinstance(expected, str) and isinstance(got, str):
            if _TIMESTAMP.fullmatch(expected) and _TIMESTAMP.fullmatch(got):
                return True
            kinds = _GENERATED.fullmatch(expected), _GENERATED.fullmatch(got)
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
        operations = load_contract("store.yaml").operations.values()
        return cls(
            # As Express reads paths.
            [
                re.compile(f"{operation.pattern.pattern}/?", re.IGNORECASE)
                for operation in operations
            ],
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
