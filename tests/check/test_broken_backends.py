"""Broken backends: each fault is found and described."""

import re
from collections.abc import Callable

import pytest
from tests.check.backends import Meddler, Request, Response
from tests.check.conftest import IDS, Check
from tests.conftest import served

from xclade_store_mock.app import create_app
from xclade_store_mock.check.calls import INITIALIZE, OPERATIONS


def untidy(request: Request, response: Response) -> None:
    """Return 201; omit the currency; return JSON with a 401."""
    if response.status == 401:
        response.headers["content-type"] = "application/json"
        response.body = b'{"type": "unauthorized", "message": "Unauthorized"}'
    elif request.path.endswith("-providers") and response.status == 200:
        response.status = 201
    elif b'"payment_sessions"' in response.body and not request.query:
        response.edit(lambda document: document["payment_collection"].pop("currency_code", None))


def careless(request: Request, response: Response) -> None:
    """Return a count in words, errors without a type and truncated collections."""
    if b'"count"' in response.body:
        response.edit(lambda document: document.update(count="two"))
    elif request.method == "POST" and response.status == 400:
        response.body = b'{"message": "No."}'
    elif request.path.endswith("-sessions") and response.status == 200:
        response.body = response.body[:-1]


def failing(request: Request, response: Response) -> None:
    """Return 500 for each session, and a redirect for each collection."""
    if request.path.endswith("-sessions"):
        response.status = 500
        response.body = b'{"type": "unknown_error", "message": "Oh."}'
    elif request.path.endswith("-collections"):
        response.status = 307
        response.headers["location"] = "http://127.0.0.1:1/elsewhere"


def found(out: str) -> dict[tuple[str, str], tuple[str, str]]:
    """Return what each finding expected and received, by operation and title."""
    pattern = (
        r"^\d+\. (\w+): (.+)\n   expected  (.+)\n   received  (.+)\n"
        r"(?:   also .+\n)?   calls     [1-9]"
    )
    findings = re.findall(pattern, out, re.MULTILINE)
    return {(operation, title): (expected, got) for operation, title, expected, got in findings}


UNTIDY = """\
create_payment_collection, initialize_payment_session: `payment_collection.currency_code` is missing
   expected  a response that fits the contract's schema
   received  200 application/json {

ALL: publishable key missing or blank
   expected  401 text/plain, `Unauthorized`
   received  401 application/json {

list_payment_providers: media type of JSON
   expected  200 application/json
   received  201 application/json {""".replace("ALL", ", ".join(OPERATIONS))

CARELESS = """\
list_payment_providers: `count`: "two" is not of type "integer"
   expected  a response that fits the contract's schema
   received  200 application/json {

create_payment_collection, initialize_payment_session: `type` is missing
   expected  a response that fits the contract's schema
   received  400 application/json {"message": "No."}

initialize_payment_session: the response is not JSON
   expected  JSON
   received  200 application/json {"""

FAILING = """\
create_payment_collection: wrong method
   expected  405 `not_allowed`
   received  307 application/json {

initialize_payment_session: the backend fails
   expected  no server error
   received  500 application/json {

initialize_payment_session: the backend fails
   expected  no server error
   received  500 text/plain {"""


@pytest.mark.parametrize(
    ("meddle", "faults"), [(untidy, UNTIDY), (careless, CARELESS), (failing, FAILING)]
)
def test_faults_are_found(
    check: Check, meddle: Callable[[Request, Response], None], faults: str
) -> None:
    """One fault is one finding: it names the operations, the expected and the received response."""
    with served(Meddler(create_app(), meddle), is_store=False) as url:
        outcome = check(url, *IDS, "--collection-id", "pay_col_demo")

    assert (1, "") == (outcome.code, outcome.err)
    assert [] == [fault for fault in faults.split("\n\n") if f". {fault}" not in outcome.out]
    assert "\n4. " not in outcome.out


def test_unchecked_key_is_found(check: Check) -> None:
    """A backend that accepts any key, or none, is one finding for all operations."""

    def accept_any_key(request: Request) -> None:
        request.headers["x-publishable-api-key"] = "pk_demo"

    with served(Meddler(create_app(), forge=accept_any_key), is_store=False) as url:
        outcome = check(url, *IDS)

    assert 1 == outcome.code
    assert f"1. {', '.join(OPERATIONS)}: publishable key missing or blank\n" in outcome.out
    assert "; a call without a valid key is not refused" in outcome.out
    assert "\n2. " not in outcome.out
    # The call that is shown has no key: with one, it would succeed rightly.
    assert "pk_demo" not in outcome.out
    assert "XCLADE_PUBLISHABLE_KEY" not in re.findall("   repeat .+", outcome.out)[0]


def test_timeout_is_found(check: Check) -> None:
    """A call that gets no response in time is a finding; the other calls go on."""

    def delay(request: Request) -> float:
        return 2 if b"1e400" in request.body else 0

    with served(Meddler(create_app(), delay=delay), is_store=False) as url:
        outcome = check(url, *IDS, "--timeout", "1")

    assert 1 == outcome.code
    assert {(INITIALIZE, "no response"): ("a response", "no response within 1 s")} == found(
        outcome.out
    )
