"""Changes to plant in the contract, each with its description, by whether they break clients."""

from typing import Any, NamedTuple

Json = Any

GONE = object()
"""Stands for a value that is removed."""


class Planted(NamedTuple):
    """A change: how it is described, the names on the way to a place, and its new value."""

    text: str
    place: str
    value: Json = GONE

    def apply(self, document: Json) -> None:
        """Change a contract; the last name of a list's new item is `+`."""
        *way, last = (int(name) if name.isdecimal() else name for name in self.place.split())
        for name in way:
            document = document[self._key(document, name)]
        if last == "+":
            document.append(self.value)
        elif self.value is GONE:
            del document[self._key(document, last)]
        else:
            document[self._key(document, last)] = self.value

    @staticmethod
    def _key(container: Json, name: str | int) -> str | int:
        return str(name) if isinstance(container, dict) else name


PROVIDERS = "/store/payment-providers"
LISTING = f"paths {PROVIDERS} get"
LIMITED = f"{LISTING} parameters 1"
INITIALIZING = "paths /store/payment-collections/{id}/payment-sessions post"
REQUEST = "components schemas InitializePaymentSessionRequest"
DATA = f"{REQUEST} properties data"
COLLECTION = "components schemas StorePaymentCollection"
SESSION = "components schemas StorePaymentSessionSelection"
UNAUTHORIZED = "components responses Unauthorized content"

INITIALIZE, LIST = "initialize_payment_session", "list_payment_providers"
BODY, RESPONSE = f"{INITIALIZE} body", f"{INITIALIZE} 200.payment_collection"
LIMIT = f"{LIST}: the parameter query limit"
SERVER = "the server https://{tenant}.api.myxclade.com"

BREAKS = [
    # Operations and their responses.
    Planted(f"operation GET {PROVIDERS} is gone", f"paths {PROVIDERS}"),
    Planted(
        f"operation GET {PROVIDERS}: {LIST} is now providers", f"{LISTING} operationId", "providers"
    ),
    Planted(f"{INITIALIZE}: the response 409 is gone", f"{INITIALIZING} responses 409"),
    Planted(
        f"{LIST}: the response 204 is new", f"{LISTING} responses 204", {"description": "None."}
    ),
    Planted(f"{LIST} 401 is no longer text/plain", f"{UNAUTHORIZED} text/plain"),
    Planted(
        f"{LIST} 401 can now be application/json",
        f"{UNAUTHORIZED} application/json",
        {"schema": {"type": "string"}},
    ),
    Planted(
        f"{INITIALIZE} 422: the header Idempotent-Replayed is gone",
        f"{INITIALIZING} responses 422 headers",
    ),
    Planted(
        f"{INITIALIZE} 422: the header Idempotent-Replayed: the value 'false' is new",
        "components headers IdempotentReplayed schema enum +",
        "false",
    ),
    Planted(
        f"{INITIALIZE} 200: the link ReplacePaymentSession is gone or changed",
        f"{INITIALIZING} responses 200 links",
    ),
    # Requests: less is allowed.
    Planted(f"{LIMIT} is gone", LIMITED),
    Planted(f"{LIMIT} is now required", f"{LIMITED} required", value=True),
    Planted(
        f"{LIST}: the required parameter query sort is new",
        f"{LISTING} parameters +",
        {"name": "sort", "in": "query", "required": True},
    ),
    Planted(f"{LIMIT} is serialized differently: explode", f"{LIMITED} explode", value=False),
    Planted(f"{LIMIT}: the default was 20", f"{LIMITED} schema default", 50),
    Planted(f"{LIMIT}: maximum was 2147483647, and is 100", f"{LIMITED} schema maximum", 100),
    Planted(f"{LIMIT}: minimum was 0, and is 1", f"{LIMITED} schema minimum", 1),
    Planted(f"{LIMIT}: only these values are allowed: [20]", f"{LIMITED} schema enum", [20]),
    Planted(
        f"{INITIALIZE}: the parameter query fields: pattern was nothing, and is '^[a-z]'",
        "components parameters Fields schema pattern",
        "^[a-z]",
    ),
    Planted(f"{BODY}.data is now required", f"{REQUEST} required +", "data"),
    Planted(f"{BODY}.data is gone", DATA),
    Planted(f"{BODY}.data: the type was object, and is string", f"{DATA} type", "string"),
    Planted(
        f"{BODY}.data: other properties are no longer allowed",
        f"{DATA} additionalProperties",
        value=False,
    ),
    Planted(
        f"{BODY}.provider_id: maxLength was nothing, and is 20",
        f"{REQUEST} properties provider_id maxLength",
        20,
    ),
    Planted(
        f"{INITIALIZE}: the request body can no longer be application/json",
        f"{INITIALIZING} requestBody content",
        {},
    ),
    # Responses: more is allowed.
    Planted(f"{RESPONSE}.status is gone", f"{COLLECTION} properties status"),
    Planted(f"{RESPONSE}.amount is no longer required", f"{COLLECTION} required", ["id"]),
    Planted(
        f"{RESPONSE}.currency_code can now be null",
        "components schemas CurrencyCode nullable",
        value=True,
    ),
    Planted(
        f"{RESPONSE}.amount: the type was number, and is string",
        "components schemas Amount type",
        "string",
    ),
    Planted(
        f"{LIST} 200.count: the type was integer, and is number",
        "components schemas StorePaymentProviderListResponse properties count type",
        "number",
    ),
    Planted(
        f"{RESPONSE}.payment_sessions[].data: the type was object, and is array",
        f"{SESSION} properties data type",
        "array",
    ),
    Planted(
        f"{RESPONSE}.payment_sessions[].payment: the alternative StoreRefund is new",
        f"{SESSION} properties payment anyOf +",
        {"$ref": "#/components/schemas/StoreRefund"},
    ),
    Planted(
        f"{RESPONSE}.created_at: format was 'date-time', and is nothing",
        "components schemas Timestamp format",
    ),
    Planted(
        f"{RESPONSE}.created_at: format was 'date-time', and is 'date'",
        "components schemas Timestamp format",
        "date",
    ),
    # Security and servers.
    Planted(f"{LIST}: publishableKey no longer grants access", "security 0"),
    Planted(
        f"{LIST}: publishableKey no longer grants access",
        "components securitySchemes publishableKey name",
        "x-key",
    ),
    Planted(f"{SERVER} is gone", "servers 0"),
    Planted(f"{SERVER} has other variables", "servers 0 variables tenant default", "main"),
]

ADDS = [
    Planted(
        "operation DELETE /store/carts is new",
        "paths /store/carts",
        {"delete": {"operationId": "empty"}},
    ),
    Planted(f"{LIST}: the response 429 is new", f"{LISTING} responses 429", {"description": "No."}),
    Planted(
        f"{LIST}: the parameter query sort is new",
        f"{LISTING} parameters +",
        {"name": "sort", "in": "query"},
    ),
    Planted(
        f"{LIST}: the parameter query region_id is no longer required",
        f"{LISTING} parameters 0 required",
    ),
    Planted(f"{LIMIT}: minimum was 0, and is -1", f"{LIMITED} schema minimum", -1),
    Planted(f"{BODY}.data can now be null", f"{DATA} nullable", value=True),
    Planted(f"{BODY}.note is new", f"{REQUEST} properties note", {}),
    Planted(f"{BODY}.provider_id is no longer required", f"{REQUEST} required", []),
    Planted(
        f"{BODY}: other properties are now allowed", f"{REQUEST} additionalProperties", value=True
    ),
    Planted(
        f"{INITIALIZE}: the request body can be application/cbor",
        f"{INITIALIZING} requestBody content application/cbor",
        {"schema": {}},
    ),
    Planted(f"{RESPONSE}.note is new", f"{COLLECTION} properties note", {}),
    Planted(
        f"{RESPONSE}.payment_sessions[].metadata is now required",
        "components schemas StorePaymentSession allOf 1 required +",
        "metadata",
    ),
    Planted(
        f"{RESPONSE}.captured_amount can no longer be null",
        "components schemas NullableAmount nullable",
        value=False,
    ),
    Planted(
        f"{LIST} 400.type: only these values are allowed: ['invalid_data']",
        "components schemas ErrorResponse properties type enum",
        ["invalid_data"],
    ),
    Planted(
        f"{LIST} 500: the header Retry-After is new",
        "components responses ServerError headers",
        {"Retry-After": {"schema": {"type": "integer"}}},
    ),
    Planted(f"{LIST}: no key grants access", "security +", {}),
    Planted("the server https://eu.test is new", "servers +", {"url": "https://eu.test"}),
]

REWORDED = [
    Planted("a description", "components schemas Amount description", "In other words."),
    Planted("an example", "components schemas Amount example", 1),
    Planted("a summary", f"{LISTING} summary", "List them"),
    Planted("a deprecation", f"{LISTING} deprecated", value=True),
    Planted("a moved component", f"{LISTING} responses 500 $ref", "#/components/responses/New"),
]
