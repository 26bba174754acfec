"""Proxies and certificates from the environment."""

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest
from tests.client.conftest import Authority
from tests.client.echo import echo_store
from tests.client.faults import bad_line, say
from tests.client.wire import CLIENTS, KEY, awaited, collection, entered

from xclade_store import StoreClient
from xclade_store.environment import http_settings
from xclade_store_mock.testing import StoreMock

SESSION: tuple[str, str, dict[str, Any]] = ("pay_col_demo", "pp_system_default", {})
VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")
HOSTILE = {
    "HTTP_PROXY": "http://127.0.0.1:1",
    "ALL_PROXY": "socks5h://127.0.0.1:1",
    "NO_PROXY": "[::1],fd07:b51a:cc66::/64",
    "SSL_CERT_FILE": "/no/such/file.pem",
}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Start each test without any of the variables."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    return monkeypatch


@pytest.mark.parametrize("face", CLIENTS)
@pytest.mark.parametrize(
    ("variable", "value", "base_url"),
    [
        ("HTTP_PROXY", "ftp://127.0.0.1", "http://store.test"),
        ("http_proxy", "http://[::1", "http://store.test"),
        ("HTTP_PROXY", "http://user:hunter2:x@proxy:port", "http://store.test"),
        ("HTTPS_PROXY", "socks4://hunter2@127.0.0.1", "https://store.test"),
        ("ALL_PROXY", "socks5h://127.0.0.1:1080", "http://store.test"),
        ("ALL_PROXY", "socks5://127.0.0.1:1080", "https://store.test"),
        ("SSL_CERT_FILE", "/no/such/file.pem", "https://store.test"),
        ("SSL_CERT_FILE", __file__, "https://store.test"),
        ("SSL_CERT_DIR", "/no/such/folder", "https://store.test"),
        ("SSLKEYLOGFILE", "/no/such/folder/keys", "https://store.test"),
    ],
)
def test_a_bad_environment(
    environment: pytest.MonkeyPatch, face: type, variable: str, value: str, base_url: str
) -> None:
    """The constructor raises one ValueError, which names the variable and no password."""
    environment.setenv(variable, value)
    with pytest.raises(ValueError, match=variable) as raised:
        face(base_url, publishable_key=KEY)

    assert type(raised.value) is ValueError
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])
@pytest.mark.parametrize("prefix", ["http://", ""])
def test_a_proxy(environment: pytest.MonkeyPatch, variable: str, prefix: str) -> None:
    """Calls go through the proxy."""
    with bad_line("http://unused", say(200, collection().content)) as proxy:
        environment.setenv(variable, proxy.url.replace("http://", prefix))
        with StoreClient("http://store.test", publishable_key=KEY, retries=0) as store:
            store.create_payment_collection("cart_demo")

        assert 1 == proxy.connections


@pytest.mark.parametrize(
    ("no_proxy", "base_url", "direct"),
    [
        ("", "http://store.test", False),
        ("store.test", "http://store.test", True),
        (".test", "http://store.test", True),
        ("other.test, store.test", "http://store.test", True),
        ("*", "http://store.test", True),
        ("ore.test", "http://store.test", False),
        ("[::1", "http://store.test", False),
        ("192.0.2.0/24", "http://192.0.2.7", True),
        ("192.0.2.7", "http://192.0.2.7:9000", True),
        ("192.0.3.0/24", "http://192.0.2.7", False),
        ("fd07:b51a:cc66::/64", "http://[fd07:b51a:cc66::1]:9000", True),
        ("[fd07:b51a:cc66::1]", "http://[fd07:b51a:cc66::1]:9000", True),
        ("fd07:b51a:cc66::2", "http://[fd07:b51a:cc66::1]:9000", False),
        ("", "http://localhost:9000", True),
        ("", "http://store.localhost", True),
        ("", "http://127.0.0.2", True),
        ("", "http://[::1]:9000", True),
        ("", "http://localhost.test", False),
    ],
)
def test_hosts_without_a_proxy(
    environment: pytest.MonkeyPatch, no_proxy: str, base_url: str, *, direct: bool
) -> None:
    """NO_PROXY names hosts, domains, addresses and networks; this machine needs no mention."""
    environment.setenv("HTTP_PROXY", "http://proxy.test")
    environment.setenv("NO_PROXY", no_proxy)

    assert direct == (http_settings(base_url)["proxy"] is None)


@pytest.mark.parametrize("face", CLIENTS)
def test_a_store_on_this_machine(environment: pytest.MonkeyPatch, face: Any) -> None:
    """It is called directly over HTTP, whatever the environment."""
    for name, value in HOSTILE.items():
        environment.setenv(name, value)
    with echo_store() as echo:

        async def call() -> None:
            async with entered(face(echo.url, publishable_key=KEY, retries=0)) as store:
                await awaited(store.initialize_payment_session(*SESSION))

        asyncio.run(call())

    assert 1 == len(echo.processes)


def test_the_fixtures_store(environment: pytest.MonkeyPatch, store_mock: StoreMock) -> None:
    """The fixture's clients connect to its server, whatever the environment."""
    for name, value in HOSTILE.items():
        environment.setenv(name, value)

    async def call() -> None:
        for make in (store_mock.client, store_mock.async_client):
            async with entered(make(retries=0)) as store:
                await awaited(store.create_payment_collection("cart_demo"))

    asyncio.run(call())


def test_certificates(
    environment: pytest.MonkeyPatch, authority: Authority, tmp_path: Path
) -> None:
    """SSL_CERT_FILE is trusted, and read once: it may be gone when the next process calls."""
    copy = tmp_path / "ca.pem"
    copy.write_bytes(authority.path.read_bytes())
    environment.setenv("SSL_CERT_FILE", str(copy))
    with echo_store(authority.server) as echo:
        store = StoreClient(echo.url, publishable_key=KEY, retries=0)
        copy.unlink()
        environment.delenv("SSL_CERT_FILE")
        store.initialize_payment_session(*SESSION)
        store.close()

    assert "SSL_CERT_FILE" not in os.environ
    assert 1 == len(echo.processes)
