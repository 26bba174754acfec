"""What the generated modules share: models that are read from JSON and hold it to the contract."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from http import HTTPStatus
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Generic,
    Literal,
    NoReturn,
    Self,
    TypeVar,
)

T = TypeVar("T")
Reader = Callable[[Any], Any]

# As Python writes it, however deep it is.
_SECRET = re.compile(r"""('client_secret': )('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")""")


class Unset:
    """The type of UNSET."""

    def __bool__(self) -> Literal[False]:
        return False


UNSET: Unset = Unset()
"""Stands for an argument that was not given."""


@dataclass
class Response(Generic[T]):
    """A response, parsed if its status is documented."""

    status_code: HTTPStatus
    content: bytes
    headers: MutableMapping[str, str]
    parsed: T | None


class ShapeError(ValueError):
    """A value is not what the contract says; `path` leads to it."""

    def __init__(self, path: str, fault: str) -> None:
        super().__init__(f"{path or 'body'}: {fault}")
        self.path = path
        self.fault = fault

    def below(self, step: str) -> ShapeError:
        """Tell the same fault from one level further up."""
        dot = "." if self.path and not self.path.startswith("[") else ""
        return ShapeError(f"{step}{dot}{self.path}", self.fault)


class FieldNotAnswered(AttributeError):
    """A field was read that the store left out, because `fields` did not ask for it."""

    def __init__(self, model: str, field: str) -> None:
        super().__init__(
            f"{model} was answered without {field!r}: ask for it with"
            f" fields='+{field}' (below a relation, fields='+relation.{field}')"
        )
        self.field = field


class ExactFloat(float):
    """A JSON number with its digits, for json.loads(parse_float=...)."""

    def __new__(cls, digits: str) -> Self:
        number = super().__new__(cls, digits)
        number.digits = digits
        return number

    digits: str


class Model:
    """A JSON object that was read into typed attributes; it is not changed afterwards.

    `idempotency_key` is set on the result of a call that was made with one.
    """

    _readers: ClassVar[Mapping[str, tuple[str, Reader]]] = {}
    _required: ClassVar[frozenset[str]] = frozenset()
    _source: Mapping[str, Any]
    idempotency_key: str | None = None

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        """Read a JSON object; raise ShapeError where it is not as the contract says."""
        if not isinstance(src_dict, dict):
            _refuse("an object", src_dict)
        self = cls.__new__(cls)
        values = self.__dict__
        values["_source"] = src_dict
        for name, (wire_name, reader) in cls._readers.items():
            if wire_name in src_dict:
                try:
                    value = reader(src_dict[wire_name])
                except ShapeError as error:
                    raise error.below(wire_name) from None
                values[name] = (
                    value
                    if reader is not decimal
                    else _exact(src_dict, wire_name, value)
                )
            elif name in cls._required:
                raise ShapeError(wire_name, "is missing")
        return self

    def to_dict(self) -> dict[str, Any]:
        """Answer the JSON object that was read, with the fields that the contract does not know.

        What is nested in it is the model's own: copy it before you change it.
        """
        return dict(self._source)

    @property
    def additional_properties(self) -> dict[str, Any]:
        """Answer the fields that the contract does not know."""
        known = {wire_name for wire_name, _ in self._readers.values()}
        return {
            name: value for name, value in self._source.items() if name not in known
        }

    if (
        not TYPE_CHECKING
    ):  # or every name would look like a field, and every field like a variable

        def __init__(self, *_: object, **__: object) -> None:
            message = f"{type(self).__name__} is read from JSON: use from_dict"
            raise TypeError(message)

        def __setattr__(self, name: str, value: object) -> NoReturn:
            _refuse_change(self)

        def __delattr__(self, name: str) -> NoReturn:
            _refuse_change(self)

        def __getattr__(self, name: str) -> Any:
            if name in type(self)._readers:
                raise FieldNotAnswered(
                    type(self).__name__, type(self)._readers[name][0]
                )
            message = f"{type(self).__name__!r} object has no attribute {name!r}"
            raise AttributeError(message)

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other) or not isinstance(other, Model):
            return NotImplemented
        return self._source == other._source

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        shown = ", ".join(
            f"{name}={self.__dict__[name]!r}"
            for name in self._readers
            if name in self.__dict__
        )
        return f"{type(self).__name__}({shown})"


class OpenObject(Mapping[str, Any]):
    """A JSON object of any keys, read like a dict; its repr keeps secrets."""

    _source: Mapping[str, Any]

    def __init__(self, source: Mapping[str, Any]) -> None:
        self.__dict__["_source"] = source

    if not TYPE_CHECKING:

        def __setattr__(self, name: str, value: object) -> NoReturn:
            _refuse_change(self)

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        """Read a JSON object; raise ShapeError for anything else."""
        if not isinstance(src_dict, dict):
            _refuse("an object", src_dict)
        return cls(src_dict)

    def to_dict(self) -> dict[str, Any]:
        """Answer the JSON object."""
        return dict(self._source)

    def __getitem__(self, key: str) -> Any:
        return self._source[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._source)

    def __len__(self) -> int:
        return len(self._source)

    def __repr__(self) -> str:
        shown = _SECRET.sub(r"\1'***'", repr(self._source))
        return f"{type(self).__name__}({shown})"


def text(value: Any) -> str:
    """Read a string."""
    return value if isinstance(value, str) else _refuse("a string", value)


def boolean(value: Any) -> bool:
    """Read true or false."""
    return value if isinstance(value, bool) else _refuse("true or false", value)


def integer(value: Any) -> int:
    """Read a whole number, which may be written `5.0`."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return _refuse("a whole number", value)


def decimal(value: Any) -> Decimal:
    """Read a number exactly."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        _refuse("a number", value)
    try:
        return Decimal(value.digits if isinstance(value, ExactFloat) else repr(value))
    except InvalidOperation:
        return _refuse("a number that has an end", value)


def moment(value: Any) -> datetime.datetime:
    """Read a time with its offset from UTC; a leap second is the one before it."""
    written = text(value)
    try:
        read = datetime.datetime.fromisoformat(written)
    except ValueError:
        try:
            usual = re.sub(r":60(?=[Z.+-])", ":59", written.upper())
            read = datetime.datetime.fromisoformat(usual)
        except ValueError:
            return _refuse("a time", value)
    return read if read.tzinfo else _refuse("a time with an offset", value)


def nullable(reader: Reader) -> Reader:
    """Read null, or what a reader reads."""
    return lambda value: None if value is None else reader(value)


def listed(reader: Reader) -> Reader:
    """Read a list of what a reader reads: a tuple, since a model does not change."""

    def read(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list):
            _refuse("a list", value)
        items = []
        for index, item in enumerate(value):
            try:
                items.append(reader(item))
            except ShapeError as error:
                raise error.below(f"[{index}]") from None
        return tuple(items)

    return read


def either(*readers: Reader) -> Reader:
    """Read what the first reader reads that can."""

    def read(value: Any) -> Any:
        for reader in readers[:-1]:
            try:
                return reader(value)
            except ShapeError:
                continue
        return readers[-1](value)

    return read


def _exact(source: Mapping[str, Any], name: str, amount: Decimal) -> Decimal:
    """Prefer the digits of `raw_{name}`, which beside a rounded amount has all of them."""
    raw = source.get(f"raw_{name}")
    digits = raw.get("value") if isinstance(raw, dict) else None
    if not isinstance(digits, str):
        return amount
    try:
        exact = Decimal(digits)
    except InvalidOperation:
        return amount
    return exact if exact.is_finite() else amount


def _refuse_change(answer: object) -> NoReturn:
    message = f"{type(answer).__name__} is what the store answered: it does not change"
    raise AttributeError(message)


def _refuse(expected: str, value: Any) -> NoReturn:
    raise ShapeError("", f"expected {expected}, got {type(value).__name__}")


__all__ = [
    "UNSET",
    "ExactFloat",
    "FieldNotAnswered",
    "Model",
    "OpenObject",
    "Response",
    "ShapeError",
    "Unset",
]
