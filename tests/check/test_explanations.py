"""Whatever the medusa dialect does unlike the contract has an explanation, in any combination."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.check.test_signs import EVIDENCE
from tests.conftest import served

from xclade_store_mock.app import create_app
from xclade_store_mock.check.backend import Backend
from xclade_store_mock.check.calls import CREATE, INITIALIZE, LIST, Request
from xclade_store_mock.check.situations import explain
from xclade_store_mock.dialects import DIALECTS

CALLS: dict[str, tuple[str, str, dict[str, Any]]] = {
    LIST: ("GET", "payment-providers", {}),
    CREATE: ("POST", "payment-collections", {"cart_id": "cart_demo"}),
    INITIALIZE: (
        "POST",
        "payment-collections/pay_col_demo/payment-sessions",
        {"provider_id": "pp_stripe_stripe"},
    ),
}
NAMES = ("limit", "offset", "fields", "order", "with_deleted", "locale", "", "a", "a.b", "a.b.c")
ODD_NAMES = ("fields[]", "limit[]", "limit.x", "toString", "__proto__", "[a]", "a[b]", ".", "é")
VALUES = ("", "0", "1", "-1", "1.5", "x", " 3", "٣", "null", "true", "id", "2147483648", "0x2")
KEYS = ("", "a b", '"', "é")

text = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=3)
parameters = st.tuples(st.sampled_from(NAMES + ODD_NAMES), st.sampled_from(VALUES) | text)
documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["", "\0", "\ud800"]) | text,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(text, inner, max_size=2),
    max_leaves=4,
)
extras = st.dictionaries(st.sampled_from(["data", "provider_id", "x"]), documents, max_size=2)


@st.composite
def requests(draw: st.DrawFn) -> Request:
    """Draw a valid request, and change some of its parts."""
    operation = draw(st.sampled_from([*CALLS]))
    method, path, body = CALLS[operation]
    query = draw(st.lists(parameters, max_size=3))
    if operation == LIST:
        query.append(("region_id", "reg_demo"))
    content = b""
    if body:
        # \ud800 stays an escape.
        content = json.dumps(body | draw(st.just({}) | extras)).encode()
    key = draw(st.none() | st.sampled_from(KEYS)) if operation == INITIALIZE else None
    headers = {} if key is None else {"idempotency-key": key}
    return Request(operation, method, f"/store/{path}?{urlencode(query)}", {}, headers, content)


@pytest.fixture(scope="module")
def backends() -> Iterator[list[Backend]]:
    """Serve the mock in both dialects."""
    with ExitStack() as stack:
        urls = [stack.enter_context(served(create_app(dialect=each))) for each in DIALECTS.values()]
        yield [Backend(url, "pk_demo", None, 10) for url in urls]


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(request=requests())
def test_each_difference_is_explained(backends: list[Backend], request: Request) -> None:
    """A response of another kind than that of the documented dialect is one that a row lists."""
    documented, medusa = (backend.send(request) for backend in backends)

    assert documented.response
    assert medusa.response
    kinds = [each.status // 100 for each in (documented.response, medusa.response)]
    if kinds[0] != kinds[1] or kinds[1] == 5:
        assert [*explain(medusa, EVIDENCE)]
