"""Requests with preferences, and the intended differences between Prism and the mock."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from tests.conftest import KEY
from tests.contract.prism_differences import Difference

from xclade_store_mock.contract import load_contract

Request = Mapping[str, Any]
"""The arguments of `httpx.request`."""

LIST: Request = {"method": "GET", "url": "/store/payment-providers?region_id=reg_demo"}
CREATE: Request = {
    "method": "POST",
    "url": "/store/payment-collections",
    "json": {"cart_id": "cart_demo"},
}
INITIALIZE: Request = {
    "method": "POST",
    "url": "/store/payment-collections/pay_col_demo/payment-sessions",
    "json": {"provider_id": "pp_system_default"},
}
OPERATIONS: Mapping[str, Request] = {
    "list_payment_providers": LIST,
    "create_payment_collection": CREATE,
    "initialize_payment_session": INITIALIZE,
}


class Case(NamedTuple):
    """A request, and the parts of the responses that differ, each with the reason.

    `statuses` are Prism's and the mock's, if the case pins them.
    """

    name: str
    request: Request
    differs: Mapping[str, Difference] = {}
    statuses: tuple[int | None, int] | None = None


def ask(
    request: Request,
    prefer: str | bytes | None = None,
    query: str = "",
    headers: Mapping[str, str] = KEY,
    **changes: Any,
) -> Request:
    """Return a request with preferences in its header and its query."""
    url = request["url"]
    joint = "&" if "?" in url else "?"
    preferred = {} if prefer is None else {"Prefer": prefer}
    return {
        **request,
        "url": f"{url}{joint}{query}" if query else url,
        "headers": {**headers, **preferred},
        **changes,
    }


def documented_responses() -> Iterator[Case]:
    """Yield each operation, documented status and named example, by header and by query."""
    document = load_contract("store.yaml").document
    for item in document["paths"].values():
        for operation in item.values():
            for code, described in operation["responses"].items():
                _, _, shared = described.get("$ref", "").rpartition("/")
                response = document["components"]["responses"].get(shared, described)
                yield from _documented_responses(operation["operationId"], int(code), response)


def _documented_responses(operation: str, code: int, response: Mapping[str, Any]) -> Iterator[Case]:
    (content,) = response["content"].values()
    differs = {"replayed": Difference.REPLAYED} if "headers" in response else {}
    for preference in (
        f"code={code}",
        *(f"code={code}, example={name}" for name in content["examples"]),
    ):
        query = "&".join(f"__{each}" for each in preference.split(", "))
        for name, request in (
            (f"{operation}: {preference}", ask(OPERATIONS[operation], preference)),
            (f"{operation}?{query}", ask(OPERATIONS[operation], query=query)),
        ):
            yield Case(name, request, differs, (code, code))


HEADERS = (
    "code=404",
    'code="404"',
    "code = 404",
    "code\t=\t404",
    "CODE=404",
    "__code=404",
    ";code=404",
    "code=404, code=401",
    "code=404; example=selected_fields",
    "respond-async, code=404",
    "code=404, wait=5; x=y",
    "code=000",
    "code=099",
    "code=418",
    "code=418, example=created",
    "code=abc",
    "code=0404",
    "code=40",
    "code",
    "code=",
    'code=""',
    "code=4\u0660\u0661".encode(),
    "code=abc, dynamic=x, seed, example",
    "code=404, example=selected_fields",
    "code=404, example=nobody",
    "code=200, example=unauthorized",
    "code=401, example=created",
    "example",
    "example=",
    'example="selected_fields"',
    "example=selected_fields",
    "example=Selected_fields",
    "example=nobody",
    "example=constructor",
    "example=unauthorized",
    'example="a, b"',
    "example=ü".encode("latin-1"),
    "dynamic",
    "dynamic=yes",
    "dynamic=TRUE",
    "dynamic=false",
    "dynamic=false, code=404",
    "dynamic=true, example=selected_fields",
    "dynamic=true, example=nobody",
    "dynamic=true, code=404, example=created",
    "dynamic=true, code=404, example=nobody",
    "seed",
    "seed=5",
    "seed=5, code=404",
)
IGNORED_HEADERS = (
    "",
    "respond-async",
    "return=minimal; code=404",
    "wait=5; example=created",
    '"code=404',
    'example="a\\"b"',
    "codes=404",
    "co-de=404",
)
QUERIES = (
    "__code=404",
    "__code",
    "__code=",
    "__code=40+4",
    "__code=%C3%BC",
    "%5F_code=4%304",
    "__code=404&__code=401",
    "__code=404&fields=id",
    "fields=id&__code=404&",
    "__code=404&__example=selected_fields",
    "__code=404&__example=nobody",
    "__code=401&__example=unauthorized&__dynamic=true&__seed=1",
    "__example=",
    "__example=selected_fields",
    "__example=nobody",
    "__dynamic=",
    "__dynamic=false",
    "__seed=",
    "__seed=5",
)
HEADERS_AND_QUERIES = (
    ("code=404", "__code=401"),
    ("code=404", "__example=selected_fields"),
    ("code=404", "__code=abc"),
    ("code=abc", "__code=404"),
    ("dynamic=false", "__example=selected_fields"),
    ("", "__code=404"),
)


def preferences() -> Iterator[Case]:
    """Yield the ways to write and to combine preferences."""
    stateful = {"body": Difference.STATEFUL}
    yield Case("nothing preferred", ask(CREATE), stateful)
    for prefer in IGNORED_HEADERS:
        yield Case(f"Prefer: {prefer}", ask(CREATE, prefer), stateful)
    yield Case("header overrides query", ask(CREATE, "respond-async", "__code=404"), stateful)
    for preference in HEADERS:
        yield Case(f"Prefer: {preference!r}", ask(CREATE, preference))
    for query in QUERIES:
        yield Case(f"?{query}", ask(CREATE, query=query))
    for prefer, query in HEADERS_AND_QUERIES:
        yield Case(f"Prefer: {prefer} ?{query}", ask(CREATE, prefer, query))
    for first in ("respond-async", ""):
        lines = [*KEY.items(), ("Prefer", first), ("Prefer", "code=404")]
        yield Case(f"Prefer: {first} Prefer: code=404", {**CREATE, "headers": lines})
    no_token = {"status": Difference.NOT_A_TOKEN, "body": Difference.NOT_A_TOKEN}
    yield Case("Prefer: cöde=404", ask(CREATE, "cöde=404".encode("latin-1")), no_token, (404, 200))
