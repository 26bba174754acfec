"""JSON values as results hold them: UNSET, numbers, and objects of any keys."""

import math
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Literal, NoReturn, Self, TypeGuard

# As Python writes it, however deep it is.
_SECRET = re.compile(r"""('client_secret': )('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")""")
_MASKED = r"\1'***'"
_SCALARS = frozenset({str, int, float, bool, type(None)})
# Python refuses to write integers of more than 4300 digits.
_MOST_DIGITS = 4000


class Unset:
    """The type of UNSET."""

    def __bool__(self) -> Literal[False]:
        return False

    def __repr__(self) -> str:
        return "UNSET"

    def __reduce__(self) -> str:
        return "UNSET"  # its name in this module: a copy is UNSET itself


UNSET: Final[Any] = Unset()
"""Stands for a field or an argument that was not given, not even as null."""


if TYPE_CHECKING:
    # So that type checkers refuse changes.
    _Base = Mapping[str, Any]
else:
    _Base = dict


class JsonObject(_Base):
    """A JSON object of any keys: a dict whose top level does not change.

    Its repr masks client secrets.
    """

    __slots__ = ()

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        """Copy a JSON object."""
        return cls(src_dict)

    def to_dict(self) -> dict[str, Any]:
        """Return a copy that may be changed."""
        copied: dict[str, Any] = plain(self)
        return copied

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        return pydantic_schema(cls)

    if TYPE_CHECKING:

        def __init__(self, source: Mapping[str, Any] | None = None, /) -> None: ...
        def __getitem__(self, key: str) -> Any: ...
        def __iter__(self) -> Iterator[str]: ...
        def __len__(self) -> int: ...
        def __hash__(self) -> int: ...

    else:

        def __init__(self, source: Mapping[str, Any] | None = None, /) -> None:
            super().__init__({} if source is None else plain(source))

        def _refuse_change(self, *_: object, **__: object) -> NoReturn:
            raise TypeError(f"a {type(self).__name__} does not change: change a copy, to_dict()")

        __setitem__ = __delitem__ = __ior__ = _refuse_change
        clear = pop = popitem = setdefault = update = _refuse_change

        def __hash__(self) -> int:
            return hash(frozenset(self.items()))

        def __reduce__(self) -> tuple[type, tuple[dict[str, Any]]]:
            return type(self), (dict(self),)

        def __repr__(self) -> str:
            return f"{type(self).__name__}({_SECRET.sub(_MASKED, super().__repr__())})"


def is_object(value: Any) -> TypeGuard[Mapping[str, Any]]:
    """Return whether a value is a JSON object."""
    return type(value) is dict or isinstance(value, Mapping)


def is_list(value: Any) -> TypeGuard[Sequence[Any]]:
    """Return whether a value is a JSON array."""
    return isinstance(value, list | tuple)


def json_object(value: Mapping[str, Any]) -> JsonObject:
    """Make a JsonObject of a mapping; UNSET stays UNSET."""
    return value if isinstance(value, JsonObject | Unset) else JsonObject(value)


def nullable_json_object(value: Mapping[str, Any] | None) -> JsonObject | None:
    """Make a JsonObject of a mapping; None stays None, UNSET stays UNSET."""
    return None if value is None else json_object(value)


def plain(value: Any) -> Any:
    """Copy JSON, with ints and floats in the place of Decimals, so that json.dumps takes it."""
    if type(value) in _SCALARS:
        return value
    # Loops, since comprehensions would take a second frame for each level of nesting.
    if is_object(value):
        copied: dict[str, Any] = {}
        for name, item in value.items():
            copied[name] = item if type(item) in _SCALARS else plain(item)
        return copied
    if is_list(value):
        return list(map(plain, value))
    return number(value) if isinstance(value, Decimal) else value


def number(value: Decimal) -> int | float:
    """Return the nearest number that JSON can carry."""
    nearest = float(value)
    if math.isfinite(nearest):
        return nearest
    if value.adjusted() < _MOST_DIGITS:
        return int(value)
    return math.copysign(sys.float_info.max, value)


def exact_number(value: Decimal) -> int | float:
    """Return the number itself if it is whole, or else the nearest one."""
    is_short = value.adjusted() < _MOST_DIGITS
    return int(value) if is_short and value == value.to_integral_value() else number(value)


def pydantic_schema(cls: Any) -> Any:
    """Describe a class with from_dict() and to_dict() to pydantic, which calls this."""
    # Imported by whoever calls: the client does not need it.
    from pydantic_core import core_schema  # noqa: PLC0415

    document = core_schema.dict_schema(core_schema.str_schema(), core_schema.any_schema())
    read = core_schema.no_info_after_validator_function(cls.from_dict, document)
    return core_schema.json_or_python_schema(
        json_schema=read,
        python_schema=core_schema.union_schema([core_schema.is_instance_schema(cls), read]),
        serialization=core_schema.plain_serializer_function_ser_schema(
            cls.to_dict, return_schema=document
        ),
    )
