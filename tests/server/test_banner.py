"""The banner that `serve` prints."""

import asyncio
from datetime import UTC, datetime

from msgspec.structs import replace

from xclade_store_mock.cli.banner import banner as describe
from xclade_store_mock.payments.model import Cart, PublishableKey, Store
from xclade_store_mock.payments.seed import demo_store
from xclade_store_mock.storage.memory import MemoryStorage

URL = "http://127.0.0.1:4010"


def demo() -> Store:
    """Return the demo store."""
    return demo_store(datetime(2026, 1, 15, tzinfo=UTC))


def banner(store: Store, url: str) -> str:
    """Describe a store in memory."""
    return asyncio.run(describe(MemoryStorage(store), url))


def test_lists_what_the_store_contains() -> None:
    """Each kind has a line; collections are listed with their amounts."""
    first, second = f"Store API    {URL}  (reference: {URL}/docs)", "Key          pk_demo"

    lines = banner(demo(), URL).splitlines()

    assert [first, second] == lines[:2]
    assert "Regions      reg_demo" in lines
    assert "Collections  pay_col_demo (25.5 usd), pay_col_free (0 usd)" in lines


def test_shortens_long_lists() -> None:
    """The banner shows five of a kind, and counts the rest."""
    carts = {
        f"c{n}": Cart(f"c{n}", "reg_demo", "usd", demo().carts["cart_demo"].total) for n in range(7)
    }

    assert "Carts        c0, c1, c2, c3, c4 and 2 more" in banner(replace(demo(), carts=carts), URL)


def test_examples_use_a_valid_key() -> None:
    """The banner neither lists nor uses a revoked key."""
    keys = {
        token: PublishableKey(token, "", revoked=revoked)
        for token, revoked in (("pk_old", True), ("pk_new", False))
    }

    store = demo()
    settings = replace(store.settings, publishable_keys=keys)
    text = banner(replace(store, settings=settings), URL)

    assert "pk_old" not in text
    assert "x-publishable-api-key: pk_new" in text


def test_has_no_examples_without_a_collection() -> None:
    """There are no examples if the store could not serve them."""
    text = banner(replace(demo(), payment_collections={}), URL)

    assert "curl" not in text
    assert "StoreClient" not in text
