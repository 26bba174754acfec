"""The backend that is checked, and how it is called.

Redirects are never followed: whoever answers stands at the URL that was confirmed.
"""

import socket
from typing import Self

import httpx
from pyrate_limiter import Limiter
from schemathesis.core.rate_limit import ratelimit

from xclade_store_mock.check import KEY_HEADER
from xclade_store_mock.check.exchange import Answer, Call, Exchange


class Backend:
    """Sends calls, each with the key, at the allowed rate, and waits `timeout` seconds."""

    def __init__(self, url: str, key: str, limiter: Limiter | None, timeout: int) -> None:
        self.url = url
        self.key = key
        self.limiter = limiter
        self.timeout = timeout
        self._http = httpx.Client(timeout=timeout, follow_redirects=False)

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


def explain_failure(error: httpx.TransportError, timeout: int) -> str:
    """Say why there was no answer, in words for a person."""
    text = str(error)
    match error:
        case httpx.TimeoutException():
            return f"no answer within {timeout} s"
        case httpx.ConnectError() if "refused" in text:
            return "connection refused: nothing listens there"
        case httpx.ConnectError() if "SSL" in text or "TLS" in text:
            return f"TLS failed: {text}"
        case httpx.ConnectError() if _is_name_failure(error):
            return f"the host's name cannot be resolved: {text}"
        case httpx.RemoteProtocolError():
            return f"the answer is not HTTP: {text}"
        case _:
            return f"{type(error).__name__}: {text}"


def _is_name_failure(error: BaseException) -> bool:
    """Look for the resolver's error behind the client's own."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, socket.gaierror):
            return True
        cause = cause.__cause__ or cause.__context__
    return False
