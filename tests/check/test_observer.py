"""Invariants across single calls: what is remembered, and what overlapping calls do not prove."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from xclade_store_mock.check.calls import CREATE, INITIALIZE, LIST, Interaction, Response
from xclade_store_mock.check.invariants import Observer, Verdict

URL = "http://127.0.0.1:4010/store"


def answered(
    operation: str, path: str, body: dict[str, Any], document: dict[str, Any], status: int = 200
) -> Interaction:
    """Return a call and its response."""
    response = Response(status, {}, json.dumps(document).encode())
    return Interaction(operation, "POST", URL + path, {}, json.dumps(body).encode(), response)


def created(amount: float = 10, *sessions: dict[str, Any], cart: str = "cart_1") -> Interaction:
    """Return a call that created a cart's payment collection."""
    collection = {"id": f"pay_col_{cart}", "amount": amount, "currency_code": "usd"}
    document = {"payment_collection": {**collection, "payment_sessions": sessions}}
    return answered(CREATE, "/payment-collections", {"cart_id": cart}, document)


def initialized(*sessions: dict[str, Any], status: int = 200) -> Interaction:
    """Return a call that initialized a session."""
    collection = {"id": "pay_col_cart_1", "amount": 10, "currency_code": "usd"}
    document = {"payment_collection": {**collection, "payment_sessions": sessions}}
    path = "/payment-collections/pay_col_cart_1/payment-sessions"
    body = {"provider_id": "pp_system_default"}
    return answered(INITIALIZE, path, body, document if status == 200 else {}, status)


def session(number: int, **members: Any) -> dict[str, Any]:
    """Return a session of the manual provider."""
    return {"id": f"payses_{number}", "provider_id": "pp_system_default", "amount": 10, **members}


def missed(verdicts: list[Verdict]) -> dict[str, str]:
    """Return the names of the invariants that were broken, and the deviations that explain it."""
    return {each.invariant.name: each.row for each in verdicts if each.expected}


def test_cart_amount() -> None:
    """A payment collection has the amount of its cart, as long as the cart is known."""
    observer = Observer()
    cart = {"id": "cart_1", "total": 10, "currency_code": "usd"}
    observer.observe(answered("", "/carts/cart_1", {}, {"cart": cart}))

    assert {} == missed(observer.observe(created(10)))
    assert {"cart_amount": ""} == missed(observer.observe(created(12)))

    observer.observe(answered("", "/carts/cart_1/line-items", {}, {}))
    assert {} == missed(observer.observe(created(12)))


def test_overlapping_calls_are_not_compared() -> None:
    """Two sessions are wrong after one call, and possible after two at the same time."""
    observer, call = Observer(), initialized(session(1), session(2))
    spans = [observer.begin(call), observer.begin(call)]

    assert [{}, {}] == [missed(observer.observe(call, span)) for span in spans]
    after = initialized(session(3), session(4))
    assert {"one_session": ""} == missed(observer.observe(after, observer.begin(after)))


def test_calls_that_overlap_a_change_of_the_cart() -> None:
    """Neither is an amount compared, nor a cart learned; reads do not matter to each other."""
    cart = {"cart": {"id": "cart_1", "total": 10, "currency_code": "usd"}}
    read = replace(answered("", "/carts/cart_1", {}, cart), method="GET")
    change = answered("", "/carts/cart_1/line-items", {}, {})
    for responses in ((read.response, None), (None, read.response)):
        observer = Observer()
        spans = [observer.begin(read) for _ in responses]
        for response, span in zip(responses, spans, strict=True):
            observer.observe(replace(read, response=response), span)
        assert {"cart_amount": ""} == missed(observer.observe(created(12)))

    changing, reading, creating = map(observer.begin, (change, read, created(12)))
    assert {} == missed(observer.observe(created(12), creating))
    observer.observe(change, changing)
    observer.observe(read, reading)
    assert {} == missed(observer.observe(created(12)))


def test_change_of_a_cart_that_became_known_too_late() -> None:
    """It overlapped a call for the payment collection when nobody knew whose that is."""
    observer = Observer()
    cart = {"id": "cart_1", "total": 12, "currency_code": "usd"}
    change = answered("", "/carts/cart_1/line-items", {}, {"cart": cart})
    initializing, changing = observer.begin(initialized()), observer.begin(change)
    observer.observe(created(10))
    observer.observe(change, changing)

    assert "cart_amount" not in missed(observer.observe(initialized(), initializing))


def test_calls_outside_of_the_contract_reveal_only_carts() -> None:
    """What else looks like the contract's documents may mean something else."""
    observer = Observer()
    observer.observe(replace(initialized(session(1)), operation=""))
    observer.observe(initialized(status=500))

    assert {} == missed(observer.observe(created(10)))


def test_failed_initialization() -> None:
    """The session stays; in Medusa a copy of it does. A changed cart explains its absence."""
    for sessions, amount, expected in (
        ((session(1),), 10, {}),
        ((session(2),), 10, {"kept_session": "restored-sessions"}),
        ((), 10, {"kept_session": ""}),
        ((), 12, {}),
    ):
        observer = Observer()
        observer.observe(initialized(session(1)))
        observer.observe(initialized(status=500))
        assert expected == missed(observer.observe(created(amount, *sessions)))


def test_paid_sessions_keep_their_amount() -> None:
    """A session that was paid before the cart changed is not wrong."""
    observer = Observer()

    assert {} == missed(observer.observe(created(12, session(1, status="authorized"))))
    assert {"session_amount": ""} == missed(observer.observe(created(12, session(1))))


HOSTILE: tuple[Any, ...] = (
    *(None, True, -1, 10**400, 1e300, float("inf"), [], {}, [[]], [{}], [{"id": []}]),
    *("", "x", "NaN", "1e99999999", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+09:00"),
)
TIME = "2026-01-15T09:30:00.000Z"
STRIPE = {
    **session(
        1, currency_code="usd", provider_id="pp_stripe_stripe", payment_collection={"id": ""}
    ),
    "raw_amount": {"value": "10"},
    "data": {"client_secret": "x", "amount": 1000, "currency": "usd"},
    **dict.fromkeys(("created_at", "updated_at", "authorized_at"), TIME),
}
WHOLE: dict[str, Any] = {
    "payment_collection": {
        "id": "pay_col_cart_1",
        "amount": 10,
        "currency_code": "usd",
        "updated_at": TIME,
        "payment_sessions": [STRIPE, session(2)],
        "payments": [{"id": "pay_1", "created_at": TIME, "captured_at": TIME}],
    },
    "payment_providers": [{"id": "pp_system_default"}],
    "count": 1,
    "offset": 0,
    "limit": 20,
    "cart": {"id": "cart_1", "total": 10, "currency_code": "usd"},
    "carts": [{"id": "cart_1", "total": 10, "currency_code": "usd"}],
}


def changed(document: Any, value: Any) -> Iterator[Any]:
    """Yield copies of a document with the value in the place of one part, however deep."""
    yield value
    if not isinstance(document, dict | list):
        return
    for step, part in document.items() if isinstance(document, dict) else enumerate(document):
        for each in changed(part, value):
            copy = document.copy()
            copy[step] = each
            yield copy


def test_any_response_can_be_observed() -> None:
    """Whatever a backend returns in whatever place, it is compared without an error."""
    first, failed, last = initialized(session(2)), initialized(status=500), created()
    for value in HOSTILE:
        for document in changed(WHOLE, value):
            observer, content = Observer(), json.dumps(document).encode()
            response = Response(200, {}, content)
            for call in (first, failed, last, first, replace(last, operation=LIST)):
                got = call.response if call is failed else response
                observer.observe(replace(call, response=got))


def test_deep_documents_can_be_observed() -> None:
    """Nesting that is too deep to compare does not break an invariant."""
    observer = Observer()
    content = b'{"payment_collection": {"id": "x", "data": %s}}' % (b"[" * 600 + b"]" * 600)
    headers = {"Idempotency-Key": "k"}
    call = replace(created(), headers=headers, response=Response(200, {}, content))

    assert [{}, {"idempotency": "idempotency-key"}] == [
        missed(observer.observe(call)) for _ in range(2)
    ]


def test_memory_is_bounded() -> None:
    """Of many carts, the first is forgotten."""
    observer = Observer()
    other = answered(
        CREATE, "/payment-collections", {"cart_id": "cart_1"}, {"payment_collection": {"id": "x"}}
    )
    observer.observe(created())
    assert {"one_collection": ""} == missed(observer.observe(other))

    for number in range(2000):
        observer.observe(created(cart=f"cart_{number + 2}"))
    assert {} == missed(observer.observe(created()))
