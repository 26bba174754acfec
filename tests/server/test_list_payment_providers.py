"""The operation list_payment_providers."""

from typing import Any

import httpx
import pytest
from tests.server.wire import PROVIDERS, Answer, answer, invalid, ok

STRIPE = {"id": "pp_stripe_stripe", "is_enabled": True}
SYSTEM = {"id": "pp_system_default", "is_enabled": True}
MOST = 2**31 - 1


@pytest.mark.parametrize(
    ("query", "page", "offset", "limit"),
    [
        ("", [STRIPE, SYSTEM], 0, 20),
        ("&limit=1", [STRIPE], 0, 1),
        ("&limit=1&offset=1", [SYSTEM], 1, 1),
        ("&offset=1", [SYSTEM], 1, 20),
        ("&offset=2", [], 2, 20),
        ("&limit=0", [], 0, 0),
        (f"&limit={MOST}", [STRIPE, SYSTEM], 0, MOST),
        (f"&offset={MOST}&limit={MOST}", [], MOST, MOST),
        ("&fields=id", [{"id": "pp_stripe_stripe"}, {"id": "pp_system_default"}], 0, 20),
        ("&fields=-is_enabled", [{"id": "pp_stripe_stripe"}, {"id": "pp_system_default"}], 0, 20),
        ("&fields=%2Bis_enabled&limit=1", [STRIPE], 0, 1),
    ],
)
def test_returns_a_page_in_the_order_of_ids(
    unchanged: httpx.Client, query: str, page: list[Any], offset: int, limit: int
) -> None:
    """The count includes the providers of all pages."""
    body = {"payment_providers": page, "count": 2, "offset": offset, "limit": limit}

    assert ok(body) == answer(unchanged.get(f"{PROVIDERS}?region_id=reg_demo{query}"))


def test_unknown_region_has_no_providers(unchanged: httpx.Client) -> None:
    """For an unknown region, the list is empty."""
    body = {"payment_providers": [], "count": 0, "offset": 0, "limit": 20}

    assert ok(body) == answer(unchanged.get(PROVIDERS, params={"region_id": "reg_gone"}))


def test_requires_a_key(unchanged: httpx.Client) -> None:
    """A request without a publishable key is refused."""
    keyless = {"x-publishable-api-key": ""}
    response = unchanged.get(f"{PROVIDERS}?region_id=reg_demo", headers=keyless)

    assert Answer(401, "text/plain", "Unauthorized") == answer(response)


@pytest.mark.parametrize(
    ("query", "violation"),
    [
        ("", "Field 'region_id' is required"),
        ("region_id=", "Field 'region_id': \"\" is shorter than 1 character"),
        ("region_id=a&region_id=b", "Expected type: 'string' for field 'region_id', got: 'a,b'"),
    ],
)
def test_region_is_required(unchanged: httpx.Client, query: str, violation: str) -> None:
    """A missing, empty or repeated region is refused."""
    assert invalid(violation) == answer(unchanged.get(f"{PROVIDERS}?{query}"))


@pytest.mark.parametrize("name", ["limit", "offset"])
@pytest.mark.parametrize(
    ("value", "violation"),
    [
        ("-1", "Field '{}': -1 is less than the minimum of 0"),
        ("2147483648", "Field '{}': 2147483648 is greater than the maximum of 2147483647"),
        ("9" * 30, f"Expected type: 'integer' for field '{{}}', got: '{'9' * 30}'"),
        ("ten", "Expected type: 'integer' for field '{}', got: 'ten'"),
        ("1.5", "Expected type: 'integer' for field '{}', got: '1.5'"),
        ("1.0", "Expected type: 'integer' for field '{}', got: '1.0'"),
        ("1e1", "Expected type: 'integer' for field '{}', got: '1e1'"),
        ("", "Expected type: 'integer' for field '{}', got: ''"),
        ("%20", "Expected type: 'integer' for field '{}', got: ' '"),
        ("٣", "Expected type: 'integer' for field '{}', got: '٣'"),
    ],
)
def test_limit_and_offset_are_integers(
    unchanged: httpx.Client, name: str, value: str, violation: str
) -> None:
    """`limit` and `offset` are integers of at least 0, up to the contract's maximum."""
    response = unchanged.get(f"{PROVIDERS}?region_id=reg_demo&{name}={value}")

    assert invalid(violation.format(name)) == answer(response)
