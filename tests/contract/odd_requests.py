"""Generate requests for a store: valid in most respects, and odd in one or two.

Left out is what docs/deviations.md lists as not emulated, such as names that all objects of
JavaScript have.
"""

import gzip
import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from random import Random
from typing import Any

from xclade_store_mock.payments.model import PaymentCollection, Store
from xclade_store_mock.upstream.recording import Request

COLLECTIONS = "/store/payment-collections"
PROVIDERS = "/store/payment-providers"

_SYSTEM = "pp_system_default"
_METHODS = ("GET", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "POST")
_IDS = ("pay_col_nope", "%zz", "a%2Fb", "%00", "%ff", "%C3%A9", "..", ".", "%2e", "*", "~", "a,b")
_TEXTS = ("", " ", "x", "null", "é", "\ud800", "\U0001f600", "\x00", "\ufeff", "\x85", "a.b", "[]")
_NUMBERS = (0, -1, 7, 2**31, 2**53 - 1, 0.1, -0.0, 1e21, 1e-7, 1.10)
_COUNTS = ("0", "1", "2", "-1", "0x2", "1e3", " 3", "+2", "1.5", "2x", "x", "", "%D9%A3", "%1F3")
_FIELDS = (
    *("id", "amount", "currency_code", "status", "payment_sessions", "payment_sessions.id"),
    *("payment_sessions.data", "payment_sessions.amount", "payment_sessions.context", "metadata"),
    *("payment_providers", "payment_providers.id", "is_enabled", "created_at", "region.name", "*"),
)
_BLANKS = ("", "", "", "", "%20", "%09", "%EF%BB%BF", "%C2%85")
_CHARSETS = (
    *("utf-8", "UTF8", "utf-16", "utf-16le", "utf-16be", "latin1", "us-ascii", "utf-7", "utf-32"),
    *("windows-1252", "bogus", "hex", "ucs2", "undefined", "rot13", "idna", '"utf-8"', '""', ""),
)
_FORM = "application/x-www-form-urlencoded"
_MEDIA_TYPES = (
    *(_FORM, "text/plain", "application/vnd.api+json", "text/html"),
    *("application/JSON", "application", "*/*", "", "application/json, text/plain", "a/b/c"),
)
_ENCODINGS = ("gzip", "deflate", "identity", "GZIP", "br", "zstd", "", "gzip, gzip", "x")
_COMPRESS: Mapping[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
}
_ODD_HEADERS = (
    ("Accept", "text/html"),
    ("Access-Control-Request-Headers", "content-type"),
    ("Access-Control-Request-Method", "POST"),
    ("Authorization", "Bearer nope"),
    ("Content-Language", "de"),
    ("Cookie", "connect.sid=x"),
    ("Idempotency-Key", "again"),
    ("If-None-Match", "*"),
    ("Origin", "http://localhost:8000"),
    ("Origin", "null"),
    ("Transfer-Encoding", "chunked"),
    ("X-HTTP-Method-Override", "DELETE"),
    ("X-Publishable-API-Key", ""),
)


class OddRequests:
    """Generates requests, the same ones for the same seed."""

    def __init__(self, store: Store, seed: int) -> None:
        self._store = store
        self._random = Random(seed)
        self._pick = self._random.choice
        self._collections = [each for each in store.payment_collections.values() if each.cart_id]
        self._initializable = [
            each
            for each in self._collections
            for provider in store.settings.providers_of(store.carts[each.cart_id or ""].region_id)
            if provider.id == _SYSTEM
        ]
        self._keys = [
            each.token for each in store.settings.publishable_keys.values() if not each.revoked
        ]

    def sequence(self) -> tuple[Request, ...]:
        """Return requests about one collection, the first of which gives it a session."""
        collection = self._pick(self._initializable)
        first = Request(
            method="POST",
            target=f"{COLLECTIONS}/{collection.id}/payment-sessions",
            headers=(self._key(), ("Content-Type", "application/json")),
            body=json.dumps({"provider_id": _SYSTEM}),
        )
        later = [self.request(collection) for _ in range(self._random.randint(1, 5))]
        # A retry, or a second tap.
        return first, *later, *later[: self._is_odd(0.2)]

    def request(self, collection: PaymentCollection | None = None) -> Request:
        """Return a request about a collection, or about any."""
        collection = collection or self._pick(self._collections)
        kind, method = self._pick(
            ((self._initialize, "POST"),) * 4
            + ((self._create, "POST"),) * 2
            + ((self._list, "GET"),) * 2
        )
        path, query, value = kind(collection)
        if self._is_odd(0.1):
            path = self._pick(
                (path.upper(), f"{path}/", f"{path}/x", f"/{path}", path[:-1], "/store")
            )
        pairs = [*query, *(self._odd_pair() for _ in range(self._is_odd(0.1)))]
        target = path + "?" * bool(pairs) + "&".join(f"{name}={text}" for name, text in pairs)
        headers = [*self._keys_sent(), *self._pick_headers()]
        method = self._pick(_METHODS) if self._is_odd(0.08) else method
        if value is None and not self._is_odd(0.05):
            return Request(method=method, target=target, headers=tuple(headers))
        content_type, encoding, body = self._body(value)
        headers += [("Content-Type", content_type)] if content_type is not None else []
        headers += [("Content-Encoding", encoding)] if encoding is not None else []
        if any(name == "Transfer-Encoding" for name, _ in headers):
            body = b"".join(_chunked(body, self._random.randint(1, 99)))
        return Request(method=method, target=target, headers=tuple(headers), **as_text(body))

    def _is_odd(self, probability: float) -> bool:
        return self._random.random() < probability

    def _initialize(self, collection: PaymentCollection) -> tuple[str, list[Any], Any]:
        id_ = self._pick(_IDS) if self._is_odd(0.1) else collection.id
        value: Any = {"provider_id": self._provider(collection)}
        if self._is_odd(0.5):
            value["data"] = {self._text(): self._value() for _ in range(self._random.randint(0, 3))}
        return f"{COLLECTIONS}/{id_}/payment-sessions", self._fields(), self._oddly(value)

    def _create(self, collection: PaymentCollection) -> tuple[str, list[Any], Any]:
        return COLLECTIONS, self._fields(), self._oddly({"cart_id": collection.cart_id})

    def _list(self, collection: PaymentCollection) -> tuple[str, list[Any], Any]:
        cart = self._store.carts[collection.cart_id or ""]
        region = self._pick((*_TEXTS[:4], "reg_nope")) if self._is_odd(0.1) else cart.region_id
        numbers = [(name, self._pick(_COUNTS)) for name in ("limit", "offset") if self._is_odd(0.3)]
        return PROVIDERS, [("region_id", region), *numbers, *self._fields()], None

    def _provider(self, collection: PaymentCollection) -> str:
        """Return a provider of the collection's region, or sometimes any."""
        region = self._store.carts[collection.cart_id or ""].region_id
        linked = [each.id for each in self._store.settings.providers_of(region) if each.installed]
        any_ = (*self._store.settings.payment_providers, "pp_nope")
        return self._pick(any_) if self._is_odd(0.1) or not linked else self._pick(linked)

    def _fields(self) -> list[tuple[str, str]]:
        if not self._is_odd(0.4):
            return []
        prefixes, suffixes = ("", "", "%2B", "+", "-", "*"), ("", "", "", "", ".*", ".id", "*")
        names = [
            self._pick(_BLANKS)
            + self._pick(prefixes)
            + self._pick(_FIELDS)
            + self._pick(suffixes)
            + self._pick(_BLANKS)
            for _ in range(self._random.randint(0, 4))
        ]
        return [("fields", ",".join(names))]

    def _odd_pair(self) -> tuple[str, str]:
        names = ("fields", "fields[]", "fields[0][a]", "locale", "foo", "order", "", "%ff", "a.b")
        return self._pick(names), self._pick((*_FIELDS, *_COUNTS))

    def _key(self) -> tuple[str, str]:
        return "x-publishable-api-key", self._pick(self._keys)

    def _keys_sent(self) -> list[tuple[str, str]]:
        name, token = self._key()
        odd: tuple[list[tuple[str, str]], ...] = (
            *([], [(name, "pk_nope")], [(name, f" {token}\t")], [(name, token), (name, token)]),
            *([(name.upper(), token)], [(name, f"{token},{token}")], [(name, "  ")]),
        )
        return self._pick(odd) if self._is_odd(0.1) else [(name, token)]

    def _pick_headers(self) -> list[tuple[str, str]]:
        found = [self._pick(_ODD_HEADERS) for _ in range(self._random.randint(0, 2))]
        customers = self._store.settings.customers
        if customers and self._is_odd(0.1):
            scheme = self._pick(("Bearer ", "bearer ", "Bearer  ", "Bearer\t", "Basic ", ""))
            found.append(("Authorization", scheme + self._pick([*customers])))
        return [*dict.fromkeys(found)]

    def _oddly(self, value: dict[str, Any]) -> Any:
        """Return a body's value, or something like it."""
        if not self._is_odd(0.2):
            return value
        name = self._pick([*value])
        return self._pick(
            (
                {**value, self._text(): self._value()},
                {**value, name: self._value()},
                {key: each for key, each in value.items() if key != name},
                [value],
                self._value(),
            )
        )

    def _text(self) -> str:
        return self._pick(_TEXTS) if self._is_odd(0.2) else self._pick("abcdefgh")

    def _value(self, depth: int = 0) -> Any:
        kinds: tuple[Callable[[], Any], ...] = (
            lambda: self._pick((None, True, False)),
            lambda: self._pick(_NUMBERS),
            self._text,
            lambda: [self._value(depth + 1) for _ in range(self._random.randint(0, 3))],
            lambda: {
                self._text(): self._value(depth + 1) for _ in range(self._random.randint(0, 3))
            },
        )
        return self._pick(kinds if depth < 3 else kinds[:3])()

    def _body(self, value: Any) -> tuple[str | None, str | None, bytes]:
        """Return the media type, the encoding and the bytes of a body."""
        charset = self._pick(_CHARSETS) if self._is_odd(0.15) else None
        media_type: str | None = "application/json"
        if self._is_odd(0.1):
            media_type = self._pick((*_MEDIA_TYPES, None))
        text = json.dumps(value, ensure_ascii=self._is_odd(0.8))
        if media_type == _FORM and isinstance(value, dict):
            text = "&".join(f"{key}={each}" for key, each in value.items())
        if self._is_odd(0.05):
            cut = self._random.randint(0, len(text))
            text = text[:cut] + self._pick((*_TEXTS, '"', "{", "}", ",")) + text[cut:]
        codec = self._pick(("utf-8", "utf-16", "utf-16-be")) if charset else "utf-8"
        body = text.encode(codec, "surrogatepass")
        encoding = self._pick(_ENCODINGS) if self._is_odd(0.1) else None
        if encoding and not self._is_odd(0.2):
            body = _COMPRESS.get(encoding.lower(), bytes)(body)
        if charset is not None and media_type is not None:
            media_type += self._pick((";", "; ", " ; ")) + f"charset={charset}"
        return media_type, encoding, body


def _chunked(body: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(body), size):
        part = body[start : start + size]
        yield b"%x\r\n%b\r\n" % (len(part), part)
    yield b"0\r\n\r\n"


def as_text(body: bytes) -> dict[str, Any]:
    """Return the body's argument for a message: text, if possible."""
    try:
        return {"body": body.decode()}
    except UnicodeDecodeError:
        return {"body_base64": body}
