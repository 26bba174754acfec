"""Backends with something wrong: it is found, and told in plain words."""

import re
from collections.abc import Callable

import pytest
from tests.check.backends import Meddler, Request, Response
from tests.check.conftest import IDS, Check
from tests.conftest import served

from xclade_store_mock.app import create_app

LIST = "list_payment_providers"
CREATE = "create_payment_collection"
INITIALIZE = "initialize_payment_session"


def untidy(request: Request, response: Response) -> None:
    """Answer 201; forget the currency; say in JSON that somebody is not authorized."""
    if response.status == 401:
        response.headers["content-type"] = "application/json"
        response.body = b'{"type": "unauthorized", "message": "Unauthorized"}'
    elif request.path.endswith("-providers") and response.status == 200:
        response.status = 201
    elif b'"payment_sessions"' in response.body:
        response.edit(lambda document: document["payment_collection"].pop("currency_code", None))


def careless(request: Request, response: Response) -> None:
    """Count in words; refuse without a type; cut collections with a session short."""
    if b'"count"' in response.body:
        response.edit(lambda document: document.update(count="two"))
    elif request.method == "POST" and response.status == 400:
        response.body = b'{"message": "No."}'
    elif request.path.endswith("-sessions") and response.status == 200:
        response.body = response.body[:-1]


def failing(request: Request, response: Response) -> None:
    """Fail at every session; send whoever creates a collection elsewhere."""
    if request.path.endswith("-sessions"):
        response.status = 500
        response.body = b'{"type": "unknown_error", "message": "Oh."}'
    elif request.path.endswith("-collections"):
        response.status = 307
        response.headers["location"] = "http://127.0.0.1:1/elsewhere"


def found(out: str) -> dict[tuple[str, str], tuple[str, str]]:
    """Read the findings: what was expected and what came, by operation and title."""
    pattern = r"^\d+\. (\w+): (.+)\n   expected  (.+)\n   came      (.+)\n   calls     [1-9]"
    findings = re.findall(pattern, out, re.MULTILINE)
    return {(operation, title): (expected, came) for operation, title, expected, came in findings}


@pytest.mark.parametrize(
    ("meddle", "faults"),
    [
        (
            untidy,
            [
                (
                    LIST,
                    "a status that the contract does not have",
                    "one of 200, 400, 401, 500",
                    "201 application/json {",
                ),
                (
                    LIST,
                    "publishable key missing or blank",
                    "401 text/plain, `Unauthorized`",
                    "401 application/json {",
                ),
                (
                    CREATE,
                    "a media type that the contract does not have",
                    "text/plain",
                    "401 application/json {",
                ),
                (
                    INITIALIZE,
                    "a default field is missing or wrong, though `fields` does not ask for that",
                    '"currency_code" is a required property',
                    "200 application/json {",
                ),
            ],
        ),
        (
            careless,
            [
                (
                    LIST,
                    "the answer breaks the contract's schema",
                    '"two" is not of type "integer" (at count)',
                    "200 application/json {",
                ),
                (
                    CREATE,
                    "body is not JSON: the answer breaks the contract's schema",
                    '"type" is a required property',
                    '400 application/json {"message": "No."}',
                ),
                (
                    INITIALIZE,
                    "the answer is not JSON",
                    "JSON: Expecting ',' delimiter",
                    "200 application/json {",
                ),
            ],
        ),
        (
            failing,
            [
                (
                    CREATE,
                    "a status that the contract does not have",
                    "one of 200, 400, 401, 404, 413, 415, 500",
                    "307 application/json {",
                ),
                (INITIALIZE, "the backend fails", "no server error", "500 application/json {"),
                (
                    INITIALIZE,
                    "no call succeeded",
                    "200 for the ids that were given or found",
                    "500 application/json {",
                ),
            ],
        ),
    ],
)
def test_faults_are_found(
    check: Check,
    meddle: Callable[[Request, Response], None],
    faults: list[tuple[str, str, str, str]],
) -> None:
    """Each finding names the operation and the fault, what was expected, and what came."""
    with served(Meddler(create_app(), meddle), is_store=False) as url:
        outcome = check(url, *IDS, "--collection-id", "pay_col_demo")

    assert (1, "") == (outcome.code, outcome.err)
    findings = found(outcome.out)
    for operation, title, expected, came in faults:
        told_expected, told_came = findings[operation, title]
        assert expected == told_expected
        assert told_came.startswith(came)


def test_unchecked_key_is_found(check: Check) -> None:
    """A backend that takes every key, and none, is found out for each operation."""

    def anyone(request: Request) -> None:
        request.headers["x-publishable-api-key"] = "pk_demo"

    with served(Meddler(create_app(), forge=anyone), is_store=False) as url:
        outcome = check(url, *IDS)

    assert 1 == outcome.code
    findings = found(outcome.out)
    for operation in (LIST, CREATE, INITIALIZE):
        expected, came = findings[operation, "API accepts requests without authentication"]
        assert "401" == expected
        assert came.startswith("200 application/json {")


def test_silence_is_found(check: Check) -> None:
    """A call that gets no answer in time is a finding; the others go on."""

    def delay(request: Request) -> float:
        return 2 if b"1e400" in request.body else 0

    with served(Meddler(create_app(), delay=delay), is_store=False) as url:
        outcome = check(url, *IDS, "--timeout", "1")

    assert 1 == outcome.code
    assert {(INITIALIZE, "no answer"): ("an answer", "no answer within 1 s")} == found(outcome.out)
