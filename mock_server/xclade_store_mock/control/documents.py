"""The control API's documents: what is steered, as JSON without secrets."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from xclade_store_mock import javascript
from xclade_store_mock.control.clock import ControlClock
from xclade_store_mock.control.faults import Fault, FaultPlan
from xclade_store_mock.control.journal import Entry
from xclade_store_mock.control.outcomes import Outcome
from xclade_store_mock.control.redaction import hide
from xclade_store_mock.control.scenarios import CART_ID, COLLECTION_ID, REGION_ID, Scenario
from xclade_store_mock.payments.documents import timestamp
from xclade_store_mock.payments.rules import (
    Cart,
    PaymentCollection,
    PaymentProvider,
    PaymentSession,
    Region,
)

Document = Mapping[str, Any]


def cart_document(cart: Cart) -> Document:
    """Describe a cart."""
    return {**asdict(cart), "total": javascript.number(cart.total)}


def region_document(region: Region) -> Document:
    """Describe a region."""
    return asdict(region)


def provider_document(provider: PaymentProvider, outcome: Outcome | None) -> Document:
    """Describe a payment provider, and what its next calls come to."""
    return {**asdict(provider), "outcome": outcome and outcome_document(outcome)}


def outcome_document(outcome: Outcome) -> Document:
    """Describe what a provider's next calls come to."""
    return asdict(outcome)


def collection_document(collection: PaymentCollection) -> Document:
    """Describe a payment collection with its sessions."""
    return {
        "id": collection.id,
        "cart_id": collection.cart_id,
        "currency_code": collection.currency_code,
        "amount": javascript.number(collection.amount),
        "status": collection.status,
        "created_at": timestamp(collection.created_at),
        "updated_at": timestamp(collection.updated_at),
        "payment_sessions": [_session_document(each) for each in collection.sessions],
    }


def _session_document(session: PaymentSession) -> Document:
    return {
        "id": session.id,
        "provider_id": session.provider_id,
        "currency_code": session.currency_code,
        "amount": javascript.number(session.amount),
        "status": session.status,
        "authorized_at": session.authorized_at and timestamp(session.authorized_at),
        "data": hide(session.data),
        "context": hide(session.context),
        "created_at": timestamp(session.created_at),
        "updated_at": timestamp(session.updated_at),
    }


def fault_document(fault: Fault) -> Document:
    """Describe a fault."""
    plan = fault.plan
    return {
        "id": fault.id,
        "operation_id": plan.operation_id,
        "method": plan.method,
        "path": plan.path,
        "payment_collection_id": plan.payment_collection_id,
        "times": fault.times,
        **_effect_document(plan),
        "waiting": fault.gate.waiting,
    }


def _effect_document(plan: FaultPlan) -> Document:
    answer = plan.answer and {
        name: value for name, value in asdict(plan.answer).items() if value is not None
    }
    return {
        "when": plan.when,
        "delay": plan.delay,
        "answer": answer,
        "broken": plan.broken,
        "note": plan.note,
    }


def clock_document(clock: ControlClock) -> Document:
    """Describe the clock."""
    return {"now": timestamp(clock()), "frozen": clock.is_frozen, "is_real": clock.is_real}


def entry_document(entry: Entry) -> Document:
    """Describe an entry of the journal."""
    fault = entry.fault and _effect_document(entry.fault)
    return {**asdict(entry), "at": timestamp(entry.at), "fault": fault}


def scenario_document(scenario: Scenario, present: Scenario | None) -> Document:
    """Describe a scenario; `present` is the one that is on."""
    return {
        "name": scenario.name,
        "trouble": scenario.trouble,
        "remedy": scenario.remedy,
        "cart_id": CART_ID,
        "payment_collection_id": COLLECTION_ID,
        "region_id": REGION_ID,
        "is_on": scenario is present,
    }
