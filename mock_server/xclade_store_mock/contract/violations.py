"""How a request violates the contract: found, put into words, and sent as `sl-violations`.

The words are the recorded backend's, in every dialect (`body/*`, `provider/*`, `query/*`, `raw/*`);
a value is shown as JavaScript prints it.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NoReturn

from jsonschema_rs import ValidationError, ValidationErrorKind

from xclade_store_mock import errors, jsontext
from xclade_store_mock.contract import Operation, Part
from xclade_store_mock.errors import InvalidData, Refusal, Violation

HEADER = "sl-violations"
"""The header in which Prism describes the violations of a request."""

MAX_HEADER = 4_000
"""The longest value of the header, in characters."""

_MAX_MESSAGE = 200
# The recorded backend calls an object with arbitrary keys a record.
_TYPE_NAMES = {"object": "record"}
_INTEGER = re.compile(r"-?[0-9]{1,15}")
# The refusals, besides InvalidData, that Prism describes as violations: of what, and of which rule.
_RULES: Mapping[type[Refusal], tuple[tuple[str, ...], str | int]] = {
    errors.RegionMissing: (("query", "region_id"), "minLength"),
    errors.PublishableKeyMissing: ((), 401),
    errors.PublishableKeyInvalid: ((), 401),
    errors.UnsupportedMediaType: ((), 415),
}


def check(part: Part, values: Any) -> None:
    """Raise InvalidData if a part of a request violates its schema."""
    try:
        if not part.validator.is_valid(values):
            _refuse(part, values)
    except UnicodeEncodeError:
        # The validator takes no lone surrogates, which only the medusa dialect lets through.
        _check_as_bytes(part, values)


def _check_as_bytes(part: Part, values: Any) -> None:
    """Check values whose characters stand for the bytes of their texts."""
    try:
        check(part, jsontext.map_texts(values, jsontext.text_to_bytes))
    except InvalidData as refusal:
        raise InvalidData.of(
            each._replace(message=jsontext.text_of_bytes(each.message))
            for each in refusal.violations
        ) from None


def check_query(part: Part, query: Iterable[tuple[str, str]]) -> Mapping[str, Any]:
    """Return the parameters by name; raise InvalidData if one violates its schema.

    A repeated parameter counts as a list, which no schema allows.
    """
    values: dict[str, Any] = {}
    for name, text in query:
        if name in values:
            values[name] = [*_listed(values[name]), text]
        elif part.fields.get(name, {}).get("type") == "integer" and _INTEGER.fullmatch(text):
            values[name] = int(text)
        else:
            values[name] = text
    check(part, values)
    return values


def _refuse(part: Part, values: Any) -> NoReturn:
    if part.name == "body" and not isinstance(values, dict):
        raise InvalidData.of([Violation(("body",), "type", "Field '' is required")])
    order = [*part.fields]

    def position(error: ValidationError) -> int:
        if error.instance_path:
            return order.index(str(error.instance_path[0]))
        match error.kind:
            case ValidationErrorKind.Required(property=name):
                return order.index(name)
            case _:
                return len(order)

    found = sorted(part.validator.iter_errors(values), key=position)
    raise InvalidData.of(_violation(part.name, error) for error in found)


def check_response(
    operation: Operation, status: int, content_type: str, content: bytes | None
) -> Iterator[Violation]:
    """Yield how a response violates the contract; None for a content that is not known."""
    media_type = media_type_of(content_type)
    documented = operation.responses.get((status, media_type))
    if documented is None:
        expected = [each for code, each in operation.responses if code == status]
        if expected:
            found = (
                f"Response: {media_type or 'no content type'} instead of {' or '.join(expected)}"
            )
            yield Violation(("response", "header", "content-type"), "type", found)
        else:
            yield Violation(("response",), "status", f"Response: {status} is not documented")
    elif content is not None:
        is_json = media_type == "application/json"
        try:
            body = jsontext.read_written(content) if is_json else content.decode()
        except ValueError as reason:
            yield Violation(("response", "body"), "json", f"Response: cannot be read: {reason}")
            return
        for error in documented.validator.iter_errors(body):
            for cause in _causes(error):
                where = ("response", "body", *map(str, cause.instance_path))
                yield Violation(where, cause.kind.name, f"Response: {_describe(cause)}")


def media_type_of(content_type: str) -> str:
    """Return a media type without its parameters; empty if there is none."""
    return content_type.partition(";")[0].strip().lower()


def _causes(error: ValidationError) -> Iterable[ValidationError]:
    """Return the errors of the alternative that was most likely meant."""
    match error.kind:
        case (
            ValidationErrorKind.AnyOf(context=branches)
            | ValidationErrorKind.OneOfNotValid(context=branches)
        ):
            return [cause for each in min(branches, key=len) for cause in _causes(each)]
    return [error]


def _violation(part: str, error: ValidationError) -> Violation:
    steps = [str(step) for step in error.instance_path]
    # A header's name is the same in any case; Prism writes it in lower case.
    location = (part, *(step.lower() if part == "header" else step for step in steps))
    return Violation(location, error.kind.name, _describe(error))


def _describe(error: ValidationError) -> str:
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
            return f"Field '{name}': {error.message[:_MAX_MESSAGE]}"


def _required(branches: Iterable[Iterable[ValidationError]]) -> list[str]:
    """Return the fields of which one must be present, if the branches require nothing else."""
    found = [error for branch in branches for error in branch]
    kinds = [error.kind for error in found]
    missing = [kind.property for kind in kinds if isinstance(kind, ValidationErrorKind.Required)]
    return missing if len(missing) == len(found) else []


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [str(value)]


def sl_violations(refusal: Refusal) -> dict[str, str]:
    """Return the header `sl-violations` for a request that violates the contract, or nothing."""
    if isinstance(refusal, InvalidData):
        return violations_header(refusal.violations)
    rule = _RULES.get(type(refusal))
    return violations_header([Violation(*rule, str(refusal))]) if rule else {}


def violations_header(violations: Iterable[Violation]) -> dict[str, str]:
    """Return the header `sl-violations` for violations of either message, or nothing.

    Its value is a JSON array in ASCII, of as many violations as fit into MAX_HEADER.
    """
    shown = [_prism_violation(each) for each in violations]
    while len(value := json.dumps(shown, separators=(",", ":"))) > MAX_HEADER:
        shown.pop()
    return {HEADER: value} if shown else {}


def _prism_violation(violation: Violation) -> Mapping[str, Any]:
    location, code, message = violation
    is_short = len(message) <= _MAX_MESSAGE
    return {
        "location": [*location] if location[:1] == ("response",) else ["request", *location],
        "severity": "Error",
        "code": code,
        "message": message if is_short else f"{message[:_MAX_MESSAGE]}…",
    }
