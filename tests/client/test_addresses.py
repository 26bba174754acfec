"""The address of a store."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.client.wire import KEY, URL, Desk, collection, open_store

from xclade_store import AsyncStoreClient, StoreClient

CONTRACT = Path(__file__).parents[2] / "openapi/store.yaml"


@pytest.mark.parametrize("face", [StoreClient, AsyncStoreClient])
@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ({}, ValueError),
        ({"base_url": URL, "tenant": "acme"}, ValueError),
        ({"base_url": ""}, ValueError),
        ({"base_url": "store.test"}, ValueError),
        ({"base_url": "//store.test"}, ValueError),
        ({"base_url": "/store"}, ValueError),
        ({"base_url": "ftp://store.test"}, ValueError),
        ({"base_url": "file:///etc/passwd"}, ValueError),
        ({"base_url": "localhost:9000"}, ValueError),
        ({"base_url": "http://"}, ValueError),
        ({"base_url": "http:///store"}, ValueError),
        ({"base_url": "http://:80"}, ValueError),
        ({"base_url": "http://store.test?a=1"}, ValueError),
        ({"base_url": "http://store.test/x?a"}, ValueError),
        ({"base_url": "http://store.test#a"}, ValueError),
        ({"base_url": "http://store.test?"}, ValueError),
        ({"base_url": "http://store.test/x#"}, ValueError),
        ({"base_url": "http://store.test:65536"}, ValueError),
        ({"base_url": "http://store.test:port"}, ValueError),
        ({"base_url": "http://[::1"}, ValueError),
        ({"base_url": "http://a..b"}, ValueError),
        ({"base_url": f"http://{'a' * 64}.test"}, ValueError),
        ({"base_url": "http://store.test\n"}, ValueError),
        ({"base_url": "http://\ud800.test"}, ValueError),
        ({"base_url": 5}, TypeError),
        ({"base_url": b"http://store.test"}, TypeError),
        ({"tenant": ""}, ValueError),
        ({"tenant": "ACME"}, ValueError),
        ({"tenant": "-acme"}, ValueError),
        ({"tenant": "acme-"}, ValueError),
        ({"tenant": "ac.me"}, ValueError),
        ({"tenant": "evil.test/"}, ValueError),
        ({"tenant": "evil.test#"}, ValueError),
        ({"tenant": "user@evil"}, ValueError),
        ({"tenant": "acme\n"}, ValueError),
        ({"tenant": "äcme"}, ValueError),
        ({"tenant": "a" * 64}, ValueError),
        ({"tenant": 5}, TypeError),
    ],
)
def test_bad_addresses(face: type, address: dict[str, Any], expected: type[Exception]) -> None:
    """A store has one address, over HTTP, with nothing after its path."""
    with pytest.raises(expected):
        face(publishable_key=KEY, **address)


@pytest.mark.parametrize("tenant", ["acme", "a", "0", "a-b", "a" * 63])
def test_a_tenant_is_the_contracts_server(tenant: str) -> None:
    """A tenant's store is where the contract's server template says."""
    (server,) = yaml.safe_load(CONTRACT.read_text("utf-8"))["servers"]
    expected = server["url"].replace("{tenant}", tenant)
    desk = Desk(collection())
    with open_store(desk, None, tenant=tenant) as store:
        store.create_payment_collection("cart_demo")

    assert f"https://{tenant}.api.myxclade.com" == expected
    assert f"{expected}/store/payment-collections" == str(desk.requests[0].url)


@pytest.mark.parametrize(
    ("base_url", "expected"),
    [
        ("http://store.test", "http://store.test/store/payment-collections"),
        ("http://store.test/", "http://store.test/store/payment-collections"),
        ("HTTPS://store.test:8443//", "https://store.test:8443/store/payment-collections"),
        ("http://store.test/api", "http://store.test/api/store/payment-collections"),
        ("http://store.test/api/v1/", "http://store.test/api/v1/store/payment-collections"),
        ("http://store.test/a%2Fb", "http://store.test/a%2Fb/store/payment-collections"),
        ("http://[::1]:9000", "http://[::1]:9000/store/payment-collections"),
    ],
)
def test_a_base_url_comes_before_the_operations_path(base_url: str, expected: str) -> None:
    """Its own path stays, and a slash at its end makes no difference."""
    desk = Desk(collection())
    with open_store(desk, base_url) as store:
        store.create_payment_collection("cart_demo")

    assert expected == str(desk.requests[0].url)
