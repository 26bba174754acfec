"""A call is made for one customer: it has one Authorization, and no cookies of another."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import httpx2
import pytest
from tests.client.echo import echo_store
from tests.client.wire import (
    CLIENTS,
    KEY,
    LIBRARIES,
    Desk,
    awaited,
    collection,
    entered,
    open_async_store,
    open_store,
    transport,
)

from xclade_store import AsyncStoreClient, BrokenAnswer, StoreClient

SESSION: tuple[str, str, dict[str, Any]] = ("pay_col_demo", "pp_system_default", {})
SIGNED_IN = collection()._replace(headers={"set-cookie": "user=alice; Path=/"})
WITH_PASSWORD = "http://user:pw@store.test"  # noqa: S105 - nobody's
HTTP_CLIENTS = {
    "httpx": (StoreClient, httpx.Client),
    "httpx-async": (AsyncStoreClient, httpx.AsyncClient),
    "httpx2": (StoreClient, httpx2.Client),
    "httpx2-async": (AsyncStoreClient, httpx2.AsyncClient),
}
each_client = pytest.mark.parametrize(("face", "make"), HTTP_CLIENTS.values(), ids=HTTP_CLIENTS)


@each_client
@pytest.mark.parametrize(
    ("base_url", "options", "sources"),
    [
        (WITH_PASSWORD, {}, "the credentials in base_url"),
        ("http://store.test", {"auth": ("user", "pw")}, r"http_client\.auth"),
        ("http://store.test", {"headers": {"Authorization": "Basic x"}}, r"http_client\.headers"),
    ],
)
def test_two_sources_of_authorization(
    face: Any, make: Callable[..., Any], base_url: str, options: dict[str, Any], sources: str
) -> None:
    """A customer's token next to other credentials is refused, also in as_customer()."""
    http = make(**options)
    with pytest.raises(ValueError, match=f"customer_token and {sources}") as raised:
        face(base_url, publishable_key=KEY, customer_token="t0ken", http_client=http)  # noqa: S106
    with pytest.raises(ValueError, match=f"customer_token and {sources}"):
        face(base_url, publishable_key=KEY, http_client=http).as_customer("t0ken")

    assert "t0ken" not in str(raised.value)


@each_client
def test_two_other_sources_of_authorization(face: Any, make: Callable[..., Any]) -> None:
    """So are credentials in base_url next to those of http_client."""
    with pytest.raises(ValueError, match=r"base_url and http_client\.auth"):
        face(WITH_PASSWORD, publishable_key=KEY, http_client=make(auth=("user", "pw")))


@pytest.mark.parametrize("library", LIBRARIES)
def test_one_source_of_authorization(library: Any) -> None:
    """Credentials for something in front of the store are sent when there is no customer."""
    desk = Desk(collection())
    open_store(desk, WITH_PASSWORD, library).create_payment_collection("cart_demo")

    assert desk.requests[0].headers["authorization"].startswith("Basic ")


def test_each_customer_has_a_view() -> None:
    """as_customer() sends the customer's token, over the connections of the client it is from."""
    desk = Desk(collection())
    store = open_store(desk, customer_token="first")  # noqa: S106 - made up
    with store.as_customer("second") as view:
        view.create_payment_collection("cart_demo")
        view.as_customer("third").create_payment_collection("cart_demo")
    view.create_payment_collection("cart_demo")
    store.create_payment_collection("cart_demo")

    assert ["Bearer second", "Bearer third", "Bearer second", "Bearer first"] == [
        each.headers["authorization"] for each in desk.requests
    ]
    assert repr(store) == repr(view)


@pytest.mark.parametrize(
    ("token", "fault"),
    [
        ("hunter2\n", "customer_token"),
        ("Bearer hunter2", "without 'Bearer '"),
        ("bearer hunter2", "without 'Bearer '"),
    ],
)
def test_a_bad_token_for_a_view(token: str, fault: str) -> None:
    """The token is checked, and not shown; the error says what to leave out."""
    with pytest.raises(ValueError, match=fault) as raised:
        open_store(Desk(collection())).as_customer(token)

    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize("face", CLIENTS)
def test_views_share_connections(face: Any) -> None:
    """A view neither opens nor closes a connection, and ends with the client it is from."""
    with echo_store() as echo:

        async def use() -> None:
            store = face(echo.url, publishable_key=KEY, retries=0)
            await awaited(store.initialize_payment_session(*SESSION))
            for token in ("a", "b", "c"):
                async with entered(store.as_customer(token)) as view:
                    await awaited(view.initialize_payment_session(*SESSION))
            await awaited(store.initialize_payment_session(*SESSION))
            await awaited(store.close())
            with pytest.raises(RuntimeError, match="closed"):
                await awaited(view.initialize_payment_session(*SESSION))

        asyncio.run(use())

    assert 1 == len(echo.processes)


@pytest.mark.parametrize("face", CLIENTS)
def test_our_own_clients_keep_no_cookies(face: Any) -> None:
    """The store's cookies are dropped."""
    with echo_store() as echo:

        async def use() -> None:
            async with entered(face(echo.url, publishable_key=KEY, retries=0)) as store:
                for token in ("a", "b"):
                    await awaited(store.as_customer(token).initialize_payment_session(*SESSION))
                connections = store._connections  # noqa: SLF001 - what is kept shows nowhere else
                assert {} == dict(connections.get().cookies)

        asyncio.run(use())

    assert [None] * 2 == echo.cookies


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("headers", [{}, {"cookie": "gateway=1"}])
def test_one_http_client_for_each_customers_client(library: Any, headers: dict[str, str]) -> None:
    """A cookie of http_client's headers is sent, those that it got from the store are not."""
    desk = Desk(SIGNED_IN)
    http = library.Client(transport=transport(desk, library), headers=headers)
    for token in ("alice", "bob"):
        store = StoreClient(
            "http://store.test", publishable_key=KEY, customer_token=token, http_client=http
        )
        store.create_payment_collection("cart_demo")
        store.create_payment_collection("cart_demo")

    assert "alice" == http.cookies["user"]
    assert [headers.get("cookie")] * 4 == [each.headers.get("cookie") for each in desk.requests]


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("make", [open_store, open_async_store])
def test_cookies_of_an_earlier_customer(library: Any, make: Any) -> None:
    """One http_client for two customers sends no cookie of the first to the second."""
    desk = Desk(SIGNED_IN)

    async def use() -> None:
        store = make(desk, library=library)
        for token in ("alice", "bob"):
            await awaited(store.as_customer(token).create_payment_collection("cart_demo"))

    asyncio.run(use())
    assert [None] * 2 == [each.headers.get("cookie") for each in desk.requests]


@pytest.mark.parametrize("library", LIBRARIES)
def test_an_http_client_that_follows_redirects(library: Any) -> None:
    """No redirect is followed: the key and the cookies are meant for one store."""
    desk = Desk(collection()._replace(status=307, headers={"location": "http://other.test/x"}))
    http = library.Client(transport=transport(desk, library), follow_redirects=True)
    store = StoreClient("http://store.test", publishable_key=KEY, http_client=http)
    with pytest.raises(BrokenAnswer, match=r"redirected to http://other\.test/x"):
        store.create_payment_collection("cart_demo")

    assert 1 == len(desk.requests)
