"""Violations of the contract by requests, in the wording of the recorded backend."""

import httpx
import pytest
from tests.server.wire import COLLECTIONS, JSON, PROVIDERS, SESSIONS, SYSTEM, answer, invalid


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "null"),
        (5, "5"),
        (5.0, "5"),
        (-1.5, "-1.5"),
        (1e21, "1e+21"),
        (1e-7, "1e-7"),
        (0.000001, "0.000001"),
        (True, "true"),
        (False, "false"),
        ([], ""),
        (["a", 1, None, [True, {}]], "a,1,,true,[object Object]"),
        ({}, "[object Object]"),
        ({"provider_id": "x"}, "[object Object]"),
    ],
)
def test_provider_id_is_a_string(unchanged: httpx.Client, value: object, shown: str) -> None:
    """A value of another type is printed as in JavaScript."""
    response = unchanged.post(SESSIONS, json={"provider_id": value})

    assert invalid(f"Expected type: 'string' for field 'provider_id', got: '{shown}'") == answer(
        response
    )


@pytest.mark.parametrize(
    ("value", "shown"), [(None, "null"), (5, "5"), (True, "true"), (["x", 1], "x,1"), ("x", "x")]
)
def test_data_is_an_object(unchanged: httpx.Client, value: object, shown: str) -> None:
    """The recorded backend calls an object a record."""
    response = unchanged.post(SESSIONS, json={**SYSTEM, "data": value})

    assert invalid(f"Expected type: 'record' for field 'data', got: '{shown}'") == answer(response)


@pytest.mark.parametrize(
    ("body", "violations"),
    [
        ({**SYSTEM, "context": {}}, ["Unrecognized fields: 'context'"]),
        ({**SYSTEM, "foo": 1, "bar": None}, ["Unrecognized fields: 'foo, bar'"]),
        (
            {"Provider_Id": "x"},
            ["Field 'provider_id' is required", "Unrecognized fields: 'Provider_Id'"],
        ),
        (
            {"foo": 1, "provider_id": 3, "data": 2},
            [
                "Expected type: 'string' for field 'provider_id', got: '3'",
                "Expected type: 'record' for field 'data', got: '2'",
                "Unrecognized fields: 'foo'",
            ],
        ),
    ],
)
def test_reports_all_violations_of_a_body(
    unchanged: httpx.Client, body: object, violations: list[str]
) -> None:
    """Several violations are one error, with unrecognized fields last."""
    assert invalid(*violations) == answer(unchanged.post(SESSIONS, json=body))


def test_reports_at_most_three_violations(unchanged: httpx.Client) -> None:
    """The fourth violation is omitted."""
    response = unchanged.get(PROVIDERS, params={"limit": "a", "offset": "b", "foo": "c"})

    assert invalid(
        "Field 'region_id' is required",
        "Expected type: 'integer' for field 'limit', got: 'a'",
        "Expected type: 'integer' for field 'offset', got: 'b'",
    ) == answer(response)


@pytest.mark.parametrize(
    ("query", "violation"),
    [
        ("foo=1", "Unrecognized fields: 'foo'"),
        ("foo", "Unrecognized fields: 'foo'"),
        ("foo=1&bar=2", "Unrecognized fields: 'foo, bar'"),
        ("Fields=id", "Unrecognized fields: 'Fields'"),
        ("fields[]=id", "Unrecognized fields: 'fields[]'"),
        ("fields=id&fields=amount", "Expected type: 'string' for field 'fields', got: 'id,amount'"),
        ("fields=id&fields=id", "Expected type: 'string' for field 'fields', got: 'id,id'"),
    ],
)
@pytest.mark.parametrize(
    ("path", "body"), [(SESSIONS, SYSTEM), (COLLECTIONS, {"cart_id": "cart_demo"})]
)
def test_query_has_each_known_parameter_at_most_once(
    unchanged: httpx.Client, path: str, body: object, query: str, violation: str
) -> None:
    """An unknown or repeated parameter is refused, not ignored."""
    assert invalid(violation) == answer(unchanged.post(f"{path}?{query}", json=body))


def test_body_is_checked_before_query(unchanged: httpx.Client) -> None:
    """If both are invalid, the violation of the body is reported (recorded)."""
    assert invalid("Field 'provider_id' is required") == answer(
        unchanged.post(f"{SESSIONS}?foo=1", json={})
    )


@pytest.mark.parametrize(
    ("body", "violation"),
    [
        ({}, "Field 'cart_id' is required"),
        ({"cart_id": None}, "Expected type: 'string' for field 'cart_id', got: 'null'"),
        ({"cart_id": "cart_demo", "region_id": "x"}, "Unrecognized fields: 'region_id'"),
    ],
)
def test_creating_requires_only_a_cart_id(
    unchanged: httpx.Client, body: object, violation: str
) -> None:
    """The body of create_payment_collection is checked as well."""
    assert invalid(violation) == answer(unchanged.post(COLLECTIONS, json=body))


@pytest.mark.parametrize("nested", ["[" * 190 + "]" * 190, '{"a":' * 190 + "1" + "}" * 190])
def test_deep_value_of_a_wrong_type(unchanged: httpx.Client, nested: str) -> None:
    """A deeply nested value is reported only as the wrong type."""
    content = f'{{"provider_id": {nested}}}'
    response = unchanged.post(SESSIONS, content=content, headers=JSON)

    assert 400 == response.status_code
    assert "Expected type: 'string' for field 'provider_id'" in response.json()["message"]


def test_body_of_a_get_is_ignored(unchanged: httpx.Client) -> None:
    """An operation without a body ignores one."""
    query = {"region_id": "reg_demo"}
    response = unchanged.request("GET", PROVIDERS, params=query, content=b"x" * 200_000)

    assert 200 == response.status_code


def test_violations_come_in_the_order_of_the_contract(unchanged: httpx.Client) -> None:
    """The order of the request does not matter: provider_id, data, then unknown fields."""
    assert invalid(
        "Field 'provider_id' is required",
        "Expected type: 'record' for field 'data', got: '1'",
        "Unrecognized fields: 'a'",
    ) == answer(unchanged.post(SESSIONS, json={"a": 1, "data": 1}))
