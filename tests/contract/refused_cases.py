"""Invalid requests, and the intended differences between Prism and the mock."""

from tests.conftest import KEY
from tests.contract.prefer_cases import CREATE, INITIALIZE, LIST, Case, ask
from tests.contract.prism_differences import Difference


def by(difference: Difference, *parts: str) -> dict[str, Difference]:
    """Map parts of a response to one reason; by default, the parts of a refusal."""
    return dict.fromkeys(
        parts or ("status", "media_type", "body", "violations", "words"), difference
    )


PROVIDERS = "/store/payment-providers"
JSON = {**KEY, "Content-Type": "application/json"}
FORM = {**KEY, "Content-Type": "application/x-www-form-urlencoded"}
SPACED = {**KEY, "Idempotency-Key": "a b"}
ACCEPTS_JSON = {**KEY, "Accept": "application/json"}
ACCEPTS_HTML = {**KEY, "Accept": "text/html"}

WORDING = {"words": Difference.WORDS}
REFUSED = {**WORDING, "body": Difference.REFUSED}
# Prism adds the documented header to 400 and 422, which list_payment_providers does not have.
REFUSED_BODY = {**REFUSED, "replayed": Difference.REPLAYED}
REFUSED_422 = {**REFUSED_BODY, "status": Difference.REFUSED}

BODIES = (
    *(
        Case(f"no cart, {prefer}", ask(CREATE, prefer, json={}), REFUSED_BODY)
        for prefer in (None, "code=200", "code=400, example=unknown_field", "dynamic=true")
    ),
    Case("no cart, code=abc", ask(CREATE, "code=abc", json={})),
    *(
        Case(f"body {body}", ask(CREATE, "code=200", json=body), REFUSED_BODY)
        for body in ({"cart_id": None}, {"cart_id": "x", "a": 1}, [1], "x")
    ),
    *(
        Case(
            f"body {content!r}",
            ask(CREATE, headers=JSON, content=content),
            {**REFUSED_BODY, "violations": Difference.NO_BODY},
        )
        for content in (b"", b"null")
    ),
    Case(
        "unknown fields",
        ask(CREATE, json={"cart_id": 5, "a": 1, "b": 2}),
        {**REFUSED_BODY, "violations": Difference.UNKNOWN_FIELDS},
    ),
    Case(
        "too many unknown fields",
        ask(CREATE, json={f"field{number}": 1 for number in range(100)}),
        {**REFUSED_BODY, "violations": Difference.TOO_MANY},
    ),
    Case(
        "no provider, code=422",
        ask(INITIALIZE, "code=422, example=key_used_before", json={}),
        REFUSED_422,
        (422, 400),
    ),
    Case(
        "no provider, unknown example",
        ask(INITIALIZE, "code=422, example=nobody", json={}),
        by(Difference.REFUSED),
        (404, 400),
    ),
    Case(
        "too large",
        ask(CREATE, "code=200", json={"cart_id": "x" * 102_400}),
        by(Difference.TOO_LARGE, "status", "body"),
        (200, 413),
    ),
    Case("form", ask(CREATE, "code=200", headers=FORM, content=b"cart_id=cart_demo"), WORDING),
    Case(
        "no media type",
        ask(CREATE, "code=200", content=b'{"cart_id":"cart_demo"}'),
        by(Difference.NO_MEDIA_TYPE, "status", "body", "violations", "words", "replayed"),
        (400, 415),
    ),
)

PARAMETERS = (
    Case("no region", ask(LIST, "code=200", url=PROVIDERS), WORDING),
    *(
        Case(f"?{query}", ask(LIST, "code=200", query), REFUSED)
        for query in (
            "limit=x&offset=-1",
            "limit=99999999999",
            "limit=1.5",
            "region_id=b",
            "fields=a&fields=b",
        )
    ),
    *(
        Case(
            f"?{query}",
            ask(LIST, "code=200", query),
            by(difference, "status", "body", "violations", "words"),
            (200, 400),
        )
        for query, difference in (
            ("limit=", Difference.EMPTY),
            ("sort=b", Difference.UNKNOWN_PARAMETER),
            ("__CODE=404", Difference.UNKNOWN_PARAMETER),
        )
    ),
    Case("?fields=", ask(LIST, "code=200", "fields=")),
    Case(
        "?region_id=",
        ask(LIST, "code=200", url=f"{PROVIDERS}?region_id="),
        {**REFUSED, "violations": Difference.EMPTY},
    ),
    Case(
        "Idempotency-Key: a b", ask(INITIALIZE, "code=200", headers=SPACED), REFUSED_422, (422, 400)
    ),
    Case(
        "Idempotency-Key:",
        ask(INITIALIZE, "code=409", headers={**KEY, "Idempotency-Key": ""}),
        by(Difference.EMPTY, "status", "body", "violations", "words"),
        (409, 400),
    ),
    Case(
        "body, header and query",
        ask(INITIALIZE, None, "fields=a&fields=b", SPACED, json={}),
        {**REFUSED_422, "violations": Difference.FIRST_PART},
        (422, 400),
    ),
)

KEYS = (
    *(
        Case(f"no key, {prefer}", ask(INITIALIZE, prefer, headers={}), WORDING)
        for prefer in (None, "code=409", "code=200, example=stripe", "dynamic=true")
    ),
    Case("no key, code=abc", ask(INITIALIZE, "code=abc", headers={})),
    Case("blank key", ask(INITIALIZE, "code=409", headers={"x-publishable-api-key": ""}), WORDING),
    Case(
        "no key, no provider",
        ask(INITIALIZE, "code=409", headers={}, json={}),
        {**WORDING, "violations": Difference.FIRST_PART},
    ),
    Case(
        "no key, unknown example",
        ask(INITIALIZE, "code=401, example=nobody", headers={}),
        by(Difference.REFUSED),
        (404, 401),
    ),
    Case(
        "unknown key",
        ask(INITIALIZE, "code=409", headers={"x-publishable-api-key": "pk_nobody"}),
        by(Difference.UNKNOWN_KEY),
        (409, 401),
    ),
)

ROUTES = (
    *(
        case
        for method, path in (("GET", "/nothing"), ("DELETE", PROVIDERS))
        for case in (
            Case(
                f"{method} {path}",
                ask({"method": method, "url": path}, "code=409"),
                by(Difference.MISROUTED, "media_type", "body"),
            ),
            Case(f"{method} {path}, code=abc", ask({"method": method, "url": path}, "code=abc")),
        )
    ),
    Case(
        "HEAD",
        ask({**LIST, "method": "HEAD"}, "code=200"),
        by(Difference.HEAD, "status", "media_type"),
        (405, 200),
    ),
)

ACCEPTS = (
    Case("accepts JSON, code=404", ask(CREATE, "code=404", headers=ACCEPTS_JSON)),
    *(
        Case(
            f"accepts {headers['Accept']}, {prefer}",
            ask(CREATE, prefer, headers=headers),
            by(Difference.ACCEPT, "status", "media_type", "body"),
            statuses,
        )
        for headers, prefer, statuses in (
            (ACCEPTS_JSON, "code=401", (200, 401)),
            (ACCEPTS_HTML, "code=404", (500, 404)),
            (ACCEPTS_HTML, "example=created", (406, 200)),
        )
    ),
)

REFUSALS = (*BODIES, *PARAMETERS, *KEYS, *ROUTES, *ACCEPTS)

# Prism does not respond to the first, and crashes on the second.
CRASHING = (
    Case(
        "broken JSON",
        ask(CREATE, "code=200", headers=JSON, content=b"{"),
        by(Difference.NO_ANSWER, "status", "media_type", "body"),
        (None, 400),
    ),
    Case(
        "unknown field €",
        ask(CREATE, "code=200", json={"cart_id": "cart_demo", "€": 1}),
        by(Difference.NO_ANSWER),
        (None, 400),
    ),
)
