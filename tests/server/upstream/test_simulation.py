"""The mock in front of a store: it simulates payments for the carts that the store has."""

import asyncio
import json
import tracemalloc
from typing import Any

import httpx
import pytest
from starlette.types import Message, Receive, Scope, Send
from tests.conftest import Serve
from tests.server.upstream.backend import KEY, REGION, SmallStore
from tests.server.upstream.recorded_stores import playing, recorded

from xclade_store_mock.app import create_app, utc_now
from xclade_store_mock.control.access import Access
from xclade_store_mock.dialects import DIALECTS
from xclade_store_mock.payments.model import Region, Settings, Store
from xclade_store_mock.storage.memory import MemoryStorage
from xclade_store_mock.upstream.learning import MOST_KNOWN, Learner
from xclade_store_mock.upstream.simulation import OneStore, selects_collection

COLLECTIONS = "/store/payment-collections"
PROVIDERS = "/store/payment-providers"


@pytest.fixture
def behind() -> SmallStore:
    """Return the store behind the mock."""
    return SmallStore()


def in_front_of(behind: SmallStore, **options: Any) -> dict[str, Any]:
    """Return the options of `create_app` that put the mock in front of a store."""
    return {"store": Store(Settings()), "backend": behind, **options}


def in_process(behind: SmallStore) -> httpx.AsyncClient:
    """Return a client of a mock in the test's own event loop."""
    transport = httpx.ASGITransport(create_app(**in_front_of(behind)))
    return httpx.AsyncClient(transport=transport, base_url="http://mock", headers=KEY)


@pytest.fixture
def mock(serve: Serve, behind: SmallStore) -> Any:
    """Yield a client of the mock, with the key of the store behind it."""
    url = serve(**in_front_of(behind, added_providers=["pp_added_added"], control=Access()))
    with httpx.Client(base_url=url, headers=KEY) as client:
        yield client


def initialize(mock: httpx.Client, cart_id: str, provider_id: str) -> Any:
    """Create a cart's payment collection with one session, and return it."""
    created = mock.post(COLLECTIONS, json={"cart_id": cart_id}).raise_for_status()
    path = f"{COLLECTIONS}/{created.json()['payment_collection']['id']}/payment-sessions"
    answer = mock.post(path, json={"provider_id": provider_id}).raise_for_status()
    return answer.json()["payment_collection"]


def test_a_storefront_pays_for_its_cart(mock: httpx.Client, behind: SmallStore) -> None:
    """The store's carts show the mock's payments, which follow the carts' totals."""
    cart = mock.post("/store/carts").json()["cart"]
    before = mock.get("/store/carts/cart_1").json()["cart"]
    collection = initialize(mock, "cart_1", "pp_stripe_stripe")
    after = mock.get("/store/carts/cart_1").json()["cart"]
    changed = mock.post("/store/carts/cart_1", json={"total": 10}).json()["cart"]
    removed = mock.delete("/store/carts/cart_1/line-items/line_1").json()["parent"]

    assert "payment_collection" not in cart.keys() | before.keys()
    assert 25.5 == collection["amount"]
    assert collection.items() <= after["payment_collection"].items()
    assert {"value": "25.5", "precision": 20} == after["payment_collection"]["raw_amount"]
    shown = [each["payment_collection"] for each in (changed, removed)]
    assert [(10, []), (0, [])] == [(it["amount"], it["payment_sessions"]) for it in shown]
    # The key and the cart came by; only the region's providers had to be asked for.
    assert ["reg_1", "reg_1&offset=2"] == [
        each.partition("region_id=")[2] for each in behind.asked if each.startswith("GET /store/p")
    ]
    assert not any("limit=1" in each for each in behind.asked)


def test_it_asks_for_what_did_not_come_by(mock: httpx.Client, behind: SmallStore) -> None:
    """A key, a cart and a region's providers, page by page; each of them once."""
    behind.carts["cart_7"] = 40

    collection = initialize(mock, "cart_7", "pp_acme_acme")
    listed = mock.get(PROVIDERS, params={"region_id": REGION}).json()

    assert 40 == collection["amount"]
    assert {"pp_acme_acme", "pp_added_added", "pp_stripe_stripe", "pp_system_default"} == {
        each["id"] for each in listed["payment_providers"]
    }
    assert [
        "GET /store/regions?limit=1",
        "GET /store/carts/cart_7",
        "GET /store/payment-providers?region_id=reg_1",
        "GET /store/payment-providers?region_id=reg_1&offset=2",
    ] == behind.asked


@pytest.mark.parametrize(
    ("key", "path", "body", "status"),
    [
        ("pk_other", PROVIDERS, None, 401),
        ("", PROVIDERS, None, 401),
        ("pk_live", COLLECTIONS, {"cart_id": "cart_lost"}, 404),
        ("pk_live", COLLECTIONS, {"cart_id": "../regions?x=1#"}, 404),
        ("pk_live", f"{COLLECTIONS}/pay_col_lost/payment-sessions", {"provider_id": "pp"}, 404),
    ],
)
def test_what_the_store_does_not_have_is_refused(
    mock: httpx.Client, key: str, path: str, body: Any, status: int
) -> None:
    """An unknown key, cart or collection is the documented refusal."""
    method = "GET" if body is None else "POST"
    query = {"region_id": REGION} if body is None else {}
    headers = {"x-publishable-api-key": key}

    assert (
        status == mock.request(method, path, params=query, json=body, headers=headers).status_code
    )


@pytest.mark.parametrize("status", [301, 429, 500, 503])
def test_a_failure_of_the_store_is_no_refusal(
    mock: httpx.Client, behind: SmallStore, status: int
) -> None:
    """If the store cannot tell, the mock returns 502, and asks again later."""
    behind.status = status
    failed = mock.get(PROVIDERS, params={"region_id": REGION})
    behind.status = None
    worked = mock.get(PROVIDERS, params={"region_id": REGION})

    assert (502, 200) == (failed.status_code, worked.status_code)
    assert "unexpected_state" == failed.json()["type"]
    assert str(status) in failed.json()["message"]


@pytest.mark.parametrize("coding", ["", "gzip"])
def test_nothing_else_changes(mock: httpx.Client, behind: SmallStore, coding: str) -> None:
    """Without a change to make, the bytes are the store's; with one, all other values are."""
    behind.coding = coding
    mock.post("/store/carts")
    products = mock.get("/store/products", params={"limit": 1000})
    cart = mock.get("/store/carts/cart_1", headers={"Accept-Encoding": "br, gzip"})

    assert {"cart": None, "products": [{"id": "prod_1"}] * 1000} == products.json()
    assert coding == products.headers.get("content-encoding", "")
    assert "etag" in products.headers
    assert (
        b'{"cart":{"id":"cart_1","region_id":"reg_1","currency_code":"eur","total":25.50,'
        b'"raw":1.10e1,"note":"\\u00e4 \xe2\x82\xac"},"more":[ 1.0 ]}' == cart.content
    )
    assert "etag" not in cart.headers
    assert "gzip" == behind.accepted  # what the mock can read, too


def test_a_large_response_is_not_kept_back() -> None:
    """Beyond a megabyte nothing is inspected, so a response of any size takes no more memory."""
    passed: list[Message] = []
    before_the_end = 0

    async def respond(_scope: Scope, _receive: Receive, send: Send) -> None:
        nonlocal before_the_end
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b" " * 2**20, "more_body": True})
        await send({"type": "http.response.body", "body": b" ", "more_body": True})
        before_the_end = len(passed)
        await send({"type": "http.response.body", "body": b"{}"})

    async def keep(message: Message) -> None:
        passed.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    key = [(name.encode(), value.encode()) for name, value in KEY.items()]
    scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": key}
    learner = Learner(SmallStore(respond), MemoryStorage(Store(Settings())), utc_now)
    asyncio.run(OneStore(learner)(scope, receive, keep))

    assert 2 == before_the_end
    assert 2**20 + 3 == sum(len(message.get("body", b"")) for message in passed)


def test_a_cart_is_never_reported_as_unchanged(mock: httpx.Client, behind: SmallStore) -> None:
    """The store's 304 would hide the payment collection that the mock has since."""
    mock.post("/store/carts")

    for path, status in (("/store/products", 304), ("/store/carts/cart_1", 200)):
        mock.get(path)
        assert status == mock.get(path, headers={"If-None-Match": behind.etag}).status_code


@pytest.mark.parametrize(
    ("fields", "is_selected"),
    [
        (None, True),
        ("", False),
        ("id,total", False),
        ("id,payment_collection.id", True),
        ("id,+payment_collection", True),
        ("*items, *region, +items.total", True),
        ("*payment_collection.payment_sessions", True),
        ("payment_collection.*", True),
        ("+total,-payment_collection", False),
        ("+total, -payment_collection,payment_collection.id", False),
        ("-payment_collection.amount", True),
        ("-payment_collection.*", True),
        ("id,-payment_collection.amount", False),
        ("id,payment_collection.raw_amount", True),
        ("id,*payment_collection.unknown.name", True),
        ("id,payment_collections", False),
    ],
)
def test_fields_select_the_collection(fields: str | None, *, is_selected: bool) -> None:
    """As in Medusa: names replace the defaults, entries with a modifier change them."""
    assert is_selected is selects_collection(fields)


def test_a_cart_without_its_collection_selected_stays_as_it_is(mock: httpx.Client) -> None:
    """The mock sets the collection only where the request selects it."""
    mock.post("/store/carts")
    initialize(mock, "cart_1", "pp_system_default")

    cart = mock.get("/store/carts/cart_1", params={"fields": "id,total"}).json()["cart"]

    assert "pay_col_theirs" == cart["payment_collection"]["id"]


def test_a_change_that_the_response_does_not_show_is_asked_for(
    mock: httpx.Client, behind: SmallStore
) -> None:
    """A storefront may select only the id of the cart that it changes."""
    mock.post("/store/carts")
    mock.post("/store/carts/cart_1", params={"fields": "id"}, json={"total": 99})

    assert 99 == initialize(mock, "cart_1", "pp_system_default")["amount"]
    assert 1 == behind.asked.count("GET /store/carts/cart_1")


def test_parallel_questions_are_asked_once(behind: SmallStore) -> None:
    """Two requests that need the same cart wait for one response of the store."""

    async def create_at_once() -> list[httpx.Response]:
        behind.carts["cart_7"] = 40
        behind.gate.clear()
        async with in_process(behind) as mock:
            calls = [mock.post(COLLECTIONS, json={"cart_id": "cart_7"}) for _ in range(5)]
            creating = asyncio.gather(*calls)
            await behind.arrived.wait()
            behind.gate.set()
            return await creating

    ids = {each.json()["payment_collection"]["id"] for each in asyncio.run(create_at_once())}

    assert 1 == len(ids)
    assert ["GET /store/regions?limit=1", "GET /store/carts/cart_7"] == behind.asked


@pytest.mark.parametrize("others", [0, MOST_KNOWN])
def test_a_slow_read_does_not_undo_a_change(behind: SmallStore, others: int) -> None:
    """A response that the store made before a change may arrive after it, and many others."""

    async def change_while_reading() -> float:
        behind.carts["cart_7"] = 40
        async with in_process(behind) as mock:
            await mock.get("/store/carts/cart_7")
            behind.gate.clear()
            behind.arrived.clear()
            reading = asyncio.ensure_future(mock.get("/store/carts/cart_7"))
            await behind.arrived.wait()
            for id_ in ("cart_7", *(f"cart_other_{number}" for number in range(others))):
                await mock.post(f"/store/carts/{id_}?fields=id", json={"total": 99})
            behind.gate.set()
            await reading
            created = await mock.post(COLLECTIONS, json={"cart_id": "cart_7"})
            amount: float = created.json()["payment_collection"]["amount"]
            return amount

    assert 99 == asyncio.run(change_while_reading())


def test_changes_of_carts_are_bounded(behind: SmallStore) -> None:
    """Thousands more take no more memory."""
    learner = Learner(behind, MemoryStorage(Store(Settings())), utc_now)

    async def change(first: int) -> int:
        for number in range(first, first + 2 * MOST_KNOWN):
            await learner.doubt_cart(f"cart_{number}")
        return tracemalloc.get_traced_memory()[0]

    async def change_twice() -> tuple[int, int]:
        return await change(0), await change(2 * MOST_KNOWN)

    tracemalloc.start()
    before, after = asyncio.run(change_twice())
    tracemalloc.stop()

    assert after < before + 10 * MOST_KNOWN  # each would take a hundred bytes


def test_keys_and_regions_are_bounded(behind: SmallStore) -> None:
    """The latest are kept, and those of the seed."""
    regions = [f"reg_{number}" for number in range(MOST_KNOWN + 2)]
    seeded = Settings(regions={regions[0]: Region(regions[0], "eur", ())})
    storage = MemoryStorage(Store(seeded))

    async def learn() -> Settings:
        app = create_app(**in_front_of(behind, store=Store(seeded), storage=storage))
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://mock") as mock:
            for region in [*regions, regions[1]]:
                await mock.get(PROVIDERS, params={"region_id": region}, headers=KEY)
        learner = Learner(behind, storage, utc_now)
        for number in range(MOST_KNOWN + 2):
            await learner.learn_key(f"pk_{number}")
        return await storage.settings()

    settings = asyncio.run(learn())

    assert {regions[0], *regions[3:], regions[1]} == {*settings.regions}
    assert {"pk_live", *(f"pk_{number}" for number in range(2, MOST_KNOWN + 2))} == {
        *settings.publishable_keys
    }
    assert 2 == behind.asked.count(f"GET {PROVIDERS}?region_id={regions[1]}")


def test_faults_journal_and_reset_work_in_front_of_a_store(
    mock: httpx.Client, behind: SmallStore
) -> None:
    """Forwarded requests are recorded in the journal, and a reset forgets what was learned."""
    mock.post("/store/carts")
    mock.post("/_mock/faults", json={"path": "/store/carts", "answer": {"status": 503}})
    failed = mock.get("/store/carts/cart_1")
    journal = mock.get("/_mock/journal").json()["entries"]
    known = mock.get("/_mock/carts").json()["count"]
    mock.post("/_mock/reset")

    assert 503 == failed.status_code
    assert [("POST", 200, []), ("GET", 503, [])] == [
        (each["method"], each["status"], each["violations"]) for each in journal
    ]
    assert (1, 0) == (known, mock.get("/_mock/carts").json()["count"])
    assert {} == behind.carts


@pytest.mark.parametrize("dialect", DIALECTS)
def test_pages_of_any_origin_may_call(serve: Serve, behind: SmallStore, dialect: str) -> None:
    """Browsers ask before they delete a line item, or create a payment collection."""
    url = serve(**in_front_of(behind, dialect=DIALECTS[dialect]))
    origin = "http://shop.test"

    for method, path in (("DELETE", "/store/carts/c/line-items/l"), ("POST", COLLECTIONS)):
        asked = {"Origin": origin, "Access-Control-Request-Method": method}
        answer = httpx.options(f"{url}{path}", headers=asked)
        is_medusas = "medusa" == dialect and path == COLLECTIONS
        assert (204 if is_medusas else 200) == answer.status_code
        assert origin == answer.headers["access-control-allow-origin"]
        assert method in answer.headers["access-control-allow-methods"]
    refused = httpx.get(f"{url}/store/products", headers={"Origin": origin})
    assert origin == refused.headers["access-control-allow-origin"]


def test_the_pages_are_the_mocks_own(serve: Serve, behind: SmallStore) -> None:
    """The reference, the contract and the control API never reach the store, be it off."""
    url = serve(**in_front_of(behind))

    statuses = [
        httpx.get(f"{url}{path}").status_code
        for path in ("/docs/", "/openapi.json", "/_mock/ready", "/_mock/state")
    ]

    assert ([200, 200, 200, 404], []) == (statuses, behind.asked)


def test_a_recording_starts_again_with_a_reset(serve: Serve) -> None:
    """After a reset, the first recorded response comes first again."""
    recording = recorded("checkout")
    url = serve(**playing(recording), control=Access())
    cart = recording.cases[5].request.target

    def total() -> float:
        found: float = json.loads(httpx.get(f"{url}{cart}").content)["cart"]["total"]
        return found

    before = total()
    httpx.post(f"{url}{cart}/line-items")
    changed = total()
    httpx.post(f"{url}/_mock/reset")

    assert (0, 21.98, 0) == (before, changed, total())
