"""The control API is as strict as the Store API."""

from typing import Any

import pytest
from tests.server.control.served import Served

from xclade_store_mock.contract import load_contract
from xclade_store_mock.web.bodies import MAX_BODY

CART = {"region_id": "reg_demo", "currency_code": "usd", "total": 1}
PATHS = load_contract("control.yaml").document["paths"]
OUTCOME = "/payment-providers/pp_stripe_stripe/outcome"
SESSION = "/payment-collections/pay_col_demo/payment-sessions/payses_1"
THREE_MISSING = "; ".join(f"Field '{name}' is required" for name in CART)
DEEP = "Expected type: 'string' for field 'payment_providers, 0', got: '1'"
METHODS = ("GET", "PUT", "POST", "PATCH", "DELETE")


@pytest.fixture(autouse=True)
def _nothing_changes(mock: Served) -> Any:
    """Check in every test that a refused request changes nothing."""
    before = everything(mock)
    yield
    assert before == everything(mock)


def everything(mock: Served) -> Any:
    """Return the state."""
    state = mock.control.get("/state").json()
    state["clock"].pop("now")
    paths = ("/carts", "/payment-collections", "/faults")
    return state, [mock.control.get(path).json() for path in paths]


@pytest.mark.parametrize(
    ("method", "path", "body", "violations"),
    [
        ("PUT", "/carts/c", {}, THREE_MISSING),
        ("PUT", "/carts/c", {**CART, "total": "1"}, "Expected type: 'number' for field 'total'"),
        ("PUT", "/carts/c", {**CART, "x": 1, "y": 2}, "Unrecognized fields: 'x, y'"),
        ("PUT", "/carts/c", [], "Field '' is required"),
        ("PUT", "/carts/c", {**CART, "currency_code": "USD"}, "Field 'currency_code' does not"),
        ("PUT", f"/carts/{'c' * 256}", CART, "Field 'id': "),
        ("PUT", "/carts/%00", CART, r"Field 'id' does not have the form ^[^/\u0000]+$"),
        ("PUT", "/regions/r", {"currency_code": "usd", "payment_providers": [1]}, DEEP),
        ("POST", "/faults", {}, "One of the fields 'answer, broken, delay' is required"),
        ("POST", "/faults", {"answer": {}}, "Field 'answer, status' is required"),
        (
            "POST",
            "/faults",
            {"answer": {"status": 200}},
            "Field 'answer, status': 200 is less than",
        ),
        ("POST", "/faults", {"answer": {"status": 400, "x": 1}}, "Unrecognized fields: 'x'"),
        ("POST", "/faults", {"broken": "gone"}, "Field 'broken': "),
        ("POST", "/faults", {"delay": 600_001}, "Field 'delay': "),
        ("POST", "/faults", {"delay": 1, "times": 0}, "Field 'times': "),
        ("POST", "/faults", {"delay": 1, "operation_id": "pay"}, "Field 'operation_id': "),
        ("PUT", OUTCOME, {"result": "lost"}, "Field 'result': "),
        ("PATCH", SESSION, {"status": "Paid"}, "Field 'status' does not have the form"),
        ("GET", "/carts?limit=1001", None, "Field 'limit': 1001 is greater than the maximum"),
        ("GET", "/carts?limit=x", None, "Expected type: 'integer' for field 'limit', got: 'x'"),
        ("GET", "/journal?since=-1", None, "Field 'since': "),
        ("GET", "/journal?foo=1", None, "Unrecognized fields: 'foo'"),
    ],
)
def test_violations_name_their_place(
    mock: Served, method: str, path: str, body: Any, violations: str
) -> None:
    """Violations are worded as in the Store API, at most three of them."""
    response = mock.control.request(method, path, json=body)

    assert (400, "invalid_data") == (response.status_code, response.json()["type"])
    assert response.json()["message"].startswith(f"Invalid request: {violations}")


@pytest.mark.parametrize(
    ("status", "content", "media_type"),
    [
        (400, b"{", "application/json"),
        (400, b'{"a": NaN}', "application/json"),
        (400, b'{"region_id": "\\u0000"}', "application/json"),
        (400, b"\xff", "application/json"),
        (413, b" " * (MAX_BODY + 1), "application/json"),
        (415, b"a=b", "application/x-www-form-urlencoded"),
        (415, b"{}", ""),
    ],
)
def test_invalid_bodies(mock: Served, status: int, content: bytes, media_type: str) -> None:
    """Invalid JSON and other bodies are refused as in the Store API."""
    headers = {"Content-Type": media_type}

    response = mock.control.put("/carts/c", headers=headers, content=content)

    assert (status, "invalid_data") == (response.status_code, response.json()["type"])


@pytest.mark.parametrize("path", PATHS)
def test_wrong_method(mock: Served, path: str) -> None:
    """A wrong method is a 405 in JSON with Allow."""
    allowed = {method.upper() for method in PATHS[path]}
    for method in set(METHODS) - allowed:
        response = mock.control.request(method, path)

        assert (405, "not_allowed") == (response.status_code, response.json()["type"])
        result = set(response.headers["Allow"].split(", "))
        assert allowed == result - {"HEAD"}


@pytest.mark.parametrize("path", ["/nothing", "/state/", "/carts/a/b", "/carts/a%2Fb", "/State"])
def test_unknown_path(mock: Served, path: str) -> None:
    """An unknown path is a 404 in JSON, in every dialect."""
    response = mock.control.get(path)

    assert (404, "not_found") == (response.status_code, response.json()["type"])
