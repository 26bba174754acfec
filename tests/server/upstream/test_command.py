"""The command `proxy`, in a process of its own in front of a mock in another."""

import json
import signal
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import trustme
from tests.check.backends import Meddler, Request, Response
from tests.conftest import KEY, PATIENCE, served
from tests.server.command import Running, running
from tests.server.upstream.conftest import Refused
from tests.server.upstream.raw import OK, read_message, upstream
from tests.server.wire import COLLECTIONS, FREE_SESSIONS, PROVIDERS, SESSIONS, STRIPE, SYSTEM

from xclade_store_mock.app import create_app
from xclade_store_mock.dialects import DIALECTS


def stop(proxy: Running, number: int = signal.SIGTERM) -> tuple[int, str]:
    """Stop a proxy by a signal; return its exit code, and what it printed at the end."""
    proxy.process.send_signal(number)
    printed, _ = proxy.process.communicate(timeout=PATIENCE)
    return proxy.process.returncode, printed


@pytest.fixture(params=DIALECTS)
def mock(request: pytest.FixtureRequest) -> Iterator[tuple[str, str]]:
    """Serve a mock; yield the name of its dialect, and its URL."""
    with served(create_app(dialect=DIALECTS[request.param])) as url:
        yield request.param, url


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_contract_test_of_a_backend(mock: tuple[str, str], number: int) -> None:
    """Calls that the contract allows violate nothing; a mock is summed up when it stops."""
    dialect, url = mock
    options = ("proxy", url, "--dialect", dialect, "--fail-on-violations")
    with running(*options) as proxy, httpx.Client(base_url=proxy.url, headers=KEY) as client:
        client.get(PROVIDERS, params={"region_id": "reg_demo"}).raise_for_status()
        client.post(COLLECTIONS, json={"cart_id": "cart_demo"}).raise_for_status()
        client.post(SESSIONS, json=SYSTEM).raise_for_status()
        code, printed = stop(proxy, number)

    assert printed.splitlines() == [
        "list_payment_providers: 1x 200",
        "create_payment_collection: 1x 200",
        "initialize_payment_session: 1x 200",
    ]
    assert 0 == code


def test_reports_name_broken_invariants_and_no_secrets(tmp_path: Path) -> None:
    """A response about another payment collection fits the schema, but not the request."""
    with served(create_app()) as url:
        honest = httpx.post(f"{url}{SESSIONS}", headers=KEY, json=STRIPE).content
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    junit, page = tmp_path / "report.xml", tmp_path / "report.html"
    options = ("--junit", junit, "--html", page, "--fail-on-violations")
    headers = KEY | {"Authorization": "Bearer t0ken", "Cookie": "a=c00kie"}
    with upstream(head % len(honest) + honest) as raw, running("proxy", raw.url, *options) as proxy:
        other = f"{proxy.url}{FREE_SESSIONS}?token=qu3ry"
        got = httpx.post(other, headers=headers, json=STRIPE)
        assert "requested_collection" in got.headers["sl-violations"]
        code, printed = stop(proxy)

    assert 1 == code
    secrets = ("pk_demo", "t0ken", "c00kie", "qu3ry", "_secret_")
    for text in (printed, junit.read_text("utf-8"), page.read_text("utf-8")):
        assert "the payment collection in the path" in text
        assert not [secret for secret in secrets if secret in text]


def test_report_that_cannot_be_written(tmp_path: Path, refused: Refused) -> None:
    """It is said at the start, not at the end."""
    report = tmp_path / "none" / "report.xml"

    assert "cannot write" in refused("proxy", "http://localhost:9", "--junit", report)


@pytest.mark.parametrize(("dialect", "code"), [("documented", 1), ("medusa", 0)])
def test_known_deviations_are_no_violations(dialect: str, code: int) -> None:
    """In the medusa dialect; in the documented one they are."""
    options = ("--dialect", dialect, "--fail-on-violations")
    medusa = create_app(dialect=DIALECTS["medusa"])
    with served(medusa) as url, running("proxy", url, *options) as proxy:
        got = httpx.get(f"{proxy.url}{PROVIDERS}", params={"region_id": "reg_demo"})
        assert 400 == got.status_code
        (entry,) = httpx.get(f"{proxy.url}/_mock/journal").json()["entries"]
        ended = stop(proxy)

    assert code == len(entry["violations"]) == ended[0]
    known = "1x known: publishable key missing or blank"
    assert (dialect == "medusa") == (known in ended[1])


def test_lies_are_violations() -> None:
    """The journal and the summary show which invariant a response breaks."""

    def lie(_: Request, response: Response) -> None:
        response.body = response.body.replace(b'"amount":25.5', b'"amount":2550')

    with (
        served(Meddler(create_app(), lie), is_store=False) as url,
        running("proxy", url, "--fail-on-violations") as proxy,
        httpx.Client(base_url=proxy.url, headers=KEY) as client,
    ):
        client.post(SESSIONS, json=SYSTEM).raise_for_status()
        (entry,) = client.get("/_mock/journal").json()["entries"]
        code, printed = stop(proxy)

    assert ["Response: `amount` equals `raw_amount.value`; expected: the amount 25.5"] == [
        each.removesuffix(", like raw_amount") for each in entry["violations"]
    ]
    assert 1 == code
    assert "  1x Response: `amount` equals `raw_amount.value`; expected: " in printed


def test_faults_apply_to_the_upstream() -> None:
    """A fault can be planned, holds a request, and breaks a response that streams."""
    with (
        served(create_app()) as url,
        running("proxy", url) as proxy,
        httpx.Client(base_url=proxy.url, headers=KEY) as client,
    ):
        plan = {"operation_id": "list_payment_providers", "answer": {"status": 409}}
        client.post("/_mock/faults", json=plan).raise_for_status()
        assert 409 == client.get(f"{PROVIDERS}?region_id=reg_demo").status_code
        client.post("/_mock/faults", json={"broken": "truncated"}).raise_for_status()
        with pytest.raises(httpx.RemoteProtocolError):
            client.get(f"{PROVIDERS}?region_id=reg_demo")
        assert 200 == client.get(f"{PROVIDERS}?region_id=reg_demo").status_code


def test_features_of_the_mocks_own_store_are_refused() -> None:
    """Each says whose responses these are."""
    with upstream() as raw, running("proxy", raw.url) as proxy:
        for method, path in (
            ("GET", "state"),
            ("POST", "reset"),
            ("GET", "clock"),
            ("GET", "scenarios"),
            ("DELETE", "payment-providers/pp_x/outcome"),
        ):
            refused = httpx.request(method, f"{proxy.url}/_mock/{path}")
            assert 501 == refused.status_code
            assert f"All responses are those of {raw.url}. This server is a proxy" in refused.text
        assert [] == raw.received


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("localhost:9000", "is not the URL of a store"),
        ("http://", "is not the URL of a store"),
        ("ftp://shop.test", "is not the URL of a store"),
        ("http://[bad", "is not the URL of a store"),
        ("https://shop.test/store", "remove /store from 'https://shop.test/store'"),
        ("https://shop.test/?x=1", "remove the query and the fragment"),
        ("https://ann:p4ss@shop.test/store/", "remove /store"),
    ],
)
@pytest.mark.parametrize("command", [["proxy"], ["serve", "--upstream"]])
def test_invalid_url(refused: Refused, command: list[str], url: str, message: str) -> None:
    """One sentence, and no password."""
    printed = refused(*command, url)

    assert message in printed
    assert "p4ss" not in printed


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_loop_is_refused(refused: Refused, host: str) -> None:
    """A proxy in front of itself would call itself for ever."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    printed = refused("proxy", f"http://{host}:{port}", port=port)
    assert "is this server's own address" in printed


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """Run an upstream with TLS; yield its URL, and the certificate of its authority."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)

    def serve(listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
                with context.wrap_socket(connection, server_side=True) as each:
                    while read_message(each):
                        each.sendall(OK)
            except ssl.SSLError:
                continue
            except OSError:
                return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        yield f"https://localhost:{listener.getsockname()[1]}", tmp_path / "ca.pem"
        listener.shutdown(socket.SHUT_RDWR)
    thread.join()


def test_certificates_are_verified(secure: tuple[str, Path]) -> None:
    """By those of the system or of SSL_CERT_FILE; --insecure accepts any, and warns."""
    url, certificate = secure
    environment = {"SSL_CERT_FILE": str(certificate)}
    with running("proxy", url) as proxy:
        refused = httpx.get(f"{proxy.url}/x")
        assert (502, True) == (refused.status_code, "TLS failed" in refused.text)
    with running("proxy", url, environment=environment) as proxy:
        assert "ok" == httpx.get(f"{proxy.url}/x").text
    with running("proxy", url, "--insecure") as proxy:
        assert "ok" == httpx.get(f"{proxy.url}/x").text
        assert [f"--insecure: the certificate of {url} is not verified"] == proxy.stop()


def test_missing_certificates(
    tmp_path: Path, refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sentence, not a traceback."""
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))

    assert "SSL_CERT_FILE" in refused("proxy", "https://shop.test")


def test_log_names_requests_and_no_credentials() -> None:
    """With --log-format json, the first line names both URLs."""
    with upstream() as raw:
        url = raw.url.replace("//", "//ann:p4ss@")
        with running("proxy", url, "--log-format", "json") as proxy:
            httpx.get(f"{proxy.url}/x?token=t0ken")
            lines = [proxy.banner, *proxy.stop()]

        first = json.loads(lines[0])
        assert f"in front of {raw.url}" in first["message"]
        assert f"{proxy.url}/" == first["console"]
        assert "/x?token=[redacted]" in "".join(lines)
        assert not [secret for secret in ("p4ss", "t0ken") if secret in "".join(lines)]
