"""The backend that is checked, and how it is called.

Redirects are never followed: whoever answers stands at the URL that was confirmed.
"""

import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import httpx
import requests
from pyrate_limiter import Limiter
from schemathesis.core.rate_limit import ratelimit

from xclade_store_mock.check import KEY_HEADER


@dataclass(frozen=True, slots=True)
class Call:
    """A request of an operation; a header that is None is left out, the key's too."""

    operation: str
    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str | None] = field(default_factory=dict)
    content: bytes | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer; the names of its headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def media_type(self) -> str:
        """The media type without its parameters, or an empty text."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def document(self) -> Any:
        """The body as JSON, or None."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request of an operation and its answer; or why there is none."""

    operation: str
    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    answer: Answer | None
    trouble: str = ""

    @property
    def succeeded(self) -> bool:
        """Whether the answer is a success."""
        return self.answer is not None and self.answer.status // 100 == 2  # noqa: PLR2004 - 2xx

    def header(self, name: str) -> str | None:
        """Answer a header that was sent, or None."""
        return next((value for key, value in self.headers.items() if key.lower() == name), None)


BROKE_OFF = "the answer broke off"

# By what httpx and requests say, in this order.
_SIGNS = {
    "peer closed connection": BROKE_OFF,
    "IncompleteRead": BROKE_OFF,
    "Response ended prematurely": BROKE_OFF,
    "Server disconnected": "the connection was closed without an HTTP answer",
    "Remote end closed": "the connection was closed without an HTTP answer",
    "reset by peer": "the connection was reset",
    "onnection refused": "connection refused: nothing listens there",
}


class Backend:
    """Sends calls, each with the key, at the allowed rate, and waits `timeout` seconds."""

    def __init__(self, url: str, key: str, limiter: Limiter | None, timeout: int) -> None:
        self.url = url
        self.key = key
        self.limiter = limiter
        self.timeout = timeout
        # A backend may close a connection that has been idle just when the next call is on its way.
        alone = httpx.Limits(max_keepalive_connections=0)
        self._http = httpx.Client(timeout=timeout, follow_redirects=False, limits=alone)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def send(self, call: Call) -> Exchange:
        """Send a call; what keeps it from being answered is told in the exchange."""
        headers: dict[str, str | None] = {KEY_HEADER: self.key}
        if call.content is not None:
            headers["content-type"] = "application/json"
        sent = {
            name: value for name, value in {**headers, **call.headers}.items() if value is not None
        }
        request = self._http.build_request(
            call.method,
            self.url + call.path,
            params=call.query or None,
            headers=sent,
            content=call.content,
        )
        answer, trouble = None, ""
        with ratelimit(self.limiter, self.url):
            try:
                answer = _answer(self._http.send(request))
            except httpx.TransportError as error:
                trouble = explain_failure(error, self.timeout)
        url = str(request.url)
        return Exchange(call.operation, call.method, url, sent, request.content, answer, trouble)


def _answer(response: httpx.Response) -> Answer:
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Answer(response.status_code, headers, response.content)


def explain_failure(error: BaseException | None, timeout: int) -> str:
    """Say why there was no answer, in words for a person."""
    text = str(error)
    if isinstance(error, httpx.TimeoutException | requests.Timeout) or "Read timed out" in text:
        return f"no answer within {timeout} s"
    for sign, told in _SIGNS.items():
        if sign in text:
            return told
    if "SSL" in text or "TLS" in text:
        return f"TLS failed: {text}"
    if _is_name_failure(error):
        return f"the host's name cannot be resolved: {text}"
    if isinstance(error, httpx.RemoteProtocolError):
        return f"the answer is not HTTP: {text}"
    return f"{type(error).__name__}: {text}"


def _is_name_failure(error: BaseException | None) -> bool:
    """Look for the resolver's error behind the client's own."""
    while error is not None:
        if isinstance(error, socket.gaierror):
            return True
        error = error.__cause__ or error.__context__
    return False
