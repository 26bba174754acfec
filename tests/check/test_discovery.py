"""The first calls: find ids, and report what cannot be checked."""

import json
import re
import socket

import pytest
from tests.check.backends import Meddler, Request, Response
from tests.check.conftest import IDS, Check
from tests.client.faults import Line, bad_line
from tests.conftest import Serve, served
from tests.server.control.conftest import serving

from xclade_store_mock.app import StoreMockApp, create_app
from xclade_store_mock.check.calls import CREATE, INITIALIZE, LIST
from xclade_store_mock.control.access import Access
from xclade_store_mock.dialects import DIALECTS, MEDUSA
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


def moved(_: Request, response: Response) -> None:
    """Redirect to another machine."""
    response.status = 301
    response.headers["location"] = "https://shop.example/"


@pytest.mark.parametrize(
    ("meddle", "message"),
    [
        (shop_page, "{} is not a Store API: GET /store/payment-providers returns 200 text/html"),
        (gateway, "{}: a gateway responds, not the backend: 502 <h1>Bad Gateway"),
        (
            moved,
            "{} redirects to https://shop.example/, which is not followed: check that URL instead",
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
                CREATE: "needs a cart, --cart-id or --create-cart",
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
            {
                LIST: "needs a region, --region-id",
                CREATE: "needs a cart, --cart-id or --create-cart",
            },
        ),
    ],
)
def test_operations_without_ids_are_not_tested(
    check: Check, serve: Serve, options: tuple[str, ...], tested: str, not_tested: dict[str, str]
) -> None:
    """They are listed with the ids that they need; the others are tested."""
    outcome = check(serve(), *options)

    assert (3, "") == (outcome.code, outcome.err)
    assert [tested] == re.findall(r"^(\w+) +[1-9]\d* +[1-9]\d* +0$", outcome.out, re.MULTILINE)
    listed = outcome.out.partition("Not tested:\n")[2].partition("\n\n")[0].splitlines()
    link = {f"the link from {CREATE} to {INITIALIZE}": "needs both"}
    assert not_tested | link == dict(line.strip().split(": ", 1) for line in listed)
    assert "; 3 things were not tested; --seed 1 " in outcome.out


def test_mock_provides_ids(check: Check) -> None:
    """Without ids, the mock's own are tested."""
    with serving(create_app(control=Access())) as mock:
        outcome = check(mock.url)

    assert (0, "") == (outcome.code, outcome.err)
    assert "Not tested" not in outcome.out


class Medusa(Meddler):
    """Also lists regions and creates carts, as Medusa does."""

    def __init__(self, app: StoreMockApp) -> None:
        super().__init__(app, self.extend)

    def extend(self, request: Request, response: Response) -> None:
        """Respond where the mock has no operation."""
        documents = {
            ("GET", "/store/regions"): {"regions": [{"id": "reg_stripe"}, {"id": "reg_demo"}]},
            ("POST", "/store/carts"): {"cart": {"id": "cart_demo"}},
            ("GET", "/store/carts/cart_demo"): {
                "cart": {"id": "cart_demo", "region_id": "reg_demo"}
            },
        }
        document = documents.get((request.method, request.path))
        if document is not None:
            response.status, response.body = 200, json.dumps(document).encode()


@pytest.mark.parametrize("options", [("--create-cart",), ("--cart-id", "cart_demo")])
def test_medusa_provides_ids(check: Check, options: tuple[str, ...]) -> None:
    """The region is that of the cart, or the first with the manual provider."""
    backend = Medusa(create_app())
    with served(backend, is_store=False) as url:
        outcome = check(url, *options)

    assert (0, "") == (outcome.code, outcome.err)
    assert b"region_id=reg_demo" in {each.query for each in backend.seen}
    created = [each.document for each in backend.seen if each.path == "/store/carts"]
    assert ([{"region_id": "reg_demo"}] if options[0] == "--create-cart" else []) == created


def test_cart_that_cannot_be_created(check: Check, serve: Serve) -> None:
    """A failure to create a cart ends the check."""
    outcome = check(serve(), "--region-id", "reg_demo", "--create-cart")

    assert 2 == outcome.code
    assert (
        'cannot create a cart: POST /store/carts with {"region_id": "reg_demo"}: 404 not_found'
    ) in outcome.err


@pytest.mark.parametrize("dialect", DIALECTS)
def test_refusing_provider_is_no_finding(check: Check, serve: Serve, dialect: str) -> None:
    """If the provider refuses, as Stripe does an amount of 0, sessions are not tested."""
    ids = ("--region-id", "reg_demo", "--cart-id", "cart_free", "--provider-id", "pp_stripe_stripe")

    outcome = check(serve(dialect=DIALECTS[dialect]), *ids, "--dialect", dialect)

    assert (3, "") == (outcome.code, outcome.err), outcome.out
    assert (
        f"{INITIALIZE}: the provider pp_stripe_stripe refuses, or is not installed:" in outcome.out
    )
    assert (dialect == "medusa") == ("   provider refuses: 500 `unknown_error`" in outcome.out)


def test_wrong_collection_of_medusa(check: Check, serve: Serve) -> None:
    """Medusa's 500 for an unknown collection is recognized, though it names neither id."""
    options = ("--collection-id", "pay_col_gone", "--dialect", "medusa")

    outcome = check(serve(dialect=MEDUSA), "--region-id", "reg_demo", *options)

    assert 2 == outcome.code
    assert outcome.err.endswith(
        "500 unknown_error: An unknown error occurred. Are the ids right?\n"
    )
