"""What a finding says is true of the call that it shows."""

import json
from dataclasses import replace
from typing import Any

import pytest
from schemathesis.core.failures import AcceptedNegativeData

from xclade_store_mock.check import engine
from xclade_store_mock.check.calls import CREATE, Interaction, Response
from xclade_store_mock.check.findings import Judge, describe_violation
from xclade_store_mock.check.report import Cause, Finding
from xclade_store_mock.check.signs import Evidence
from xclade_store_mock.contract import load_contract
from xclade_store_mock.dialects import DOCUMENTED

CONTRACT = load_contract("store.yaml")
URL = "http://127.0.0.1:4010/store/payment-collections"
SESSION = {
    "id": "payses_1",
    "amount": 25.5,
    "currency_code": "usd",
    "provider_id": "pp_system_default",
    "data": {},
    "status": "pending",
}
COLLECTION = {
    "id": "pay_col_1",
    "currency_code": "usd",
    "amount": 25.5,
    "payment_sessions": [SESSION],
}


def respond(body: bytes, status: int = 200, query: str = "") -> Interaction:
    """Return a call to create a payment collection, with this response."""
    response = Response(status, {"content-type": "application/json"}, body)
    sent = {"x-publishable-api-key": "pk_demo", "content-type": "application/json"}
    return Interaction(CREATE, "POST", f"{URL}{query}", sent, b'{"cart_id": "cart_1"}', response)


def judge(call: Interaction, *failures: AcceptedNegativeData) -> list[str]:
    """Return the titles of what a call shows."""
    result = Judge(DOCUMENTED, Evidence("pk_demo", set(), CONTRACT))
    result.judge_call(engine.Tested(call, (), failures))
    return [f"{cause.shown.title}, {cause.shown.expected}" for cause in result.causes.values()]


def without(document: dict[str, Any], name: str) -> dict[str, Any]:
    """Return a document without a member."""
    return {each: value for each, value in document.items() if each != name}


@pytest.mark.parametrize(
    ("collection", "title"),
    [
        (COLLECTION, None),
        (without(COLLECTION, "amount"), "`payment_collection.amount` is missing"),
        (
            {**COLLECTION, "payment_sessions": [without(SESSION, "data")]},
            "`payment_collection.payment_sessions[].data` is missing",
        ),
        (
            {**COLLECTION, "payment_sessions": {}},
            '`payment_collection.payment_sessions`: {} is not of type "array"',
        ),
    ],
)
def test_violation_names_the_part(collection: dict[str, Any], title: str | None) -> None:
    """A collection that could be all or some fields is described as what it was meant to be."""
    found = judge(respond(json.dumps({"payment_collection": collection}).encode()))

    fits = "a response that fits the contract's schema"
    assert ([] if title is None else [f"{title}, {fits}"]) == found


@pytest.mark.parametrize(
    ("collection", "text"),
    [
        ({"id": "pay_col_1", "amount": "1"}, '`payment_collection.amount`: "1" is not of type'),
        ({**COLLECTION, "amount": "1"}, '`payment_collection.amount`: "1" is not of type'),
        ({"amount": 1}, "`payment_collection.id` is missing"),
    ],
)
def test_violation_is_of_the_branch_that_was_meant(collection: dict[str, Any], text: str) -> None:
    """With `fields`, what was not asked for is not called missing."""
    schema = CONTRACT.operations[CREATE].responses[200, "application/json"].validator
    (error,) = schema.iter_errors({"payment_collection": collection})

    assert describe_violation(error)[0].startswith(text)


def test_body_that_is_not_json_is_told_from_null() -> None:
    """The text `null` is JSON, so nothing else is said of it."""
    assert ["the response is not JSON, JSON"] == judge(respond(b"{"))
    assert [] == judge(respond(b"null"))


@pytest.mark.parametrize(
    ("query", "body", "expected"),
    [
        ("", b"{", "400, for body: the body is not a JSON object"),
        ("?x=1", b'{"cart_id": "cart_1"}', "400, for query: Unrecognized fields: 'x'"),
        (
            "",
            b'{"cart_id": 1}',
            "400, for body: Expected type: 'string' for field 'cart_id', got: '1'",
        ),
        ("", b'{"cart_id": "cart_1"}', None),
    ],
)
def test_invalid_parts_are_those_of_the_call(query: str, body: bytes, expected: str | None) -> None:
    """Only parts that break the contract are named; without any, there is no finding."""
    call = replace(respond(json.dumps({"payment_collection": COLLECTION}).encode()), body=body)
    said = "Invalid component: in body - invalid syntax: random bytes"
    failure = AcceptedNegativeData(
        operation="", message=said, status_code=200, expected_statuses=["400"]
    )

    found = judge(replace(call, url=URL + query), failure)

    title = "a request that breaks the contract is not refused"
    assert ([] if expected is None else [f"{title}, {expected}"]) == found


def test_shortest_call_keeps_its_own_description() -> None:
    """If a shorter call has the same cause, everything that is said is said of that call."""
    long, short = respond(b"", 200, "?limit=1.5"), respond(b"", 500, "?limit=-")
    accepted = Finding(CREATE, "paging", "accepted", "400", long, "paging", "200")
    fails = Finding(CREATE, "paging", "fails", "400", short, "paging", "500")
    cause = Cause(accepted)

    for found in (accepted, fails, fails):
        cause.add(found)

    assert fails == cause.shown
    assert (2, ["accepted"]) == (cause.calls, cause.also)


def test_another_method_is_no_success() -> None:
    """A response to `OPTIONS` does not show that the operation works."""
    result = Judge(DOCUMENTED, Evidence("pk_demo", set(), CONTRACT))
    result.note(replace(respond(b"POST"), method="OPTIONS"))
    result.require_success([CREATE])

    assert ["no call succeeded"] == [cause.shown.title for cause in result.causes.values()]


def test_odd_errors_are_judged() -> None:
    """The members of an error may be of any type."""
    call = respond(b'{"type": {}, "code": [], "message": "No."}', 400)

    assert [] == judge(call)
