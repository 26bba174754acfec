"""The documents that the control API returns and publishes, without secrets."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct, to_builtins
from msgspec.structs import asdict

from xclade_store_mock.control.faults import Fault, FaultPlan
from xclade_store_mock.control.journal import Entry
from xclade_store_mock.jsontext import number
from xclade_store_mock.payments.documents import timestamp
from xclade_store_mock.payments.model import PaymentCollection, PaymentSession
from xclade_store_mock.redaction import hide
from xclade_store_mock.web.endpoints import Document


def render(value: Any) -> Any:
    """Return a value as JSON: records as objects, amounts as numbers, times as texts."""
    match value:
        case Struct():
            return render(asdict(value))
        case Mapping():
            return {name: render(each) for name, each in value.items()}
        case list() | tuple():
            return [render(each) for each in value]
        case Decimal():
            return number(value)
        case datetime():
            return timestamp(value)
    return value


def render_collection(collection: PaymentCollection) -> Document:
    """Return a payment collection with its sessions."""
    fields = asdict(collection)
    sessions = [_render_session(each) for each in fields.pop("sessions")]
    return {**render(fields), "payment_sessions": sessions}


def _render_session(session: PaymentSession) -> Document:
    fields = asdict(session)
    del fields["metadata"]
    return {**render(fields), "data": hide(session.data), "context": hide(session.context)}


def render_fault(fault: Fault) -> Document:
    """Return a fault: which requests it applies to, and what it does."""
    plan = fault.plan
    return {
        "id": fault.id,
        "operation_id": plan.operation_id,
        "method": plan.method,
        "path": plan.path,
        "payment_collection_id": plan.payment_collection_id,
        "times": fault.times,
        **_render_effect(plan),
        "waiting": fault.gate.waiting,
    }


def render_entry(entry: Entry) -> Document:
    """Return an entry of the journal."""
    return {**render(entry), "fault": entry.fault and _render_effect(entry.fault)}


def _render_effect(plan: FaultPlan) -> Document:
    return {
        "when": plan.when,
        "delay": plan.delay,
        "answer": to_builtins(plan.answer),
        "broken": plan.broken,
        "note": plan.note,
    }
