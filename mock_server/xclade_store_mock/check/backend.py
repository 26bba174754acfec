"""The backend that is checked, and how it is called.

Redirects are never followed: whoever answers stands at the URL that was confirmed.
"""

import socket
from typing import Self

import httpx
import requests
from pyrate_limiter import Limiter
from schemathesis.core.rate_limit import ratelimit

from xclade_store_mock.check import KEY_HEADER
from xclade_store_mock.check.exchange import Answer, Call, Exchange

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
