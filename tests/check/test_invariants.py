"""Lying backends: the shape of each response is right, and what it says is not."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from typing import Any

import pytest
from tests.check.backends import Meddler, Request, Response
from tests.check.conftest import IDS, Check
from tests.conftest import served

from xclade_store_mock.app import create_app
from xclade_store_mock.check.backend import Backend
from xclade_store_mock.check.calls import Ids
from xclade_store_mock.check.discovery import discover
from xclade_store_mock.check.findings import Judge
from xclade_store_mock.check.invariants import INVARIANTS
from xclade_store_mock.check.run import provoke
from xclade_store_mock.check.signs import Evidence
from xclade_store_mock.contract import load_contract
from xclade_store_mock.control.access import Access
from xclade_store_mock.dialects import DOCUMENTED, MEDUSA
from xclade_store_mock.web.dialect import Dialect

Lie = Callable[[Request, dict[str, Any]], None]
"""Changes the document of a successful response."""

TITLES = {each.name: each.title for each in INVARIANTS}


def of_collection(change: Callable[[dict[str, Any]], None], path: str = "") -> Lie:
    """Change the payment collection, in responses to requests whose path ends like this."""

    def lie(request: Request, document: dict[str, Any]) -> None:
        if "payment_collection" in document and request.path.endswith(path):
            change(document["payment_collection"])

    return lie


def of_sessions(change: Callable[[dict[str, Any]], None]) -> Lie:
    """Change each payment session."""

    def lie(collection: dict[str, Any]) -> None:
        for session in collection.get("payment_sessions", ()):
            change(session)

    return of_collection(lie)


def of_page(change: Callable[[dict[str, Any]], None]) -> Lie:
    """Change each page of payment providers."""

    def lie(_request: Request, document: dict[str, Any]) -> None:
        if document.get("payment_providers"):
            change(document)

    return lie


def times(number: int, *names: str) -> Callable[[dict[str, Any]], None]:
    """Multiply amounts."""

    def change(document: dict[str, Any]) -> None:
        document.update({name: document[name] * number for name in names if name in document})

    return change


def put(**members: Any) -> Callable[[dict[str, Any]], None]:
    """Replace members where they are present."""

    def change(document: dict[str, Any]) -> None:
        document.update({name: value for name, value in members.items() if name in document})

    return change


def double(name: str) -> Callable[[dict[str, Any]], None]:
    """List everything twice."""

    def change(document: dict[str, Any]) -> None:
        if name in document:
            document[name] *= 2

    return change


def add_session(collection: dict[str, Any]) -> None:
    """Keep an earlier session."""
    for session in collection.get("payment_sessions", ())[:1]:
        collection["payment_sessions"].append({**session, "id": "payses_earlier"})


def multiply_everything(collection: dict[str, Any]) -> None:
    """Return amounts in cents, next to the right `raw_amount`."""
    for each in (collection, *collection.get("payment_sessions", ())):
        times(100, "amount")(each)


def outdate(collection: dict[str, Any]) -> None:
    """Return sessions as of long ago."""
    for session in collection.get("payment_sessions", ()):
        put(created_at=OLD, updated_at=OLD)(session)


def set_price(collection: dict[str, Any]) -> None:
    """Return another amount everywhere."""
    for each in (collection, *collection.get("payment_sessions", ())):
        put(amount=99, raw_amount={"value": "99"})(each)


def another_collection(request: Request, document: dict[str, Any]) -> None:
    """Return another payment collection where some fields are asked for."""
    if request.query and request.path.endswith("-collections"):
        document["payment_collection"]["id"] = "pay_col_other"


def first_page(request: Request, document: dict[str, Any]) -> None:
    """Repeat the first provider on the second page."""
    if b"offset=1" in request.query:
        put(payment_providers=[{"id": "pp_stripe_stripe", "is_enabled": True}])(document)


def inflate_intent(session: dict[str, Any]) -> None:
    """Count in tenths of a cent."""
    times(10, "amount")(session.get("data", {}))


def borrow_intent(session: dict[str, Any]) -> None:
    """Return the payment intent of another session."""
    put(id="pi_other")(session.get("data", {}))


class Backwards:
    """A clock that goes back by a minute whenever something is created."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 15, tzinfo=UTC)
        self.seen: dict[str, str] = {}

    def set(self, session: dict[str, Any]) -> None:
        """Replace the times of a session."""
        if session["id"] not in self.seen:
            self.now -= timedelta(minutes=1)
            self.seen[session["id"]] = self.now.isoformat()
        put(created_at=self.seen[session["id"]], updated_at=self.seen[session["id"]])(session)


def other_replay(request: Request, document: dict[str, Any]) -> None:
    """Return another amount whenever an idempotency key is sent."""
    if "idempotency-key" in request.headers and "payment_collection" in document:
        document["payment_collection"]["amount"] = next(AMOUNTS)


def ignore_fields(request: Request) -> None:
    """Drop the query of requests that return a payment collection."""
    if request.method == "POST":
        request.query = b""


def ignore_idempotency(request: Request) -> None:
    """Drop the idempotency key."""
    request.headers.pop("idempotency-key", None)


lose_sessions = of_collection(put(payment_sessions=[]), "-collections")
AMOUNTS = count(1)
OLD = "2001-01-01T00:00:00.000Z"
LIES: list[tuple[str, Lie]] = [
    ("requested_collection", of_collection(put(id="pay_col_other"), "-sessions")),
    ("requested_collection", of_sessions(put(payment_collection_id="pay_col_other"))),
    ("requested_provider", of_sessions(put(provider_id="pp_system_other"))),
    ("session_amount", of_sessions(put(amount=2550, raw_amount={"value": "2550"}))),
    ("session_amount", of_sessions(put(currency_code="eur"))),
    ("raw_amount", of_collection(multiply_everything)),
    ("stripe_amount", of_sessions(inflate_intent)),
    ("one_collection", another_collection),
    ("one_session", of_collection(add_session, "-sessions")),
    ("new_session", of_sessions(put(id="payses_same"))),
    ("unique_ids", of_collection(double("payment_sessions"))),
    ("unique_ids", of_page(double("payment_providers"))),
    ("cart_amount", of_collection(set_price)),
    ("kept_session", lose_sessions),
    ("provider_pages", of_page(put(count=7))),
    ("provider_pages", of_page(put(limit=3))),
    ("provider_pages", first_page),
    ("idempotency", other_replay),
    ("own_data", of_sessions(put(data={}))),
    ("own_data", of_sessions(borrow_intent)),
    ("own_data", of_sessions(put(context={"customer": {"id": "cus_other"}}))),
    ("cart_amount", of_collection(set_price, "-sessions")),
    ("ordered_times", of_sessions(Backwards().set)),
    ("ordered_times", of_sessions(put(updated_at=OLD))),
    ("ordered_times", of_collection(outdate, "-collections")),
]
FORGERIES = [
    ("selected_fields", {"forge": ignore_fields}),
    ("idempotency", {"forge": ignore_idempotency}),
]


def lying(lie: Lie, request: Request, response: Response) -> None:
    """Change the document of a successful response."""
    if response.status == 200 and response.body.startswith(b"{"):
        response.edit(partial(lie, request))


BACKENDS = {
    DOCUMENTED: [*((name, {"meddle": partial(lying, lie)}) for name, lie in LIES), *FORGERIES],
    # Where the dialects differ.
    MEDUSA: [("kept_session", {"meddle": partial(lying, lose_sessions)}), FORGERIES[0]],
}


@pytest.mark.parametrize(
    ("dialect", "name", "faults"),
    [
        pytest.param(dialect, name, faults, id=f"{dialect.name}-{name}")
        for dialect, backends in BACKENDS.items()
        for name, faults in backends
    ],
)
def test_lies_are_found(dialect: Dialect, name: str, faults: dict[str, Any]) -> None:
    """The calls that each check makes are enough to find them."""
    contract = load_contract("store.yaml")
    titles = set()
    # The control API has the totals of carts.
    app = create_app(dialect=dialect, control=Access())
    with served(Meddler(app, **faults), is_store=False) as url:
        for provider in ("pp_system_default", "pp_stripe_stripe"):
            backend = Backend(url, "pk_demo", None, 10)
            discovery = discover(backend, Ids(provider=provider))
            judge = Judge(dialect, Evidence(backend.key, discovery.collections, contract))
            provoke(judge, backend, discovery)
            titles |= {title for cause in judge.causes.values() for title in cause.titles}

    assert TITLES[name] in titles


def test_lie_is_reported(check: Check) -> None:
    """The report has the description of the invariant."""
    lie = partial(lying, of_collection(multiply_everything))
    with served(Meddler(create_app(), lie), is_store=False) as url:
        outcome = check(url, *IDS)

    assert (1, "") == (outcome.code, outcome.err)
    assert f": {TITLES['raw_amount']}\n   expected" in outcome.out


def test_each_invariant_has_a_lie() -> None:
    """Each is broken by a backend."""
    assert TITLES.keys() == {name for backends in BACKENDS.values() for name, _ in backends}
