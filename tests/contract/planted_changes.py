"""Changes to plant in the contract, each with its description, by whether they break clients."""

from collections.abc import Callable
from typing import Any

Json = Any
Plant = Callable[[Json], object]

PROVIDERS = "/store/payment-providers"
SESSIONS = "/store/payment-collections/{id}/payment-sessions"


def schema(document: Json, place: str) -> Json:
    """Return the schema `Name`, or its subschema `Name.property`."""
    name, *properties = place.split(".")
    found = document["components"]["schemas"][name]
    for each in properties:
        found = found["properties"][each]
    return found


def edit(place: str, **keywords: Json) -> Plant:
    """Return a change that sets keywords of a schema."""
    return lambda document: schema(document, place).update(keywords)


def drop(place: str, *path: str) -> Plant:
    """Return a change that removes a keyword, or part of one, from a schema."""

    def plant(document: Json) -> None:
        part = schema(document, place)
        for name in path[:-1]:
            part = part[name]
        del part[path[-1]]

    return plant


def listing(document: Json) -> Json:
    """Return the operation that reads."""
    return document["paths"][PROVIDERS]["get"]


def limit(document: Json) -> Json:
    """Return an optional parameter with bounds and a default."""
    return listing(document)["parameters"][1]


def initializing(document: Json) -> Json:
    """Return the operation that uses every feature."""
    return document["paths"][SESSIONS]["post"]


def component(document: Json, kind: str, name: str) -> Json:
    """Return a component other than a schema."""
    return document["components"][kind][name]


INITIALIZE, LIST = "initialize_payment_session", "list_payment_providers"
BODY, RESPONSE = f"{INITIALIZE} body", f"{INITIALIZE} 200.payment_collection"
LIMIT = f"{LIST}: the parameter query limit"
REQUEST = "InitializePaymentSessionRequest"

BREAKS: list[tuple[str, Plant]] = [
    # Operations and their responses.
    (f"operation GET {PROVIDERS} is gone", lambda d: d["paths"].pop(PROVIDERS)),
    (
        f"operation GET {PROVIDERS}: {LIST} is now providers",
        lambda d: listing(d).update(operationId="providers"),
    ),
    (f"{INITIALIZE}: the response 409 is gone", lambda d: initializing(d)["responses"].pop("409")),
    (
        f"{LIST}: the response 204 is new",
        lambda d: listing(d)["responses"].update({"204": {"description": "None."}}),
    ),
    (
        f"{LIST} 401 is no longer text/plain",
        lambda d: component(d, "responses", "Unauthorized")["content"].pop("text/plain"),
    ),
    (
        f"{LIST} 401 can now be application/json",
        lambda d: component(d, "responses", "Unauthorized")["content"].update(
            {"application/json": {"schema": {"type": "string"}}}
        ),
    ),
    (
        f"{INITIALIZE} 422: the header Idempotent-Replayed is gone",
        lambda d: initializing(d)["responses"]["422"].pop("headers"),
    ),
    (
        f"{INITIALIZE} 422: the header Idempotent-Replayed: the value 'false' is new",
        lambda d: component(d, "headers", "IdempotentReplayed")["schema"]["enum"].append("false"),
    ),
    (
        f"{INITIALIZE} 200: the link ReplacePaymentSession is gone or changed",
        lambda d: initializing(d)["responses"]["200"].pop("links"),
    ),
    # Requests: less is allowed.
    (f"{LIST}: the parameter query limit is gone", lambda d: listing(d)["parameters"].pop(1)),
    (f"{LIMIT} is now required", lambda d: limit(d).update(required=True)),
    (
        f"{LIST}: the required parameter query sort is new",
        lambda d: listing(d)["parameters"].append(
            {"name": "sort", "in": "query", "required": True}
        ),
    ),
    (f"{LIMIT} is serialized differently: explode", lambda d: limit(d).update(explode=False)),
    (f"{LIMIT}: the default was 20", lambda d: limit(d)["schema"].update(default=50)),
    (
        f"{LIMIT}: maximum was 2147483647, and is 100",
        lambda d: limit(d)["schema"].update(maximum=100),
    ),
    (f"{LIMIT}: minimum was 0, and is 1", lambda d: limit(d)["schema"].update(minimum=1)),
    (
        f"{LIMIT}: only these values are allowed: [20]",
        lambda d: limit(d)["schema"].update(enum=[20]),
    ),
    (
        f"{INITIALIZE}: the parameter query fields: pattern was nothing, and is '^[a-z]'",
        lambda d: component(d, "parameters", "Fields")["schema"].update(pattern="^[a-z]"),
    ),
    (f"{BODY}.data is now required", edit(REQUEST, required=["provider_id", "data"])),
    (f"{BODY}.data is gone", drop(REQUEST, "properties", "data")),
    (f"{BODY}.data: the type was object, and is string", edit(f"{REQUEST}.data", type="string")),
    (
        f"{BODY}.data: other properties are no longer allowed",
        edit(f"{REQUEST}.data", additionalProperties=False),
    ),
    (
        f"{BODY}.provider_id: maxLength was nothing, and is 20",
        edit(f"{REQUEST}.provider_id", maxLength=20),
    ),
    (
        f"{INITIALIZE}: the request body can no longer be application/json",
        lambda d: initializing(d)["requestBody"]["content"].clear(),
    ),
    # Responses: more is allowed.
    (f"{RESPONSE}.status is gone", drop("StorePaymentCollection", "properties", "status")),
    (
        f"{RESPONSE}.amount is no longer required",
        edit("StorePaymentCollection", required=["id", "currency_code", "payment_sessions"]),
    ),
    (f"{RESPONSE}.currency_code can now be null", edit("CurrencyCode", nullable=True)),
    (f"{RESPONSE}.amount: the type was number, and is string", edit("Amount", type="string")),
    (
        f"{LIST} 200.count: the type was integer, and is number",
        edit("StorePaymentProviderListResponse.count", type="number"),
    ),
    (
        f"{RESPONSE}.payment_sessions[].data: the type was object, and is array",
        edit("StorePaymentSessionSelection.data", type="array"),
    ),
    (
        f"{RESPONSE}.payment_sessions[].payment: the alternative StoreRefund is new",
        lambda d: schema(d, "StorePaymentSessionSelection.payment")["anyOf"].append(
            {"$ref": "#/components/schemas/StoreRefund"}
        ),
    ),
    (f"{RESPONSE}.created_at: format was 'date-time', and is nothing", drop("Timestamp", "format")),
    (
        f"{RESPONSE}.created_at: format was 'date-time', and is 'date'",
        edit("Timestamp", format="date"),
    ),
    # Security and servers.
    (
        f"{LIST}: publishableKey no longer grants access",
        lambda d: d.update(security=[{"publishableKey": [], "customerToken": []}]),
    ),
    (
        f"{LIST}: publishableKey no longer grants access",
        lambda d: component(d, "securitySchemes", "publishableKey").update(name="x-key"),
    ),
    ("the server https://{tenant}.api.myxclade.com is gone", lambda d: d["servers"].clear()),
    (
        "the server https://{tenant}.api.myxclade.com has other variables",
        lambda d: d["servers"][0]["variables"]["tenant"].update(default="main"),
    ),
]

ADDS: list[tuple[str, Plant]] = [
    (
        "operation DELETE /store/carts is new",
        lambda d: d["paths"].update({"/store/carts": {"delete": {"operationId": "empty"}}}),
    ),
    (
        f"{LIST}: the response 429 is new",
        lambda d: listing(d)["responses"].update({"429": {"description": "Slower."}}),
    ),
    (
        f"{LIST}: the parameter query sort is new",
        lambda d: listing(d)["parameters"].append({"name": "sort", "in": "query"}),
    ),
    (
        f"{LIST}: the parameter query region_id is no longer required",
        lambda d: listing(d)["parameters"][0].update(required=False),
    ),
    (f"{LIMIT}: minimum was 0, and is -1", lambda d: limit(d)["schema"].update(minimum=-1)),
    (f"{BODY}.data can now be null", edit(f"{REQUEST}.data", nullable=True)),
    (f"{BODY}.note is new", lambda d: schema(d, REQUEST)["properties"].update(note={})),
    (f"{BODY}.provider_id is no longer required", edit(REQUEST, required=[])),
    (f"{BODY}: other properties are now allowed", edit(REQUEST, additionalProperties=True)),
    (
        f"{INITIALIZE}: the request body can be application/cbor",
        lambda d: initializing(d)["requestBody"]["content"].update(
            {"application/cbor": {"schema": {}}}
        ),
    ),
    (
        f"{RESPONSE}.note is new",
        lambda d: schema(d, "StorePaymentCollection")["properties"].update(note={}),
    ),
    (
        f"{RESPONSE}.payment_sessions[].metadata is now required",
        lambda d: schema(d, "StorePaymentSession")["allOf"][1]["required"].append("metadata"),
    ),
    (f"{RESPONSE}.captured_amount can no longer be null", edit("NullableAmount", nullable=False)),
    (
        f"{LIST} 400.type: only these values are allowed: ['invalid_data']",
        edit("Error.type", enum=["invalid_data"]),
    ),
    (
        f"{LIST} 500: the header Retry-After is new",
        lambda d: component(d, "responses", "ServerError").update(
            headers={"Retry-After": {"schema": {"type": "integer"}}}
        ),
    ),
    (f"{LIST}: no key grants access", lambda d: d["security"].append({})),
    (
        "the server https://eu.test is new",
        lambda d: d["servers"].append({"url": "https://eu.test"}),
    ),
]
