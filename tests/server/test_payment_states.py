"""Any sequence of calls leaves a payment collection consistent, in the domain and over HTTP.

The machine keeps a model of what was paid, and compares it with the collection's whole document.
"""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any, Protocol

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from tests.server.control.conftest import serving
from tests.server.control.served import Served
from tests.server.wire import SESSIONS

from xclade_store_mock.app import create_app
from xclade_store_mock.control.access import Access
from xclade_store_mock.errors import Refusal
from xclade_store_mock.payments import rules
from xclade_store_mock.payments.documents import collection_document
from xclade_store_mock.payments.model import Cart
from xclade_store_mock.payments.providers import Provider, SystemProvider
from xclade_store_mock.payments.providers.stripe import StripeProvider

TOTALS = [0, 0.49, 20, 25.5, 40]
CONFIRMED = {"payment_method": "pm_card_visa", "confirm": True}
REQUESTS = [
    ("pp_system_default", {}),
    ("pp_stripe_stripe", {}),
    ("pp_stripe_stripe", CONFIRMED),
    ("pp_stripe_stripe", {**CONFIRMED, "capture_method": "automatic"}),
    ("pp_stripe_stripe", {"capture_method": "refused"}),
]
STATUSES = ["pending", "requires_more", "error", "canceled", "authorized", "captured"]
FIELDS = (
    "amount,status,authorized_amount,captured_amount,completed_at,"
    "*payment_sessions,payment_sessions.payment.id,*payments,*payments.captures"
)


class Driver(Protocol):
    """Makes the calls; each returns whether it was accepted."""

    def reset(self) -> None:
        """Start with a new collection over 25.5 usd."""

    def initialize(self, provider_id: str, data: dict[str, Any]) -> bool:
        """Initialize a session."""

    def settle(self, session_id: str, status: str) -> bool:
        """Change a session's status as its provider does."""

    def change_total(self, total: float) -> None:
        """Change the total of the cart."""

    def read(self) -> dict[str, Any]:
        """Return the collection's document."""


class Domain:
    """Calls the rules."""

    def __init__(self) -> None:
        self.providers: dict[str, Provider] = {
            "pp_system_default": SystemProvider(),
            "pp_stripe_stripe": StripeProvider(),
        }
        self.numbers = count()
        self.reset()

    def now(self) -> datetime:
        """Return a time that is later with every call."""
        return datetime(2026, 1, 15, tzinfo=UTC) + timedelta(seconds=next(self.numbers))

    def new_id(self, prefix: str) -> str:
        """Return a new id."""
        return f"{prefix}{next(self.numbers)}"

    def cart(self, total: float) -> Cart:
        """Return the cart with a total."""
        return Cart("cart_demo", "reg_demo", "usd", Decimal(str(total)))

    def reset(self) -> None:
        """Create the collection."""
        cart = self.cart(25.5)
        self.collection = rules.create_collection(cart, new_id=self.new_id, now=self.now())

    def initialize(self, provider_id: str, data: dict[str, Any]) -> bool:
        """Call the rule; a refusal changes nothing."""
        with suppress(Refusal):
            self.collection = asyncio.run(
                rules.initialize_session(
                    self.collection,
                    self.providers[provider_id],
                    provider_id=provider_id,
                    data=data,
                    context={},
                    session_id=self.new_id("payses_"),
                    now=self.now(),
                )
            )
            return True
        return False

    def settle(self, session_id: str, status: str) -> bool:
        """Call the rule; a refusal changes nothing."""
        with suppress(Refusal):
            self.collection = rules.settle_session(
                self.collection, session_id, status=status, data={}, now=self.now()
            )
            return True
        return False

    def change_total(self, total: float) -> None:
        """Call the rule."""
        self.collection = rules.follow_cart(self.collection, self.cart(total), now=self.now())

    def read(self) -> dict[str, Any]:
        """Return the document of the Store API."""
        return collection_document(self.collection)


class Http:
    """Calls a served mock."""

    def __init__(self, mock: Served) -> None:
        self.mock = mock

    def reset(self) -> None:
        """Reset the demo store."""
        self.mock.control.post("/reset").raise_for_status()

    def initialize(self, provider_id: str, data: dict[str, Any]) -> bool:
        """Call the operation."""
        body = {"provider_id": provider_id, "data": data}
        return self.mock.store.post(SESSIONS, json=body).is_success

    def settle(self, session_id: str, status: str) -> bool:
        """Call the control API."""
        path = f"/payment-collections/pay_col_demo/payment-sessions/{session_id}"
        return self.mock.control.patch(path, json={"status": status}).is_success

    def change_total(self, total: float) -> None:
        """Call the control API."""
        cart = {"region_id": "reg_demo", "currency_code": "usd", "total": total}
        self.mock.control.put("/carts/cart_demo", json=cart).raise_for_status()

    def read(self) -> dict[str, Any]:
        """Read the collection, which both APIs show alike."""
        shown: dict[str, Any] = self.mock.read(FIELDS)
        assert shown["status"] == self.mock.collection()["status"]
        return shown


class PaymentMachine(RuleBasedStateMachine):
    """Calls in any order, and what must be true after each."""

    driver: Driver

    @initialize()
    def start(self) -> None:
        """Start with an unpaid collection."""
        self.driver.reset()
        self.total: float = 25.5
        self.session: tuple[str, float, str] | None = None  # its id, amount and status
        self.payments: dict[str, tuple[float, str]] = {}  # amount and state, by session
        self.session_ids: set[str] = set()
        self.document = self.driver.read()

    def sum(self, *states: str) -> float:
        """Return the sum of the payments in some states."""
        return sum(amount for amount, state in self.payments.values() if state in states)

    def pay(self, session_id: str, amount: float, status: str) -> None:
        """Keep what the session's status means for its payment."""
        self.session = session_id, amount, status
        if status in {"authorized", "captured"}:
            self.payments[session_id] = amount, status
        else:
            self.release(session_id)

    def release(self, session_id: str) -> None:
        """Cancel a session's payment, unless it was captured."""
        amount, state = self.payments.get(session_id, (0, ""))
        if state == "authorized":
            self.payments[session_id] = amount, "canceled"

    @rule(request=st.sampled_from(REQUESTS))
    def initialize_session(self, request: tuple[str, dict[str, Any]]) -> None:
        """Initialize a session, and expect a refusal where a rule demands one."""
        provider_id, data = request
        method = data.get("capture_method", "manual")
        is_payable = provider_id == "pp_system_default" or (
            self.total >= 0.5 and method != "refused"
        )
        is_captured = any(state == "captured" for _, state in self.payments.values())

        assert self.driver.initialize(provider_id, data) == (is_payable and not is_captured)

        if not is_payable or is_captured:
            assert self.document == self.driver.read(), "a refusal loses nothing"
            return
        (session,) = self.driver.read()["payment_sessions"]
        assert session["id"] not in self.session_ids
        self.session_ids.add(session["id"])
        if self.session is not None:
            self.release(self.session[0])
        paid = "authorized" if method == "manual" else "captured"
        self.pay(session["id"], self.total, paid if data.get("confirm") else "pending")

    @precondition(lambda self: self.session is not None)
    @rule(status=st.sampled_from(STATUSES))
    def settle(self, status: str) -> None:
        """Settle the session; a capture cannot be undone."""
        assert self.session is not None
        session_id, amount, earlier = self.session
        is_possible = earlier != "captured" or status == "captured"

        assert self.driver.settle(session_id, status) == is_possible

        if is_possible:
            self.pay(session_id, amount, status)
        else:
            assert self.document == self.driver.read(), "a refusal loses nothing"

    @rule(total=st.sampled_from(TOTALS))
    def change_total(self, total: float) -> None:
        """Change the cart, which removes the session if the total differs."""
        self.driver.change_total(total)
        if total != self.total and self.session is not None:
            self.release(self.session[0])
            self.session = None
        self.total = total

    @invariant()
    def is_consistent(self) -> None:
        """Sessions, payments, amounts and status agree with the model and with each other."""
        self.document = document = self.driver.read()
        live = [self.session] if self.session else []
        assert live == [
            (each["id"], each["amount"], each["status"]) for each in document["payment_sessions"]
        ]
        payments = document["payments"]
        assert [*self.payments.values()] == [(each["amount"], state_of(each)) for each in payments]
        assert len({each["id"] for each in payments}) == len(payments)
        captured = self.sum("captured")
        authorized = self.sum("captured", "authorized")
        assert self.total == document["amount"]
        assert authorized == (document["authorized_amount"] or 0)
        assert captured == (document["captured_amount"] or 0)
        self.check_status(document["status"], authorized, captured)
        assert (document["status"] == "completed") == (document["completed_at"] is not None)
        for session in document["payment_sessions"]:
            is_paid = session["status"] in {"authorized", "captured"}
            assert (
                is_paid
                == (session["payment"] is not None)
                == (session["authorized_at"] is not None)
            )
            assert not is_paid or session["payment"]["id"] in {each["id"] for each in payments}

    def check_status(self, status: str, authorized: float, captured: float) -> None:
        """Check that the status fits the amounts."""
        states = {state for _, state in self.payments.values()} - {"canceled"}
        if "captured" in states:
            assert status == ("completed" if captured >= self.total else "partially_captured")
        elif states:
            assert status == ("authorized" if authorized >= self.total else "partially_authorized")
        elif self.session and self.session[2] != "pending":
            assert "awaiting" == status
        else:
            assert "not_paid" == status


def state_of(payment: dict[str, Any]) -> str:
    """Return the state of a payment's document, which has at most one of both times."""
    assert None in (payment["captured_at"], payment["canceled_at"])
    assert (payment["captured_at"] is None) == (payment["captured_amount"] is None)
    assert (payment["captured_at"] is None) == (payment["captures"] == [])
    if payment["canceled_at"] is not None:
        return "canceled"
    return "authorized" if payment["captured_at"] is None else "captured"


@pytest.fixture(scope="module")
def drivers() -> Iterator[dict[str, tuple[Driver, int]]]:
    """Yield each driver with the number of sequences to try."""
    with serving(create_app(control=Access())) as mock:
        yield {"domain": (Domain(), 100), "http": (Http(mock), 15)}


@pytest.mark.parametrize("name", ["domain", "http"])
def test_every_sequence_of_calls_is_consistent(
    drivers: dict[str, tuple[Driver, int]], name: str
) -> None:
    """Amounts add up, the status fits, and nothing is lost."""
    driver, examples = drivers[name]
    machine = type("Machine", (PaymentMachine,), {"driver": driver})
    limits = settings(
        max_examples=examples,
        stateful_step_count=20,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    run_state_machine_as_test(machine, settings=limits)
