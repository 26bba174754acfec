"""The first calls: find ids, and report what cannot be checked."""

import re
import socket

import pytest
import requests
from tests.check.backends import Meddler, Request, Response
from tests.check.conftest import IDS, Check
from tests.client.faults import Line, bad_line
from tests.conftest import Serve, served

from xclade_store_mock.app import create_app
from xclade_store_mock.check.backend import explain_failure
from xclade_store_mock.check.calls import CREATE, INITIALIZE, LIST
from xclade_store_mock.dialects import DIALECTS
from xclade_store_mock.web.dialect import Dialect


def test_closed_port(check: Check) -> None:
    """A refused connection is reported."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    outcome = check(f"http://127.0.0.1:{port}", *IDS)

    message = f"http://127.0.0.1:{port}: connection refused: no server is listening there"
    assert (2, f"xclade-store-mock: {message}\n") == (outcome.code, outcome.err)


def greet(line: Line) -> None:
    """Respond as an SMTP server does."""
    line.read_request()
    line.connection.sendall(b"220 mail.example ready\r\n")


def test_not_http(check: Check) -> None:
    """A server that does not speak HTTP is reported."""
    with bad_line("http://unused", greet) as smtp:
        outcome = check(smtp.url, *IDS)

    assert 2 == outcome.code
    assert f"{smtp.url}: the response is not HTTP: 220 mail.example ready" in outcome.err


def test_no_tls(check: Check, serve: Serve) -> None:
    """A failure of TLS is reported."""
    outcome = check(serve().replace("http:", "https:"), *IDS)

    assert 2 == outcome.code
    assert ": TLS failed: " in outcome.err


def test_unknown_host() -> None:
    """A host name that does not resolve is reported."""
    error = requests.ConnectionError("[Errno -2] Name or service not known")
    error.__cause__ = socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    assert explain_failure(error, 10).startswith("the host name cannot be resolved: ")


def test_first_call_times_out(check: Check) -> None:
    """A backend that does not respond in time is reported."""
    with served(Meddler(create_app(), delay=lambda _: 3), is_store=False) as url:
        outcome = check(url, *IDS, "--timeout", "1")

    assert (2, f"xclade-store-mock: {url}: no response within 1 s\n") == (outcome.code, outcome.err)


def shop_page(_: Request, response: Response) -> None:
    """Return an HTML page."""
    response.status, response.body = 200, b"<!DOCTYPE html><p>Welcome"
    response.headers = {"content-type": "text/html"}


def gateway(_: Request, response: Response) -> None:
    """Return what a gateway returns if the backend is down."""
    response.status, response.body = 502, b"<h1>Bad Gateway"


def sign_in(_: Request, response: Response) -> None:
    """Redirect to a login page."""
    response.status = 302
    response.headers["location"] = "https://login.example/"


@pytest.mark.parametrize(
    ("meddle", "message"),
    [
        (shop_page, "{} is not a Store API: GET /store/payment-providers returns 200 text/html"),
        (gateway, "{}: a gateway responds, not the backend: 502 <h1>Bad Gateway"),
        (
            sign_in,
            "{} redirects to https://login.example/, which is not followed: check that URL instead",
        ),
    ],
)
def test_not_a_store_api(check: Check, meddle: object, message: str) -> None:
    """A server that is not the backend is reported, and not tested."""
    with served(Meddler(create_app(), meddle), is_store=False) as url:  # type: ignore[arg-type]
        outcome = check(url, *IDS)

    assert (2, f"xclade-store-mock: {message.format(url)}\n") == (outcome.code, outcome.err)


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)
def test_wrong_key(check: Check, serve: Serve, dialect: Dialect) -> None:
    """A refused key is reported in either dialect, but not shown."""
    url = serve(dialect=dialect)

    outcome = check(url, *IDS, key="pk_wrong")

    assert 2 == outcome.code
    assert outcome.err.startswith(f"xclade-store-mock: {url} refuses the publishable key: 40")
    assert "pk_wrong" not in outcome.out + outcome.err


def test_wrong_base_path(check: Check, serve: Serve) -> None:
    """A URL below the API's base path is reported."""
    outcome = check(f"{serve()}/store", *IDS)

    assert 2 == outcome.code
    assert "is not a Store API: GET /store/payment-providers returns 404" in outcome.err
    assert outcome.err.endswith("; give the URL without /store\n")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--cart-id", "cart_gone"), "404 not_found: Cart id not found: cart_gone. Are the ids"),
        (
            ("--collection-id", "pay_col_demo", "--provider-id", "pp_acme_acme"),
            "400 invalid_data: Payment provider pp_acme_acme is not enabled",
        ),
        (
            ("--region-id", "reg_gone", "--cart-id", "cart_demo"),
            "lists no payment provider for the region reg_gone: is its id right?",
        ),
        (
            ("--collection-id", "pay_col_free", "--provider-id", "pp_stripe_stripe"),
            "422 payment_authorization_error: ",
        ),
        ((), "there is nothing to test: list_payment_providers: needs a region, --region-id; "),
    ],
)
def test_wrong_ids(check: Check, serve: Serve, options: tuple[str, ...], message: str) -> None:
    """Ids that the backend refuses are reported before anything is tested."""
    outcome = check(serve(), *options)

    assert 2 == outcome.code
    assert message in outcome.err
    assert ".." not in outcome.err


@pytest.mark.parametrize(
    ("options", "tested", "not_tested"),
    [
        (
            ("--region-id", "reg_demo"),
            LIST,
            {
                CREATE: "needs a cart, --cart-id",
                INITIALIZE: "needs a payment collection, --collection-id, or --cart-id",
            },
        ),
        (
            ("--cart-id", "cart_demo"),
            CREATE,
            {
                LIST: "needs a region, --region-id",
                INITIALIZE: "needs a provider, --provider-id, or a region with the manual one,"
                " --region-id",
            },
        ),
        (
            ("--collection-id", "pay_col_demo", "--provider-id", "pp_stripe_stripe"),
            INITIALIZE,
            {LIST: "needs a region, --region-id", CREATE: "needs a cart, --cart-id"},
        ),
    ],
)
def test_operations_without_ids_are_not_tested(
    check: Check, serve: Serve, options: tuple[str, ...], tested: str, not_tested: dict[str, str]
) -> None:
    """They are listed with the ids that they need; the others are tested."""
    outcome = check(serve(), *options)

    assert (0, "") == (outcome.code, outcome.err)
    assert [tested] == re.findall(r"^(\w+) +[1-9]\d* +[1-9]\d* +0$", outcome.out, re.MULTILINE)
    listed = outcome.out.partition("Not tested:\n")[2].partition("\n\n")[0].splitlines()
    link = {f"the link from {CREATE} to {INITIALIZE}": "needs both"}
    assert not_tested | link == dict(line.strip().split(": ", 1) for line in listed)
    assert "; 3 things were not tested; --seed 1 " in outcome.out
