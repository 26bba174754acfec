"""How JSON becomes the values of a model's fields, by the fields' types."""

import datetime as dt
import math
import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

from xclade_store.json_values import UNSET, JsonObject, is_list, is_object


class ShapeError(ValueError):
    """JSON that is not what the contract says."""

    def __init__(self, *faults: str) -> None:
        super().__init__(*faults)

    @property
    def faults(self) -> tuple[str, ...]:
        """Return each missing or ill-typed value: its path, and what is wrong."""
        return self.args

    def __str__(self) -> str:
        return "; ".join(self.faults)


class FieldNotAnswered(AttributeError):
    """A field was read that the store did not return."""

    def __init__(self, message: str, field: str) -> None:
        super().__init__(message, field)
        self.field = field

    def __str__(self) -> str:
        return str(self.args[0])


class Reading:
    """One answer while it is read: the place that was reached, and the faults so far.

    `root` is the model that all of it is read into, `fields` what the call asked for.
    """

    def __init__(self, root: str, fields: str | None) -> None:
        self.root = root
        self.fields = fields
        self.steps: list[str | int] = []
        self.faults: list[str] = []

    def fail(self, fault: str) -> Any:
        """Note a fault of the value that was reached; return UNSET, to go on with."""
        path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.steps)
        self.faults.append(f"{path.removeprefix('.') or 'body'}: {fault}")
        return UNSET

    def refuse(self, expected: str, value: object) -> Any:
        """Note a fault of type."""
        return self.fail(f"expected {expected}, got {type(value).__name__}")


Reader = Callable[[Any, Reading], Any]
"""Returns the value that JSON stands for, or notes a fault and returns UNSET."""


def text(value: Any, reading: Reading) -> Any:
    """Read a string."""
    return value if isinstance(value, str) else reading.refuse("a string", value)


def boolean(value: Any, reading: Reading) -> Any:
    """Read true or false."""
    return value if isinstance(value, bool) else reading.refuse("true or false", value)


def integer(value: Any, reading: Reading) -> Any:
    """Read an integer, which may be written `5.0`."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float | Decimal) and math.isfinite(value) and value == int(value):
        return int(value)
    return reading.refuse("a whole number", value)


def decimal(value: Any, reading: Reading) -> Any:
    """Read a number exactly."""
    number = Decimal(repr(float(value))) if isinstance(value, float) else value
    if isinstance(number, Decimal):
        return number if number.is_finite() else reading.refuse("a finite number", value)
    if isinstance(number, int) and not isinstance(number, bool):
        return Decimal(number)
    return reading.refuse("a number", value)


def moment(value: Any, reading: Reading) -> Any:
    """Read a time with its offset from UTC; a leap second counts as the second before it."""
    if not isinstance(value, str):
        return reading.refuse("a string", value)
    try:
        read = dt.datetime.fromisoformat(value)
    except ValueError:
        try:
            read = dt.datetime.fromisoformat(re.sub(r":60(?=[Z.+-])", ":59", value.upper()))
        except ValueError:
            return reading.refuse("a time", value)
    return read if read.tzinfo else reading.refuse("a time with an offset", value)


def open_object(value: Any, reading: Reading) -> Any:
    """Read an object of any keys."""
    return JsonObject(value) if is_object(value) else reading.refuse("an object", value)


_READERS: Mapping[Any, Reader] = {
    str: text,
    bool: boolean,
    int: integer,
    Decimal: decimal,
    dt.datetime: moment,
    JsonObject: open_object,
}


_UNIONS = frozenset({Union, UnionType})
_KEPT: frozenset[type] = frozenset({str, bool, int, NoneType})


def kept_types(kind: Any) -> frozenset[type]:
    """Return the types of JSON values that a field's type has as they are."""
    choices = get_args(kind) if get_origin(kind) in _UNIONS else (kind,)
    return _KEPT & frozenset(choices)


def reader(kind: Any, of_model: Callable[[Any], Reader]) -> Reader:
    """Return what reads values of a field's type; `of_model` makes what reads models."""
    choices = get_args(kind)
    if get_origin(kind) is tuple:
        return _listed(reader(choices[0], of_model))
    if get_origin(kind) in _UNIONS:
        read = _either(*(reader(each, of_model) for each in choices if each is not NoneType))
        return _nullable(read) if NoneType in choices else read
    return _READERS.get(kind) or of_model(kind)


def _nullable(read: Reader) -> Reader:
    return lambda value, reading: None if value is None else read(value, reading)


def _listed(read: Reader) -> Reader:
    def read_list(value: Any, reading: Reading) -> Any:
        if not is_list(value):
            return reading.refuse("a list", value)
        items: list[Any] = []
        for index, item in enumerate(value):
            reading.steps.append(index)
            items.append(read(item, reading))
            reading.steps.pop()
        return tuple(items)

    return read_list


def _either(first: Reader, *others: Reader) -> Reader:
    """Read with the first reader that finds no fault, or with the last."""

    def read(value: Any, reading: Reading) -> Any:
        before = len(reading.faults)
        result = UNSET
        for each in (first, *others):
            del reading.faults[before:]
            result = each(value, reading)
            if len(reading.faults) == before:
                break
        return result

    return read if others else first


def exact_amount(source: Mapping[str, Any], name: str, amount: Any) -> Any:
    """Prefer the digits of `raw_{name}`, which beside a rounded amount has all of them."""
    raw = source.get(f"raw_{name}")
    digits = raw.get("value") if is_object(raw) else None
    try:
        exact = Decimal(digits) if isinstance(digits, str) else amount
    except InvalidOperation:
        return amount
    return exact if exact.is_finite() else amount
