"""What stands between the check and a backend: gateways, proxies and certificates."""

import os
from pathlib import Path

import pytest
from tests.check.backends import Meddle, Meddler, Request, Response
from tests.check.conftest import IDS, Check
from tests.conftest import Serve, served

from xclade_store_mock.app import StoreMockApp, create_app


def sign_in(_: Request, response: Response) -> None:
    """Redirect to a login page."""
    response.status = 302
    response.headers["location"] = "https://login.example/"


def challenge(_: Request, response: Response) -> None:
    """Require basic authentication."""
    response.status, response.body = 401, b"No."
    response.headers = {"www-authenticate": 'Basic realm="Staging"'}


def login_page(_: Request, response: Response) -> None:
    """Return a login page."""
    response.status = 200
    response.body = b"<html><title>Our\nshop</title><form><input type=password>"
    response.headers = {"content-type": "text/html; charset=utf-8"}


def forbidden_page(_: Request, response: Response) -> None:
    """Return what a firewall returns."""
    response.status, response.body = 403, b"<html><title>Attention!</title>"
    response.headers = {"content-type": "text/html"}


@pytest.mark.parametrize(
    ("meddle", "what"),
    [
        (sign_in, "redirects to https://login.example/, a login page"),
        (challenge, 'requires a login (401, WWW-Authenticate: Basic realm="Staging")'),
        (login_page, "shows a login page (200 'Our shop')"),
        (forbidden_page, "refuses the call with a page (403 'Attention!')"),
    ],
)
def test_gateway_is_recognized(check: Check, meddle: Meddle, what: str) -> None:
    """A gateway that wants a login is not taken for a backend that refuses the publishable key."""
    with served(Meddler(create_app(), meddle), is_store=False) as url:
        outcome = check(url, *IDS)

    assert 2 == outcome.code
    assert (
        f"xclade-store-mock: {url}: something in front of the backend {what}: pass user:password@"
        " in the URL, or a header that lets you in with -H 'Name: value'\n"
    ) == outcome.err


class Gateway(Meddler):
    """Refuses what has not the right user name and password; no other header reaches the mock."""

    def __init__(self, app: StoreMockApp) -> None:
        super().__init__(app, self.refuse, self.pass_on)

    def pass_on(self, request: Request) -> None:
        """Forward a request without the credentials."""
        request.headers.pop("authorization", None)

    def refuse(self, _: Request, response: Response) -> None:
        """Return 401 with a challenge and an HTML page, which echoes what was sent."""
        sent = self.seen[-1].headers.get("authorization", "")
        if (
            sent != "Basic bWU6aHVzaCBodXNo"
            or self.seen[-1].headers.get("x-gateway") != "let-me-in"
        ):
            response.status, response.body = 401, f"<html>{sent}".encode()
            response.headers = {"content-type": "text/html", "www-authenticate": "Basic"}
        elif b'"count"' in response.body:
            response.edit(lambda document: document.update(count=f"let-me-in {sent}"))


def test_gateway_gets_credentials(check: Check, tmp_path: Path) -> None:
    """Every call carries the given headers and credentials, and no report shows them."""
    backend = Gateway(create_app())
    html = tmp_path / "report.html"
    with served(backend, is_store=False) as url:
        wrong = check(url.replace("//", "//me:hush@"), *IDS, "-H", "X-Gateway: let-me-in")
        given = url.replace("//", "//me:hush%20hush@")
        backend.seen.clear()
        right = check(given, *IDS, "-H", "X-Gateway: let-me-in", "--html", str(html))

    message = (
        "requires a login (401, WWW-Authenticate: Basic): are the user name and password right?"
    )
    assert (2, True) == (wrong.code, message in wrong.err)
    assert (1, "") == (right.code, right.err)
    assert ["let-me-in"] == [*{each.headers.get("x-gateway") for each in backend.seen}]
    assert "-H 'X-Gateway: [redacted]' -H 'Authorization: [redacted]'" in right.out
    shown = right.out + html.read_text("utf-8")
    assert [] == [each for each in ("let-me-in", "bWU6", "hush") if each in shown]


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        (
            "HTTP_PROXY",
            "http://me:hush@127.0.0.1:1",
            ": the proxy http://127.0.0.1:1 (from HTTP_PROXY): connection refused: no server",
        ),
        (
            "ALL_PROXY",
            "socks5h://127.0.0.1:1",
            "the proxy socks5h://127.0.0.1:1 (from ALL_PROXY) needs support for SOCKS",
        ),
        ("http_proxy", "http://a:b:c", "the proxy http://a:b:c (from http_proxy) is not the URL"),
        ("NO_PROXY", "localhost,[::1]", "http://store.invalid: the host name cannot be resolved: "),
    ],
)
def test_environment_of_proxies(
    check: Check, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, message: str
) -> None:
    """What a proxy's variable breaks is explained by it, without its password."""
    monkeypatch.setenv(variable, value)

    outcome = check("http://store.invalid", *IDS, "--yes")

    assert 2 == outcome.code
    assert message in outcome.err
    assert "hush" not in outcome.err


@pytest.mark.parametrize("content", [None, "no certificates"])
def test_environment_of_certificates(
    check: Check, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str | None
) -> None:
    """Certificates that cannot be loaded are reported with the variable that names them."""
    path = tmp_path / "certificates.pem"
    if content is not None:
        path.write_text(content, "utf-8")
    monkeypatch.setenv("SSL_CERT_FILE", str(path))

    outcome = check("https://127.0.0.1:1", *IDS)

    assert 2 == outcome.code
    assert f"cannot load the certificates that SSL_CERT_FILE names, '{path}': [" in outcome.err


def test_this_machine_needs_no_proxy(
    check: Check, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No call goes through a proxy, not even those of Schemathesis' own checks."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "example.com,[::1]")

    outcome = check(serve(), *IDS)

    assert (0, "") == (outcome.code, outcome.err), outcome.out
    assert "http://127.0.0.1:1" == os.environ["HTTP_PROXY"]
