"""The backend under test: requests, responses, and the client that sends them.

Redirects are never followed, so only the confirmed URL is called.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPException, IncompleteRead, RemoteDisconnected
from socket import gaierror
from ssl import SSLError

import requests
import schemathesis
from pyrate_limiter import Limiter
from schemathesis.core.curl import get_excluded_headers
from schemathesis.core.rate_limit import ratelimit
from schemathesis.engine.recorder import Request as Sent

from xclade_store_mock.check import KEY_HEADER
from xclade_store_mock.check.calls import Interaction, Request, Response

INCOMPLETE = "the response was incomplete"

# The first kind that is among an error's causes counts.
_REASONS: Mapping[type[Exception], str] = {
    TimeoutError: "no response within {timeout} s",
    RemoteDisconnected: "the connection was closed without an HTTP response",
    ConnectionResetError: "the connection was reset",
    ConnectionRefusedError: "connection refused: no server is listening there",
    SSLError: "TLS failed: {error}",
    gaierror: "the host name cannot be resolved: {error}",
    requests.exceptions.ChunkedEncodingError: INCOMPLETE,
    IncompleteRead: INCOMPLETE,
    HTTPException: "the response is not HTTP: {error}",
}


@dataclass(frozen=True, slots=True)
class Backend:
    """Sends requests with the publishable key, within the rate limit; `timeout` is in seconds."""

    url: str
    key: str
    limiter: Limiter | None
    timeout: int

    def send(self, request: Request) -> Interaction:
        """Send a request; a failure to get a response is recorded in the interaction."""
        json_type = {"content-type": "application/json"} if request.content else {}
        headers = {KEY_HEADER: self.key, **json_type, **request.headers}
        sent = {name: value for name, value in headers.items() if value is not None}
        url = self.url + request.path
        message = requests.Request(
            request.method, url, sent, data=request.content, params=request.query
        ).prepare()
        response, reason = None, ""
        # A backend may close an idle connection just when the next request is on its way.
        with ratelimit(self.limiter, self.url), requests.Session() as session:
            options = session.merge_environment_settings(url, {}, None, None, None)
            options |= {"timeout": self.timeout, "allow_redirects": False}
            try:
                received = session.send(message, **options)
                response = schemathesis.Response.from_requests(received, verify=True)
            except requests.RequestException as error:
                reason = explain_failure(error, self.timeout)
        made = Sent.from_prepared_request(message)
        return read_interaction(request.operation, made, response, reason)


def read_interaction(
    operation: str, request: Sent, response: schemathesis.Response | None, error: str = ""
) -> Interaction:
    """Return a call that Schemathesis describes, without the headers that are always added."""
    hidden = get_excluded_headers()
    sent = {name: values[0] for name, values in request.headers.items() if name not in hidden}
    received = None
    if response is not None:
        headers = {name.lower(): ", ".join(values) for name, values in response.headers.items()}
        received = Response(response.status_code, headers, response.content)
    body = request.body or b""
    return Interaction(operation, request.method, request.uri, sent, body, received, error)


def explain_failure(error: BaseException | None, timeout: int) -> str:
    """Return why there was no response, in plain words."""
    causes = [*_causes(error)]
    found = (
        reason.format(error=cause, timeout=timeout)
        for kind, reason in _REASONS.items()
        for cause in causes
        if isinstance(cause, kind)
    )
    return next(found, f"{type(error).__name__}: {error}")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and what led to it."""
    if error is not None:
        yield error
        for each in {error.__cause__, error.__context__}:
            yield from _causes(each)
