"""The backend under test: requests, responses, and the client that sends them.

Redirects are never followed, so only the confirmed URL is called.
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

INCOMPLETE = "the response was incomplete"

# Fragments of httpx's and requests' messages; the first that matches counts.
_REASONS = {
    "peer closed connection": INCOMPLETE,
    "IncompleteRead": INCOMPLETE,
    "Response ended prematurely": INCOMPLETE,
    "Server disconnected": "the connection was closed without an HTTP response",
    "Remote end closed": "the connection was closed without an HTTP response",
    "reset by peer": "the connection was reset",
    "onnection refused": "connection refused: no server is listening there",
}


@dataclass(frozen=True, slots=True)
class Request:
    """A request for an operation; a header that is None is not sent, not even the key."""

    operation: str
    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str | None] = field(default_factory=dict)
    content: bytes | None = None


@dataclass(frozen=True, slots=True)
class Response:
    """A response; its header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def media_type(self) -> str:
        """The media type without its parameters; empty if there is none."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def document(self) -> Any:
        """The body as JSON; None if it is not JSON."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None


@dataclass(frozen=True, slots=True)
class Interaction:
    """A request as it was sent, and its response, or the reason why there is none."""

    operation: str
    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    response: Response | None
    error: str = ""

    @property
    def succeeded(self) -> bool:
        """Whether the response's status is 2xx."""
        return self.response is not None and self.response.status // 100 == 2  # noqa: PLR2004 - 2xx

    def header(self, name: str) -> str | None:
        """Return a request header by its lower-case name, or None."""
        return next((value for key, value in self.headers.items() if key.lower() == name), None)


class Backend:
    """Sends requests with the publishable key, within the rate limit; `timeout` is in seconds."""

    def __init__(self, url: str, key: str, limiter: Limiter | None, timeout: int) -> None:
        self.url = url
        self.key = key
        self.limiter = limiter
        self.timeout = timeout
        # A backend may close an idle connection just when the next request is on its way.
        no_reuse = httpx.Limits(max_keepalive_connections=0)
        self._http = httpx.Client(timeout=timeout, follow_redirects=False, limits=no_reuse)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def send(self, request: Request) -> Interaction:
        """Send a request; a failure to get a response is recorded in the interaction."""
        headers: dict[str, str | None] = {KEY_HEADER: self.key}
        if request.content is not None:
            headers["content-type"] = "application/json"
        headers.update(request.headers)
        sent = {name: value for name, value in headers.items() if value is not None}
        message = self._http.build_request(
            request.method,
            self.url + request.path,
            params=request.query or None,
            headers=sent,
            content=request.content,
        )
        response, reason = None, ""
        with ratelimit(self.limiter, self.url):
            try:
                response = _read_response(self._http.send(message))
            except httpx.TransportError as error:
                reason = explain_failure(error, self.timeout)
        url = str(message.url)
        return Interaction(
            request.operation, request.method, url, sent, message.content, response, reason
        )


def _read_response(response: httpx.Response) -> Response:
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Response(response.status_code, headers, response.content)


def explain_failure(error: BaseException | None, timeout: int) -> str:
    """Return why there was no response, in plain words."""
    text = str(error)
    if isinstance(error, httpx.TimeoutException | requests.Timeout) or "Read timed out" in text:
        return f"no response within {timeout} s"
    for fragment, reason in _REASONS.items():
        if fragment in text:
            return reason
    if "SSL" in text or "TLS" in text:
        return f"TLS failed: {text}"
    if _is_name_failure(error):
        return f"the host name cannot be resolved: {text}"
    if isinstance(error, httpx.RemoteProtocolError):
        return f"the response is not HTTP: {text}"
    return f"{type(error).__name__}: {text}"


def _is_name_failure(error: BaseException | None) -> bool:
    """Return whether the resolver's error is among the causes."""
    while error is not None:
        if isinstance(error, socket.gaierror):
            return True
        error = error.__cause__ or error.__context__
    return False
