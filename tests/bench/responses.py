"""Check a server's responses with Schemathesis, independently of our own validation."""

from functools import cache
from typing import Any

import schemathesis
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.bench.calls import CONTRACT, TEMPLATE, Call
from tests.conftest import PATIENCE

CHECKS = [content_type_conformance, response_schema_conformance, status_code_conformance]


def find_fault(url: str, call: Call) -> str | None:
    """Make a call, and return what is wrong with its response, or None."""
    keys = {"Idempotency-Key": "first"} if call.idempotent else {}
    case = _contract()[TEMPLATE]["POST"].Case(
        path_parameters={"id": "pay_col_demo"},
        headers={**call.headers, **keys},
        body=call.body,
        media_type="application/json",
    )
    response = case.call(base_url=url, timeout=PATIENCE)
    if response.status_code not in call.statuses:
        return f"returns {response.status_code}"
    try:
        case.validate_response(response, checks=CHECKS)
    except FailureGroup:
        return "breaks the contract"
    return None if call.is_error else _missing_fields(response.json())


def _missing_fields(body: dict[str, Any]) -> str | None:
    """Return which fields a body lacks; the schema allows that, as callers may select fields."""
    schema = _contract().raw_schema["components"]["schemas"]["StorePaymentSession"]
    (fields,) = (part["required"] for part in schema["allOf"] if "required" in part)
    (session,) = body["payment_collection"]["payment_sessions"]
    missing = set(fields) - session.keys()
    return f"leaves out {', '.join(sorted(missing))}" if missing else None


@cache
def _contract() -> Any:
    return schemathesis.openapi.from_path(CONTRACT)
