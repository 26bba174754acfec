"""Valid store files."""

import gc
import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from xclade_store_mock.payments.model import (
    Cart,
    PaymentCollection,
    PaymentProvider,
    PublishableKey,
    Region,
    Settings,
    Store,
)
from xclade_store_mock.payments.seed import StoreFileError, demo_store, parse_store, read_store

NOW = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)

YAML = """
publishable_keys:
  - token: pk_web # the shop
    title: Web
  - {token: pk_old, revoked: true}
payment_providers:
  - id: pp_system_default
  - {id: pp_stripe_stripe, is_enabled: false, installed: false}
regions:
  - id: reg_us
    name: United States
    currency_code: usd
    payment_providers: [pp_system_default, pp_stripe_stripe]
carts:
  - {id: cart_1, region_id: reg_us, currency_code: usd, total: 25.50}
payment_collections:
  - {id: pay_col_1, cart_id: cart_1, currency_code: usd, amount: 25.50}
  - {id: pay_col_2, currency_code: jpy, amount: 1500, status: authorized}
cors_origins: [https://shop.example]
"""
STORE = Store(
    Settings(
        publishable_keys={
            "pk_web": PublishableKey("pk_web", "Web"),
            "pk_old": PublishableKey("pk_old", "", revoked=True),
        },
        payment_providers={
            "pp_system_default": PaymentProvider("pp_system_default"),
            "pp_stripe_stripe": PaymentProvider(
                "pp_stripe_stripe", is_enabled=False, installed=False
            ),
        },
        regions={"reg_us": Region("reg_us", "usd", ("pp_system_default", "pp_stripe_stripe"))},
        cors_origins=("https://shop.example",),
    ),
    carts={"cart_1": Cart("cart_1", "reg_us", "usd", Decimal("25.50"))},
    payment_collections={
        "pay_col_1": PaymentCollection("pay_col_1", "cart_1", "usd", Decimal("25.50"), NOW, NOW),
        "pay_col_2": PaymentCollection(
            "pay_col_2", None, "jpy", Decimal(1500), NOW, NOW, "authorized"
        ),
    },
)


def with_amount(amount: str) -> str:
    """Return a store file with one collection of this amount."""
    collection = f"{{id: c, currency_code: usd, amount: {amount}}}"
    return (
        "publishable_keys: []\npayment_providers: []\nregions: []\n"
        f"payment_collections: [{collection}]\n"
    )


def test_reads_yaml(tmp_path: Path) -> None:
    """A YAML file defines keys, providers, regions, carts, collections and origins."""
    path = tmp_path / "store.yaml"
    path.write_text(YAML, "utf-8")

    assert STORE == read_store(path, NOW)


@pytest.mark.parametrize("indent", [None, 2])
def test_reads_json(tmp_path: Path, indent: int | None) -> None:
    """The same store can be written as JSON."""
    path = tmp_path / "store.json"
    path.write_text(json.dumps(yaml.safe_load(YAML), indent=indent), "utf-8")

    assert STORE == read_store(path, NOW)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("0", "0"),
        ("25.5", "25.5"),
        ("25.50", "25.50"),
        ("1e2", "1e2"),
        ("1.5E+3", "1500"),
        ("25e-1", "2.5"),
        ("0.1", "0.1"),
        ("123456789012345678.90", "123456789012345678.90"),
        ("12345678901234567.890", "12345678901234567.89"),
    ],
)
def test_amounts_are_exact(written: str, expected: str) -> None:
    """An amount is the decimal as written, not the nearest float."""
    amount = parse_store(with_amount(written), "s.yaml", NOW).payment_collections["c"].amount

    assert Decimal(expected) == amount
    assert isinstance(amount, Decimal)


def test_plain_words_are_text() -> None:
    """Words that YAML 1.1 reads as booleans, dates or sexagesimal numbers are text."""
    text = """
        publishable_keys: [{token: no, title: 2026-01-15}]
        payment_providers: [{id: pp_1}]
        regions: [{id: yes, name: 12:30:45, currency_code: nok, payment_providers: [pp_1]}]
        customers: [{id: on, token: 0x10, first_name: 1_000, last_name: 2026-01-15}]
        """
    store = parse_store(text, "s.yaml", NOW)

    assert {"no": PublishableKey("no", "2026-01-15")} == store.settings.publishable_keys
    assert {"yes": Region("yes", "nok", ("pp_1",))} == store.settings.regions
    (customer,) = store.settings.customers.values()
    assert ("on", "0x10", "1_000", "2026-01-15") == (
        customer.id,
        customer.token,
        customer.first_name,
        customer.last_name,
    )


def test_anchors_and_merge_keys() -> None:
    """Anchors and merge keys work; a cart's own keys override merged ones."""
    text = """
        publishable_keys: []
        payment_providers: []
        regions: [{id: &region reg_us, currency_code: usd, payment_providers: []}]
        carts:
          - &base {id: cart_1, region_id: *region, currency_code: usd, total: 25.5}
          - &free {<<: *base, id: cart_2, total: 0}
          - {<<: *free, id: cart_3}
          - {<<: [*free, *base], id: cart_4}
        """
    carts = parse_store(text, "s.yaml", NOW).carts.values()

    assert {"reg_us"} == {cart.region_id for cart in carts}
    assert [Decimal("25.5"), Decimal(0), Decimal(0), Decimal(0)] == [cart.total for cart in carts]


def test_smallest_store_file() -> None:
    """Carts and collections are optional; without origins, every origin may call."""
    store = parse_store("{publishable_keys: [], payment_providers: [], regions: []}", "s", NOW)

    assert Store(Settings({}, {}, {})) == store


def test_demo_store_loads() -> None:
    """The demo store has a cart with a collection, a free one, and one without a collection."""
    store = demo_store(NOW)

    assert ["pk_demo"] == [*store.settings.publishable_keys]
    assert ["cart_demo", "cart_free", "cart_new"] == [*store.carts]
    assert {"pay_col_demo": Decimal("25.5"), "pay_col_free": Decimal(0)} == {
        each.id: each.amount for each in store.payment_collections.values()
    }


def test_repr_hides_tokens() -> None:
    """A key's repr does not contain its token."""
    assert "pk_web" not in repr(PublishableKey("pk_web", "Web"))


@pytest.mark.parametrize("indent", [None, 2, "\t"])
def test_json_is_read_as_json(indent: Any) -> None:
    """JSON that is not YAML is valid: tabs, escaped surrogate pairs."""
    content = {
        "publishable_keys": [{"token": "pk", "title": "\U0001f600"}],
        "payment_providers": [],
        "regions": [],
    }
    store = parse_store(json.dumps(content, indent=indent), "store.json", NOW)

    assert "\U0001f600" == store.settings.publishable_keys["pk"].title


def test_error_in_json_names_its_line() -> None:
    """Malformed and invalid JSON is reported with its line."""
    with pytest.raises(StoreFileError, match=r"^store.json:2: Expecting"):
        parse_store('{"regions":\n', "store.json", NOW)
    with pytest.raises(StoreFileError, match=r'^store.json:2: regions: 5 is not of type "array"'):
        parse_store(
            '{"publishable_keys": [], "payment_providers": [],\n"regions": 5}', "store.json", NOW
        )


@pytest.mark.parametrize("enabled", [True, False])
@pytest.mark.parametrize("total", ["25.5", "much"])
def test_garbage_collection_pauses(total: str, *, enabled: bool) -> None:
    """The collector does not visit what was read again and again, and is then as before."""
    cart = f"  - {{id: cart_%d, region_id: reg_us, currency_code: usd, total: {total}}}\n"
    carts = "".join(cart % number for number in range(2, 2_000))
    collected: list[str] = []

    def remember(phase: str, _: Mapping[str, int]) -> None:
        collected.append(phase)

    gc.callbacks.append(remember)
    try:
        if not enabled:
            gc.disable()
        with suppress(StoreFileError):
            parse_store(YAML.replace("payment_c", f"{carts}payment_c", 1), "s.yaml", NOW)
        was_enabled = gc.isenabled()
    finally:
        gc.enable()
        gc.callbacks.remove(remember)

    assert enabled == was_enabled
    assert len(collected) < 20
