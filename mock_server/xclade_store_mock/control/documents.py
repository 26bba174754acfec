"""The documents that the control API returns and publishes, without secrets."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct, to_builtins
from msgspec.structs import asdict, replace

from xclade_store_mock.control.faults import Fault, FaultPlan
from xclade_store_mock.control.journal import Entry
from xclade_store_mock.jsontext import number
from xclade_store_mock.payments.documents import timestamp
from xclade_store_mock.payments.model import PaymentCollection, PaymentSession
from xclade_store_mock.payments.providers import SessionRequest
from xclade_store_mock.payments.rules import sum_up
from xclade_store_mock.redaction import hide, hide_text
from xclade_store_mock.web.endpoints import Document

_EFFECT = {"when", "delay", "answer", "broken", "note"}


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
    fields = {**asdict(collection), "status": sum_up(collection).status}
    del fields["payments"]
    sessions = [_render_session(each) for each in fields.pop("sessions")]
    return {**render(fields), "payment_sessions": sessions}


def _render_session(session: PaymentSession) -> Document:
    fields = asdict(session)
    del fields["metadata"]
    return {**render(fields), "data": hide(session.data), "context": hide(session.context)}


def render_fault(fault: Fault) -> Document:
    """Return a fault: which requests it applies to, and what it does."""
    plan = _render_plan(fault.plan)
    held = [{"method": each["method"], "path": hide_text(each["path"])} for each in fault.gate.held]
    return {"id": fault.id, **plan, "times": fault.times, "waiting": len(held), "held": held}


def render_call(request: SessionRequest) -> Document:
    """Return a call of a payment provider: which session it is for."""
    return {
        "session_id": request.session_id,
        "amount": number(request.amount),
        "currency_code": request.currency_code,
    }


def render_entry(entry: Entry) -> Document:
    """Return an entry of the journal, with what its fault did."""
    plan = _render_plan(entry.fault) if entry.fault else {}
    effect = {name: value for name, value in plan.items() if name in _EFFECT}
    return {**render(entry), "fault": effect or None}


def _render_plan(plan: FaultPlan) -> dict[str, Any]:
    document: dict[str, Any] = to_builtins(replace(plan, then=None))
    del document["then"]
    return document
