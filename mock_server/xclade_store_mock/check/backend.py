"""The backend under test: requests, responses, and the client that sends them.

Redirects are never followed, so only the confirmed URL is called.
"""

import importlib.util
import os
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPException, IncompleteRead, RemoteDisconnected
from pathlib import Path
from socket import gaierror
from urllib.parse import urlsplit

import requests
import schemathesis
from pyrate_limiter import Limiter
from requests.exceptions import ProxyError
from requests.utils import get_environ_proxies, select_proxy
from schemathesis.core.curl import get_excluded_headers
from schemathesis.core.rate_limit import ratelimit
from schemathesis.engine.recorder import Request as Sent

from xclade_store_mock.check import KEY_HEADER
from xclade_store_mock.check.calls import Interaction, Request, Response
from xclade_store_mock.check.target import CannotCheck, is_loopback

INCOMPLETE = "the response was incomplete"

# The first kind that is among an error's causes counts.
_REASONS: Mapping[type[Exception], str] = {
    TimeoutError: "no response within {timeout} s",
    RemoteDisconnected: "the connection was closed without an HTTP response",
    ConnectionResetError: "the connection was reset",
    ConnectionRefusedError: "connection refused: no server is listening there",
    ssl.SSLError: "TLS failed: {error}",
    gaierror: "the host name cannot be resolved: {error}",
    requests.exceptions.ChunkedEncodingError: INCOMPLETE,
    IncompleteRead: INCOMPLETE,
    HTTPException: "the response is not HTTP: {error}",
    OSError: "{error}",
}

_PROXY_SCHEMES = frozenset({"http", "https", "socks4", "socks4a", "socks5", "socks5h"})
_CERTIFICATES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")


@contextmanager
def settled_environment(url: str) -> Iterator[str]:
    """Make the environment name only the proxy and the certificates that calls of a URL need.

    requests would use a proxy for this machine too, and reports neither that it was a proxy that
    failed nor which variable is wrong. Yield what to call the proxy; empty if there is none.

    Raises:
        CannotCheck: If a variable cannot be used.
    """
    proxy = "" if is_loopback(url) else select_proxy(url, get_environ_proxies(url)) or ""
    description = _describe_proxy(proxy)
    if proxy:
        _require_usable(proxy, description)
    # Without any variable, the settings of macOS and Windows would apply.
    settled = {"ALL_PROXY": proxy} if proxy else {"NO_PROXY": "*"}
    if url.startswith("https:") and (certificates := _find_certificates()):
        settled["REQUESTS_CA_BUNDLE"] = certificates
    before = dict(os.environ)
    for name in before:
        if name.lower().endswith("_proxy"):
            del os.environ[name]
    os.environ.update(settled)
    try:
        yield description
    finally:
        os.environ.clear()
        os.environ.update(before)


def _require_usable(proxy: str, description: str) -> None:
    """Raise CannotCheck if a proxy cannot be used."""
    try:
        parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        is_valid = parts.scheme in _PROXY_SCHEMES and parts.hostname and parts.port != 0
    except ValueError:
        is_valid = False
    if not is_valid:
        problem = "is not the URL of a proxy, such as http://proxy.example:3128"
    elif proxy.startswith("socks") and importlib.util.find_spec("socks") is None:
        problem = "needs support for SOCKS: pip install PySocks"
    else:
        return
    raise CannotCheck(f"{description} {problem}. To call the backend directly, set NO_PROXY")


def _describe_proxy(proxy: str) -> str:
    """Return a proxy's URL, without user name and password, and the variable that names it."""
    names = (name for name, value in os.environ.items() if value == proxy)
    variable = next((name for name in names if name.lower().endswith("_proxy")), "the system")
    scheme, separator, rest = proxy.rpartition("://")
    return f"the proxy {scheme}{separator}{rest.rpartition('@')[2]} (from {variable})"


def _find_certificates() -> str | None:
    """Return the file or folder of certificates that the environment names."""
    named = {name: path for name in _CERTIFICATES if (path := os.environ.get(name))}
    for name, path in named.items():
        try:
            if not Path(path).is_dir():
                ssl.create_default_context(cafile=path)
        except OSError as error:
            message = f"cannot load the certificates that {name} names, {path!r}: {error}"
            raise CannotCheck(message) from error
    return next(iter(named.values()), None)


@dataclass(frozen=True, slots=True)
class Backend:
    """Sends requests with the publishable key and the given headers, within the rate limit.

    `timeout` is in seconds; `proxy` is what messages call the proxy.
    """

    url: str
    key: str
    limiter: Limiter | None
    timeout: int
    given_headers: Mapping[str, str] = field(default_factory=dict)
    proxy: str = ""

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers of every call, the key's included."""
        return {**self.given_headers, KEY_HEADER: self.key}

    def send(self, request: Request) -> Interaction:
        """Send a request; a failure to get a response is recorded in the interaction."""
        json_type = {"content-type": "application/json"} if request.content else {}
        headers = {**self.headers, **json_type, **request.headers}
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
                reason = self.explain_failure(error)
        made = Sent.from_prepared_request(message)
        return read_interaction(request.operation, made, response, reason)

    def explain_failure(self, error: BaseException | None) -> str:
        """Return why there was no response, in plain words."""
        causes = [*_causes(error)]
        found = (
            reason.format(error=cause, timeout=self.timeout)
            for kind, reason in _REASONS.items()
            for cause in reversed(causes)
            if isinstance(cause, kind)
        )
        reason = next(found, f"{type(error).__name__}: {error}")
        is_proxy = any(isinstance(cause, ProxyError) for cause in causes)
        return f"{self.proxy}: {reason}" if is_proxy else reason


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


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and what led to it."""
    if error is not None:
        yield error
        for each in {error.__cause__, error.__context__}:
            yield from _causes(each)
