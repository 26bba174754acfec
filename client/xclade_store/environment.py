"""What our own HTTP clients take from the environment: a proxy and certificates.

A client calls one host, so this is decided once, in its constructor. httpx would read the same
variables, but fails on some of their usual values (`NO_PROXY=[::1]`) with errors that name none.
"""

import importlib.util
import os
import ssl
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from pathlib import Path
from typing import Any
from urllib.request import getproxies, proxy_bypass

import httpx

_CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE")


def http_settings(base_url: str) -> dict[str, Any]:
    """Return arguments for an HTTP client. Raises: ValueError naming the variable at fault."""
    url = httpx.URL(base_url)
    proxy = _proxy(url)
    # Loading certificates takes 20 ms; without any, TLS would fail.
    needs_tls = url.scheme == "https" or (proxy is not None and proxy.url.scheme == "https")
    verify = _certificates() if needs_tls else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return {"trust_env": False, "proxy": proxy, "verify": verify}


def _proxy(url: httpx.URL) -> httpx.Proxy | None:
    """Return the proxy for a URL; None for a direct connection, as always to this machine."""
    proxies = getproxies()
    kind = next((each for each in (url.scheme, "all") if proxies.get(each)), None)
    if kind is None or _is_direct(url, proxies):
        return None
    address = proxies[kind]
    variable = _variable(kind)
    try:
        proxy = httpx.Proxy(address if "://" in address else f"http://{address}")
    except (httpx.InvalidURL, ValueError):
        message = (
            f"the environment variable {variable} is not the URL of a proxy: it must begin with "
            "http://, https://, socks5:// or socks5h://"
        )
        # Without a cause, which could show a password.
        raise ValueError(message) from None
    if proxy.url.scheme.startswith("socks") and importlib.util.find_spec("socksio") is None:
        raise ValueError(
            f"the environment variable {variable} names a SOCKS proxy: pip install 'httpx[socks]', "
            f"or list {url.host} in NO_PROXY"
        )
    return proxy


def _variable(kind: str) -> str:
    """Return the name of the variable that a proxy comes from, as it is spelled."""
    name = f"{kind}_proxy"
    return next((each for each in os.environ if each.lower() == name), name.upper())


def _is_direct(url: httpx.URL, proxies: Mapping[str, str]) -> bool:
    host = url.host
    address = _address(host)
    if address is None:
        return host == "localhost" or host.endswith(".localhost") or bool(proxy_bypass(host))
    literal = f"[{address}]" if address.version == 6 else host  # noqa: PLR2004 - IPv6
    return (
        address.is_loopback
        or any(_contains(each, address) for each in proxies.get("no", "").split(","))
        or bool(proxy_bypass(literal))
    )


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _contains(entry: str, address: IPv4Address | IPv6Address) -> bool:
    """Return whether an entry of NO_PROXY is a network, or an address, that holds this one."""
    try:
        return address in ip_network(entry.strip().strip("[]"), strict=False)
    except ValueError:
        return False


def _certificates() -> ssl.SSLContext:
    given = {name: os.environ[name] for name in _CERTIFICATES if os.environ.get(name)}
    try:
        if "SSL_CERT_DIR" in given and "SSL_CERT_FILE" not in given:
            _require_a_directory(given["SSL_CERT_DIR"])
        return httpx.create_ssl_context()
    except OSError as error:
        named = ", ".join(f"{name}={value!r}" for name, value in given.items())
        message = f"cannot load the certificates that the environment names ({named}): {error}"
        raise ValueError(message) from error


def _require_a_directory(paths: str) -> None:
    """Require one that exists: OpenSSL ignores those that do not."""
    if not any(Path(each).is_dir() for each in paths.split(os.pathsep)):
        raise NotADirectoryError(paths)
