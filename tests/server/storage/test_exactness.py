"""Data is stored and returned exactly, or refused: over real sockets, on every storage."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.conftest import KEY, served
from tests.databases import MEMORY, POSTGRESQL, SQLITE
from tests.server.wire import COLLECTIONS, JSON

from xclade_store_mock.app import create_app, utc_now
from xclade_store_mock.dialects import DOCUMENTED, MEDUSA
from xclade_store_mock.payments.seed import parse_store
from xclade_store_mock.storage import open_storage
from xclade_store_mock.storage.memory import MemoryStorage
from xclade_store_mock.web.dialect import Dialect

KEPT = {
    "zero": "[0,-0.0,0.0,0e5]",
    "smallest": "[5e-324,-5e-324,2.2250738585072014e-308]",
    "largest": "[1.7976931348623157e308,-1.7976931348623157E+308]",
    "beyond a double": "[9007199254740993,-9007199254740993,123456789012345678901234567890]",
    "whole": "[1.0,100,1e2,1E22,1e+23]",
    "fractions": "[0.1,0.30000000000000004,25.50,123456789.12345678]",
    "keys": r'{"__proto__":{"a":1},"constructor":2,"":3,"a.b":4,"$ref":"#/","\\u0000":5}',
    "order": '{"b":1,"a":2,"10":3,"9":4}',
    "our own names": '{"amount":1e22,"created_at":"never","sessions":[{"data":null}]}',
    "emoji": r'["🙂","\ud83d\ude42","👩‍👩‍👧","é","é","\u2028\u0001\u007f\ufeff\uffff"]',
    "quotes": r'["\"\\\/","\b\f\n\r\t","\\u0000","\\ud800",":a %s $1 ? \\x00"]',
    "deep": "[" * 198 + "]" * 198,
    "deep objects": '{"a":' * 197 + "1" + "}" * 197,
    "large": json.dumps([{"key": [number, {"x": "ü" * 20}]} for number in range(600)]),
    "larger": json.dumps("🙂" * 25_000, ensure_ascii=False),
}
STORE = parse_store(
    json.dumps(
        {
            "publishable_keys": [{"token": "pk_demo"}],
            "payment_providers": [{"id": "pp_system_default"}],
            "regions": [
                {"id": "reg", "currency_code": "usd", "payment_providers": ["pp_system_default"]}
            ],
            "carts": [
                {"id": f"cart_{each}", "region_id": "reg", "currency_code": "usd", "total": 1}
                for each in range(len(KEPT))
            ],
            "payment_collections": [
                {
                    "id": f"pay_col_{each}",
                    "cart_id": f"cart_{each}",
                    "currency_code": "usd",
                    "amount": 1,
                }
                for each in range(len(KEPT))
            ],
        }
    ),
    "store.json",
    utc_now(),
)
"""A payment collection for each of the values."""

CHARACTERS = st.characters() | st.sampled_from("\0\ud83d\ude42\u2028\"\\/'%$:?")
TEXTS = st.text(CHARACTERS, max_size=8)
NUMBERS = st.from_regex(
    r"\A-?(0|[1-9][0-9]{0,24})(\.[0-9]{1,20})?([eE][-+]?[0-9]{1,3})?\Z", alphabet="-+.eE0123456789"
)


def join(items: list[tuple[str, str]]) -> str:
    """Return a JSON object of keys and JSON texts."""
    return "{" + ",".join(f"{json.dumps(key)}:{value}" for key, value in items) + "}"


VALUES: st.SearchStrategy[str] = st.recursive(
    NUMBERS | TEXTS.map(json.dumps) | st.sampled_from(["null", "true", "false"]),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: f"[{','.join(items)}]")
        | st.lists(st.tuples(TEXTS, inner), max_size=3, unique_by=lambda it: it[0]).map(join)
    ),
    max_leaves=8,
)
"""JSON texts."""


@contextmanager
def serving(url: str, dialect: Dialect = DOCUMENTED) -> Iterator[httpx.Client]:
    """Serve a storage."""
    storage = MemoryStorage(STORE) if url == MEMORY else open_storage(url)
    app = create_app(storage=storage, dialect=dialect)
    with served(app) as address, httpx.Client(base_url=address, headers=KEY) as client:
        yield client


def reset(url: str) -> None:
    """Replace a database's contents by the store."""

    async def reset() -> None:
        storage = open_storage(url)
        await storage.reset(STORE)
        await storage.close()

    asyncio.run(reset())


@pytest.fixture(scope="module", params=[MEMORY, SQLITE, POSTGRESQL])
def url(request: pytest.FixtureRequest) -> str:
    """Return the URL of a storage that holds the store."""
    if request.param == MEMORY:
        return MEMORY
    url: str = request.getfixturevalue(f"shared_{request.param}")
    reset(url)
    return url


@pytest.fixture(scope="module")
def documented(url: str) -> Iterator[httpx.Client]:
    """Serve in the documented dialect."""
    with serving(url) as client:
        yield client


@pytest.fixture(scope="module")
def medusa(url: str) -> Iterator[httpx.Client]:
    """Serve in the medusa dialect."""
    with serving(url, MEDUSA) as client:
        yield client


def send(client: httpx.Client, data: str, number: int = 0) -> httpx.Response:
    """Initialize a session with this data."""
    content = f'{{"provider_id":"pp_system_default","data":{{"x":{data}}}}}'
    path = f"/store/payment-collections/pay_col_{number}/payment-sessions"
    return client.post(path, headers=JSON, content=content.encode())


def ask(client: httpx.Client, number: int = 0) -> bytes:
    """Read a payment collection."""
    response = client.post(COLLECTIONS, json={"cart_id": f"cart_{number}"})
    return response.raise_for_status().content


def exactly(text: str | bytes) -> Any:
    """Parse JSON without loss: every digit of a number, and the order of keys."""
    return json.loads(text, parse_float=_fraction, object_pairs_hook=tuple)


def _fraction(digits: str) -> tuple[bool, Decimal]:
    value = Decimal(digits)
    return value.is_signed(), value


def data_of(content: bytes) -> Any:
    """Return the exact data of the one session."""
    ((_, collection),) = exactly(content)
    (session,) = dict(collection)["payment_sessions"]
    ((_, data),) = dict(session)["data"]
    return data


@pytest.mark.parametrize("data", KEPT.values(), ids=KEPT)
def test_data_is_kept_exactly(documented: httpx.Client, data: str) -> None:
    """Accepted data is returned digit by digit, in the response and later."""
    answered = send(documented, data)

    assert (200, answered.content) == (answered.status_code, ask(documented))
    assert exactly(data) == data_of(answered.content)


@settings(
    max_examples=60,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(data=VALUES)
def test_any_data_is_kept_or_refused(documented: httpx.Client, data: str) -> None:
    """Any data is either stored exactly or refused."""
    before = ask(documented)
    answered = send(documented, data)

    if answered.status_code == 200:
        assert exactly(data) == data_of(answered.content)
        assert answered.content == ask(documented)
    else:
        assert (400, "invalid_data") == (answered.status_code, answered.json()["type"])
        assert before == ask(documented)


def test_data_outlasts_the_server(shared_database: str) -> None:
    """After a restart, every response has the same bytes."""
    reset(shared_database)
    with serving(shared_database) as client:
        before = [send(client, data, number).content for number, data in enumerate(KEPT.values())]
    with serving(shared_database) as client:
        after = [ask(client, number) for number in range(len(KEPT))]

    assert before == after
    assert [exactly(data) for data in KEPT.values()] == [data_of(each) for each in after]


@pytest.mark.parametrize(
    "data", [*KEPT.values(), "1e400", "0.1234567890123456789"], ids=[*KEPT, "null", "rounded"]
)
def test_medusa_rounds_to_doubles_once(medusa: httpx.Client, data: str) -> None:
    """In the medusa dialect, numbers are doubles: they stay as the first response shows them."""
    answered = send(medusa, data)

    assert (200, answered.content) == (answered.status_code, ask(medusa))


@pytest.mark.parametrize("data", [r'"\u0000"', r'{"\ud800":1}'], ids=["NUL", "lone surrogate"])
def test_medusa_fails_as_recorded_and_leaves_nothing(medusa: httpx.Client, data: str) -> None:
    """A real backend's database refuses them; the earlier session is restored, as recorded."""
    send(medusa, "1").raise_for_status()

    failed = send(medusa, data)

    assert (500, "unknown_error") == (failed.status_code, failed.json()["type"])
    assert 1 == data_of(ask(medusa))


@pytest.mark.parametrize(("cart_id", "in_medusa"), [("cart\0", 500), ("\ud800", 404)], ids=ascii)
def test_unstorable_ids(
    documented: httpx.Client, medusa: httpx.Client, cart_id: str, in_medusa: int
) -> None:
    """No cart can have such an id: it is refused, or fails as recorded in the medusa dialect."""
    content = json.dumps({"cart_id": cart_id})
    answers = [
        each.post(COLLECTIONS, headers=JSON, content=content) for each in (documented, medusa)
    ]

    assert [400, in_medusa] == [each.status_code for each in answers]
