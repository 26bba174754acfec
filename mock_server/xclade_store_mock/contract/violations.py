"""What a request does against the contract, in the words that the recorded backend uses.

Recorded: `body/*`, `provider/*`, `query/*`, `raw/*`. A value is shown as JavaScript prints it.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NoReturn

from jsonschema_rs import Draft4Validator, ValidationError, ValidationErrorKind

from xclade_store_mock import jsontext
from xclade_store_mock.errors import InvalidData, Violation

_LONGEST = 200
# The recorded backend calls an object with any keys a record.
_TYPE_NAMES = {"object": "record"}
_INTEGER = re.compile(r"-?[0-9]{1,15}")


def check_body(validator: Draft4Validator, fields: Sequence[str], body: Any) -> None:
    """Raise InvalidData if the body breaks its schema, whose fields are told in their order."""
    if not isinstance(body, dict):
        raise InvalidData.of([Violation(("body",), "type", "Field '' is required")])
    if not validator.is_valid(body):
        _refuse("body", validator, body, fields)


def check_query(
    validator: Draft4Validator, types: Mapping[str, str], query: Iterable[tuple[str, str]]
) -> Mapping[str, Any]:
    """Answer the parameters by name; raise InvalidData if one breaks its schema.

    A parameter that is there twice counts as a list, which no schema takes.
    """
    values: dict[str, Any] = {}
    for name, text in query:
        if name in values:
            values[name] = [*_listed(values[name]), text]
        elif types.get(name) == "integer" and _INTEGER.fullmatch(text):
            values[name] = int(text)
        else:
            values[name] = text
    if not validator.is_valid(values):
        _refuse("query", validator, values, [*types])
    return values


def check_path(validator: Draft4Validator, parameters: Mapping[str, str]) -> None:
    """Raise InvalidData if a part of the path breaks the schema of its parameter."""
    if not validator.is_valid(parameters):
        _refuse("path", validator, parameters, [*parameters])


def check_headers(validator: Draft4Validator, headers: Mapping[str, str]) -> None:
    """Raise InvalidData if a header breaks the schema of its parameter."""
    if not validator.is_valid(headers):
        _refuse("header", validator, headers, [*headers])


def _refuse(part: str, validator: Draft4Validator, instance: Any, order: Sequence[str]) -> NoReturn:
    def place(error: ValidationError) -> int:
        if error.instance_path:
            return order.index(str(error.instance_path[0]))
        match error.kind:
            case ValidationErrorKind.Required(property=name):
                return order.index(name)
            case _:
                return len(order)

    errors = sorted(validator.iter_errors(instance), key=place)
    raise InvalidData.of(_violation(part, error) for error in errors)


def _violation(part: str, error: ValidationError) -> Violation:
    steps = [str(step) for step in error.instance_path]
    # A header's name is the same in any case: in small letters, as Prism writes it.
    location = (part, *(step.lower() if part == "header" else step for step in steps))
    return Violation(location, error.kind.name, _words(error))


def _words(error: ValidationError) -> str:
    steps = [str(step) for step in error.instance_path]
    name = ", ".join(steps)
    match error.kind:
        case ValidationErrorKind.Required(property=missing):
            return f"Field '{', '.join([*steps, missing])}' is required"
        case ValidationErrorKind.AnyOf(context=branches) if choice := _required(branches):
            return f"One of the fields '{', '.join(choice)}' is required"
        case ValidationErrorKind.AdditionalProperties(unexpected=names):
            return f"Unrecognized fields: '{', '.join(jsontext.javascript_keys(names))}'"
        case ValidationErrorKind.Type(types=types):
            expected = ", ".join(_TYPE_NAMES.get(each, each) for each in types)
            shown = jsontext.javascript_text(error.instance)
            return f"Expected type: '{expected}' for field '{name}', got: '{shown}'"
        case ValidationErrorKind.Pattern(pattern=pattern):
            return f"Field '{name}' does not have the form {pattern}"
        case _:
            return f"Field '{name}': {error.message[:_LONGEST]}"


def _required(branches: Iterable[Iterable[ValidationError]]) -> list[str]:
    """Answer the fields of which there must be one, if that is all that the branches ask for."""
    errors = [error for branch in branches for error in branch]
    kinds = [error.kind for error in errors]
    missing = [kind.property for kind in kinds if isinstance(kind, ValidationErrorKind.Required)]
    return missing if len(missing) == len(errors) else []


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [str(value)]
