"""Check what the client returns or raises against the response it received."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from tests.contract.relay_contract import property_names

from xclade_store import ErrorAnswer
from xclade_store.json_values import JsonObject
from xclade_store.model import Model

Json = Any


def canonical(document: Json) -> str:
    """Return JSON in which 1, 1.0 and True differ, and the order of keys does not matter."""
    return json.dumps(document, sort_keys=True)


def outcome_of(call: Callable[[], Any]) -> Model | ErrorAnswer:
    """Make a call, and return its result or its error."""
    try:
        result: Model = call()
    except ErrorAnswer as error:
        return error
    return result


def check_outcome(outcome: Model | ErrorAnswer, status: int, content: bytes) -> None:
    """Fail if a result, or an error, differs from the response it was parsed from."""
    if isinstance(outcome, ErrorAnswer):
        assert status == outcome.status
        # The text of a 401 is not parsed.
        if status != 401:
            _check_error(outcome, _read(content))
    else:
        assert status == 200
        _check_model(outcome, _result(outcome, _read(content, parse_float=Decimal)))
        assert canonical(_result(outcome, _read(content))) == canonical(outcome.to_dict())


def _read(content: bytes, **options: Any) -> Json:
    return json.loads(content.decode("utf-8-sig"), **options)


def _result(result: Model, document: Json) -> Json:
    name = "payment_collection"
    return document[name] if type(result).__name__.startswith("StorePaymentC") else document


def _check_error(error: ErrorAnswer, document: Json) -> None:
    expected = {name: document.get(name) for name in ("type", "message", "code")}
    assert expected == {"type": error.type, "message": error.message, "code": error.code}


def _check_model(model: Model, document: Mapping[str, Json]) -> None:
    """Compare each attribute; a missing field has no attribute."""
    known = property_names(type(model).__name__)
    for name in known:
        assert hasattr(model, name) == (name in document), name
        if name in document:
            part = _exact_amount(document) if name == "amount" else document[name]
            _check_value(getattr(model, name), part)
    assert model.additional_properties.keys() == document.keys() - known


def _check_value(value: object, document: Json) -> None:
    if isinstance(value, Model):
        _check_model(value, document)
    elif isinstance(value, tuple):
        for item, part in zip(value, document, strict=True):
            _check_value(item, part)
    elif isinstance(value, datetime):
        assert datetime.fromisoformat(document) == value
    elif isinstance(value, JsonObject):
        # Its numbers are floats; that no digit is lost is checked with to_dict().
        assert value.keys() == document.keys()
    else:
        assert document == value


def _exact_amount(document: Mapping[str, Json]) -> Json:
    """Return the exact amount of `raw_amount` if there is one, or else `amount`."""
    try:
        exact = Decimal(document["raw_amount"]["value"])
    except (KeyError, InvalidOperation):
        return document["amount"]
    return exact if exact.is_finite() else document["amount"]
