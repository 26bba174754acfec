"""What the client makes of an answer, held against the answer itself."""

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


def spelled(document: Json) -> str:
    """Write JSON so that 1, 1.0 and True differ, and the order of keys does not."""
    return json.dumps(document, sort_keys=True)


def outcome_of(call: Callable[[], Any]) -> Model | ErrorAnswer:
    """Make a call; answer what came of it."""
    try:
        result: Model = call()
    except ErrorAnswer as error:
        return error
    return result


def check_understood(outcome: Model | ErrorAnswer, status: int, content: bytes) -> None:
    """Fail if a result, or an error, says anything else than the answer that it was made of."""
    if isinstance(outcome, ErrorAnswer):
        assert status == outcome.status
        # Whatever its text, a 401 says the same.
        if status != 401:
            _check_error(outcome, _read(content))
    else:
        assert status == 200
        _check_model(outcome, _result(outcome, _read(content, parse_float=Decimal)))
        assert spelled(_result(outcome, _read(content))) == spelled(outcome.to_dict())


def _read(content: bytes, **options: Any) -> Json:
    return json.loads(content.decode("utf-8-sig"), **options)


def _result(result: Model, document: Json) -> Json:
    name = "payment_collection"
    return document[name] if type(result).__name__.startswith("StorePaymentC") else document


def _check_error(error: ErrorAnswer, document: Json) -> None:
    expected = {name: document.get(name) for name in ("type", "message", "code")}
    assert expected == {"type": error.type, "message": error.message, "code": error.code}


def _check_model(model: Model, document: Mapping[str, Json]) -> None:
    """Compare what was read, attribute by attribute; what is missing cannot be read."""
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
        # Its numbers are floats; to_dict() shows that none of its digits is lost.
        assert value.keys() == document.keys()
    else:
        assert document == value


def _exact_amount(document: Mapping[str, Json]) -> Json:
    """Prefer the amount that is written with all its digits."""
    try:
        exact = Decimal(document["raw_amount"]["value"])
    except (KeyError, InvalidOperation):
        return document["amount"]
    return exact if exact.is_finite() else document["amount"]
