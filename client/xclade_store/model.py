"""The base of the generated models: frozen attrs classes, read from JSON and written as JSON.

A field that has no value is absent: reading it raises FieldNotAnswered. attrs' own functions, such
as attrs.evolve, see UNSET in its place.
"""

import datetime as dt
import functools
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from types import NoneType
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self, TypeVar, get_args, get_origin

import attrs

from xclade_store.json_values import (
    UNSET,
    JsonObject,
    exact_number,
    is_list,
    is_object,
    json_object,
    plain,
    pydantic_schema,
)
from xclade_store.reading import (
    FieldNotAnswered,
    Reader,
    Reading,
    ShapeError,
    exact_amount,
    kept_types,
    reader,
)

AnyModel = TypeVar("AnyModel", bound="Model")

# How many steps lead from a document to what `fields` counts from.
_ENVELOPES = {
    "StorePaymentCollection": 0,
    "StorePaymentCollectionSelection": 0,
    "StorePaymentCollectionResponse": 1,
    "StorePaymentProviderListResponse": 1,
}
_RESPELLED = frozenset({Decimal, dt.datetime, int})
_NO_PROPERTIES = JsonObject()
_SCHEMAS: Mapping[Any, Mapping[str, str]] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    Decimal: {"type": "number"},
    dt.datetime: {"type": "string", "format": "date-time"},
    JsonObject: {"type": "object"},
    NoneType: {"type": "null"},
}


class Origin(NamedTuple):
    """Where a model was read: in which model, at the end of which steps, for which call's `fields`.

    `spelling` has the values, by name, that JSON can spell in several ways.
    """

    root: str
    steps: tuple[str | int, ...]
    fields: str | None
    spelling: Mapping[str, Any]


_MADE = Origin("", (), None, {})


class _FieldName(str):
    """A field's name as attrs knows it: by this name, an absent field is UNSET."""

    __slots__ = ()


def field_names(_: type, fields: list[Any]) -> list[Any]:
    """Name the fields for attrs; a field transformer."""
    return [field.evolve(name=_FieldName(field.name)) for field in fields]


def as_tuple(items: Iterable[Any]) -> tuple[Any, ...]:
    """Make a tuple of a list; UNSET stays UNSET."""
    # Not generic: mypy would not solve a type variable of a converter.
    given: Any = items
    return given if given is UNSET else tuple(given)


def amount_of(value: Decimal | int | str) -> Decimal:
    """Make an amount of a number, but not of a float, which may be inexact; UNSET stays UNSET."""
    given: Any = value
    if given is UNSET:
        unset: Decimal = given
        return unset
    if not isinstance(given, Decimal | int | str) or isinstance(given, bool):
        raise TypeError(
            f"an amount must be a Decimal, an int or a str, not {type(given).__name__}: {given!r}"
        )
    try:
        amount = Decimal(given)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite():
        raise ValueError(f"an amount must be a finite decimal number: {given!r}")
    return amount


def nullable_amount(value: Decimal | int | str | None) -> Decimal | None:
    """Make an amount of a number; None stays None, UNSET stays UNSET."""
    return None if value is None else amount_of(value)


class _Field(NamedTuple):
    """How a field is read: values of the `kept` types need no reader."""

    attribute: str
    kept: frozenset[type]
    read: Reader


class _Shape(NamedTuple):
    """How a model is read: its fields by their names in JSON."""

    fields: Mapping[str, _Field]
    required: frozenset[str]


def _shape(model: type) -> _Shape:
    # A function of its own: mypy takes classes that define __hash__ for unhashable.
    return _resolved(model)


@functools.cache
def _resolved(model: type) -> _Shape:
    fields = [
        field
        for field in attrs.fields(attrs.resolve_types(model))
        if field.name != "additional_properties"
    ]
    return _Shape(
        {
            field.alias: _Field(
                str(field.name), kept_types(field.type), reader(field.type, _reader_of)
            )
            for field in fields
        },
        frozenset(field.alias for field in fields if field.default is attrs.NOTHING),
    )


def _json_schema(kind: Any) -> dict[str, Any]:
    """Return the JSON schema of a field's type."""
    choices = get_args(kind)
    if get_origin(kind) is tuple:
        return {"type": "array", "items": _json_schema(choices[0])}
    if choices:
        return {"anyOf": [_json_schema(each) for each in choices]}
    if kind in _SCHEMAS:
        return {**_SCHEMAS[kind]}
    known = _shape(kind)
    types = {each.alias: each.type for each in attrs.fields(kind) if each.alias in known.fields}
    properties = {name: _json_schema(each) for name, each in types.items()}
    required = [name for name in types if name in known.required]
    return {
        "title": kind.__name__,
        "type": "object",
        "properties": properties,
        "required": required,
    }


def _reader_of(model: type["Model"]) -> Reader:
    return functools.partial(_read, model)


@attrs.frozen(kw_only=True, eq=False, repr=False, slots=False, field_transformer=field_names)
class Model:
    """A JSON object with typed attributes.

    `additional_properties`: The fields that the contract does not know.
    """

    additional_properties: JsonObject = attrs.field(factory=JsonObject, converter=json_object)

    _added_by_fields: ClassVar[frozenset[str] | None] = None
    """The fields that are returned only if `fields` adds them; None: all that are not required."""

    def __attrs_post_init__(self) -> None:
        values = vars(self)
        for name in [name for name, value in values.items() if value is UNSET]:
            del values[name]

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        """Read a JSON object; raise ShapeError with all that is missing or ill-typed."""
        return read_model(cls, src_dict)

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object, for the caller to keep; what was read is spelled as it was.

        An amount that a JSON number cannot hold exactly is repeated in `raw_amount`.
        """
        values, spelling = vars(self), self._origin.spelling
        document: dict[str, Any] = plain(self.additional_properties)
        amounts: list[tuple[str, Decimal]] = []
        for name, field in _shape(type(self)).fields.items():
            if field.attribute in values:
                value = values[field.attribute]
                document[name] = plain(spelling[name]) if name in spelling else _written(value)
                if isinstance(value, Decimal):
                    amounts.append((name, value))
        for name, amount in amounts:
            _write_exactly(document, name, amount)
        return document

    @property
    def idempotency_key(self) -> str | None:
        """Return the key of the call that this is the result of, if it had one."""
        key: str | None = vars(self).get("_idempotency_key")
        return key

    @property
    def _origin(self) -> Origin:
        origin: Origin = vars(self).get("_read_from", _MADE)
        return origin

    def _is_default(self, name: str) -> bool:
        if self._added_by_fields is not None:
            return name not in self._added_by_fields
        return name in _shape(type(self)).required

    def _explain_absence(self, name: str) -> str:
        kind = type(self).__name__
        root, steps, fields, _ = self._origin
        if root not in _ENVELOPES:
            return f"this {kind} was made without {name!r}"
        place = tuple(step for step in steps if isinstance(step, str))[_ENVELOPES[root] :]
        if _is_selected(fields, place, name, is_default=self._is_default(name)):
            return f"the store returned {kind} without {name!r}, though the call asked for it"
        path = ".".join((*place, name))
        return f"the store returned {kind} without {name!r}: ask for it with fields='+{path}'"

    def _fields(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if not name.startswith("_")}

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        """Iterate over names and values in JSON, so that dict(model) is model.to_dict()."""
        return iter(self.to_dict().items())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Model) or type(self) is not type(other):
            return NotImplemented
        return self._fields() == other._fields()

    def __hash__(self) -> int:
        values = self._fields()
        del values["additional_properties"]  # they may hold anything, and equality sees to them
        return hash((type(self), frozenset(values.items())))

    def __repr__(self) -> str:
        values = self._fields()
        del values["additional_properties"]  # they may hold secrets
        shown = ", ".join(f"{name}={value!r}" for name, value in values.items())
        return f"{type(self).__name__}({shown})"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        return pydantic_schema(cls)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: Any, handler: Any) -> dict[str, Any]:
        return _json_schema(cls)

    if not TYPE_CHECKING:  # or every name would look like a field

        def __getattr__(self, attribute: str) -> Any:
            if isinstance(attribute, _FieldName):
                return UNSET
            for name, field in _shape(type(self)).fields.items():
                if field.attribute == attribute:
                    raise FieldNotAnswered(self._explain_absence(name), name)
            message = f"{type(self).__name__!r} object has no attribute {attribute!r}"
            raise AttributeError(message, name=attribute, obj=self)


def read_model(model: type[AnyModel], source: Any, fields: str | None = None) -> AnyModel:
    """Read a model from JSON that a call with these `fields` returned; raise ShapeError."""
    reading = Reading(model.__name__, fields)
    result: AnyModel = _read(model, source, reading)
    if reading.faults:
        raise ShapeError(*reading.faults)
    return result


def _read(model: type[Model], source: Any, reading: Reading) -> Any:
    """Read a model, which may be part of another: a Reader, as soon as its model is bound."""
    if not is_object(source):
        return reading.refuse("an object", source)
    faults = len(reading.faults)
    shape = _shape(model)
    # What attrs' own __init__ would convert, the readers convert.
    result = model.__new__(model)
    values = vars(result)
    unknown: dict[str, Any] = {}
    spelling: dict[str, Any] = {}
    values["_read_from"] = Origin(reading.root, tuple(reading.steps), reading.fields, spelling)
    reading.steps.append("")
    for name, written in source.items():
        field = shape.fields.get(name)
        if field is None:
            unknown[name] = written
        elif type(written) in field.kept:
            values[field.attribute] = written
        else:
            reading.steps[-1] = name
            value = field.read(written, reading)
            if type(value) in _RESPELLED:
                spelling[name] = written
            if type(value) is Decimal:
                value = exact_amount(source, name, value)
            values[field.attribute] = value
    values["additional_properties"] = JsonObject(unknown) if unknown else _NO_PROPERTIES
    if not shape.required <= source.keys():
        for reading.steps[-1] in sorted(shape.required - source.keys()):
            reading.fail("is missing")
    reading.steps.pop()
    return UNSET if len(reading.faults) > faults else result


def _written(value: Any) -> Any:
    if isinstance(value, Model):
        return value.to_dict()
    if is_list(value):
        return [_written(item) for item in value]
    if isinstance(value, dt.datetime):
        return value.isoformat()
    return exact_number(value) if isinstance(value, Decimal) else plain(value)


def _write_exactly(document: dict[str, Any], name: str, amount: Decimal) -> None:
    """Write `raw_{name}`, unless the document reads as the exact amount already."""
    if exact_amount(document, name, Decimal(str(document[name]))) != amount:
        raw = document.get(f"raw_{name}")
        document[f"raw_{name}"] = {**(raw if is_object(raw) else {}), "value": str(amount)}


def _is_selected(
    fields: str | None, place: tuple[str, ...], name: str, *, is_default: bool
) -> bool:
    """Return whether `fields` asks for a field: by name, by a star, or as one of the defaults."""
    path, relation = ".".join((*place, name)), ".".join(place)
    entries = [entry.strip() for entry in (fields or "").split(",") if entry.strip()]
    starred = {entry.strip("+*").removesuffix(".") for entry in entries if "*" in entry}
    if path in {entry.lstrip("+") for entry in entries} or relation in starred:
        return True
    keeps_defaults = fields is None or (
        bool(entries) and all(entry[0] in "+-*" or entry.endswith(".*") for entry in entries)
    )
    removed = {entry[1:] for entry in entries if entry.startswith("-")}
    return is_default and keeps_defaults and removed.isdisjoint({path, relation})
