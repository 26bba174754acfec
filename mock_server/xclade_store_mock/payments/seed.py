"""Read a store from a YAML or JSON file; store_file.schema.json defines the format."""

import gc
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from importlib import resources
from itertools import chain
from pathlib import Path
from typing import Any

import msgspec
import yaml
from jsonschema_rs import Draft7Validator
from yaml.composer import Composer, ComposerError
from yaml.constructor import SafeConstructor
from yaml.resolver import Resolver

from xclade_store_mock import jsontext
from xclade_store_mock.payments.model import Store

# The sections of a file, and the name of what identifies an entry.
_KEYS: Mapping[str, str] = {
    "publishable_keys": "token",
    "payment_providers": "id",
    "regions": "id",
    "customers": "token",
    "carts": "id",
    "payment_collections": "id",
}
# A section, what refers in it, the section to which it refers, and what has to be equal in both.
_REFERENCES: Sequence[tuple[str, str, str, Mapping[str, str]]] = (
    ("regions", "payment_providers", "payment_providers", {}),
    ("carts", "region_id", "regions", {"currency_code": "currency_code"}),
    (
        "payment_collections",
        "cart_id",
        "carts",
        {"currency_code": "currency_code", "amount": "total"},
    ),
)
_AMOUNTS = (("carts", "total"), ("payment_collections", "amount"))
# ISO 4217: the currencies that do not have two decimals.
_DECIMALS: Mapping[str, int] = {
    currency: decimals
    for decimals, currencies in {
        0: "bif clp djf gnf isk jpy kmf krw pyg rwf ugx uyi vnd vuv xaf xof xpf",
        3: "bhd iqd jod kwd lyd omr tnd",
        4: "clf uyw",
    }.items()
    for currency in currencies.split()
}


class StoreFileError(Exception):
    """A store file is invalid; the text names the file, the line and the fault."""


def demo_store(now: datetime) -> Store:
    """Return the demo store."""
    source = resources.files(__package__).joinpath("demo_store.yaml")
    return parse_store(source.read_text("utf-8"), "demo_store.yaml", now)


def read_store(path: Path, now: datetime) -> Store:
    """Read a store whose collections are created `now`; raise StoreFileError."""
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise StoreFileError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise StoreFileError(f"{path}: not UTF-8 text") from error
    return parse_store(text, str(path), now)


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    # It would visit all that was read again and again, so that time would not grow linearly.
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@_no_garbage_collection()
def parse_store(text: str, name: str, now: datetime, *, recorded: bool = False) -> Store:
    """Parse a store from the text of a file with the given name; raise StoreFileError.

    Only the amounts of a `recorded` store may have more decimals than their currency: a real
    backend does not round them.
    """
    try:
        root, content = _read_json(text) if name.endswith(".json") else _read_yaml(text)
        fault = next(chain(_faults(content), () if recorded else _unrounded(content)), None)
    except json.JSONDecodeError as error:
        raise StoreFileError(f"{name}:{error.lineno}: {error.msg}") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise StoreFileError(f"{name}:{line}: {error.problem}") from error
    # Control characters, endless nesting, keys or numbers that are not valid.
    except (yaml.YAMLError, RecursionError, TypeError, ValueError, ArithmeticError) as error:
        raise StoreFileError(f"{name}: {str(error).splitlines()[0]}") from error
    if fault is not None:
        path, problem = fault
        message = f"{name}:{_line(root or _find_nodes(text), path)}: {_dotted(path)}{problem}"
        raise StoreFileError(message)
    return _store(content, now)


def _read_json(text: str) -> tuple[None, Any]:
    return None, json.loads(text, parse_float=Decimal, parse_int=Decimal)


def _find_nodes(text: str) -> yaml.Node | None:
    """Parse JSON once more for its lines: nearly all JSON is YAML."""
    try:
        return _Loader(_FastParser(text)).get_single_node()
    except (yaml.YAMLError, RecursionError):
        return None


def _read_yaml(text: str) -> tuple[yaml.Node | None, Any]:
    try:
        return _construct(_FastParser(text))
    except yaml.YAMLError:
        # The slow parser's messages say more.
        return _construct(yaml.SafeLoader(text))


def _construct(parser: Any) -> tuple[yaml.Node, Any]:
    loader = _Loader(parser)
    root = loader.get_single_node()
    if root is None:
        raise ValueError("the file is empty")
    _require_unique_keys(root)
    return root, loader.construct_document(root)


# libyaml's, unless PyYAML was built without it.
_FastParser = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(Composer, SafeConstructor, Resolver):
    """Reads scalars as JSON does, with exact numbers: `no` and dates are text.

    It composes libyaml's events in Python, because libyaml's own composer crashes on deep nesting.
    """

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - how PyYAML is told

    def __init__(self, parser: Any) -> None:
        Composer.__init__(self)
        SafeConstructor.__init__(self)
        Resolver.__init__(self)
        self.check_event = parser.check_event
        self.peek_event = parser.peek_event
        self.get_event = parser.get_event
        self._depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """Compose a node, unless it is nested too deeply."""
        if self._depth > jsontext.MAX_DEPTH:
            problem = f"nested more than {jsontext.MAX_DEPTH} levels deep"
            raise ComposerError(None, None, problem, self.peek_event().start_mark)
        self._depth += 1
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node


def _construct_number(loader: Any, node: yaml.ScalarNode) -> Decimal:
    return Decimal(str(loader.construct_scalar(node)))


for _tag, _pattern, _first in (
    ("null", re.compile(r"^(?:null|~|)$"), ["n", "~", ""]),
    ("bool", re.compile(r"^(?:true|false)$"), ["t", "f"]),
    ("float", re.compile(r"^-?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?$"), list("-0123456789")),
    ("merge", re.compile(r"^<<$"), ["<"]),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", _pattern, _first)
_Loader.add_constructor("tag:yaml.org,2002:float", _construct_number)


def _require_unique_keys(root: yaml.Node) -> None:
    """Raise ConstructorError for a key that occurs twice: YAML would keep the last one."""
    nodes, visited = [root], {id(root)}
    while nodes:
        node = nodes.pop()
        children = node.value if isinstance(node, yaml.SequenceNode) else []
        if isinstance(node, yaml.MappingNode):
            seen: set[str] = set()
            for key, _ in node.value:
                is_text = isinstance(key, yaml.ScalarNode)
                if not is_text or key.value in seen:
                    problem = f"{key.value!r} occurs twice" if is_text else "a key must be text"
                    raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
                seen.add(key.value)
            children = [value for _, value in node.value]
        # An anchor's node has several parents.
        nodes += [each for each in children if id(each) not in visited]
        visited.update(map(id, children))


Steps = Sequence[str | int]


def _faults(content: Any) -> Iterator[tuple[Steps, str]]:
    """Yield the faults: first those of the schema, then references to unknown ids."""
    schema = resources.files(__package__).joinpath("store_file.schema.json").read_text("utf-8")
    errors = Draft7Validator(json.loads(schema)).iter_errors(content)
    # Unknown keys first: they are often misspelled required ones.
    for error in sorted(errors, key=lambda error: error.kind.name != "additionalProperties"):
        unknown = error.kind.value if error.kind.name == "additionalProperties" else []
        yield [*error.instance_path, *unknown[:1]], error.message
    yield from _repeated(content)
    for section, name, target, equal in _REFERENCES:
        known = {each["id"]: each for each in content.get(target, ())}
        kind = target.removesuffix("s").replace("_", " ")
        for index, entry in enumerate(content.get(section, ())):
            value = entry.get(name)
            referred = enumerate(value) if isinstance(value, list) else [(None, value)]
            for place, id_ in referred:
                if id_ is not None and id_ not in known:
                    path = (
                        (section, index, name) if place is None else (section, index, name, place)
                    )
                    yield path, f"no {kind} {id_!r}"
            for own, other in equal.items():
                if value in known and entry[own] != known[value][other]:
                    wanted = f"{known[value][other]}, the {other} of {kind} {value!r}"
                    yield (section, index, own), f"must be {wanted}"


def _unrounded(content: Any) -> Iterator[tuple[Steps, str]]:
    """Yield the amounts with more decimals than their currency."""
    for section, name in _AMOUNTS:
        for index, entry in enumerate(content.get(section, ())):
            currency = entry["currency_code"]
            decimals = _DECIMALS.get(currency, 2)
            if entry[name] != round(entry[name], decimals):
                yield (section, index, name), f"{currency} has at most {decimals} decimals"


def _repeated(content: Mapping[str, Any]) -> Iterator[tuple[Steps, str]]:
    for section, name, problem in (
        *((section, key, "occurs twice") for section, key in _KEYS.items()),
        ("payment_collections", "cart_id", "already has a payment collection"),
    ):
        seen: set[str | None] = {None}
        for index, entry in enumerate(content.get(section, ())):
            value = entry.get(name)
            if value is not None and value in seen:
                yield (section, index, name), f"{value!r} {problem}"
            seen.add(value)


def _line(node: yaml.Node | None, path: Steps) -> int:
    """Return the line of a path, or of the last part of it that exists."""
    for step in path:
        if isinstance(node, yaml.MappingNode):
            # The last one: a mapping's own keys come after those it merges.
            found = [value for key, value in node.value if key.value == step]
            node = found[-1] if found else node
        elif isinstance(node, yaml.SequenceNode):
            node = node.value[int(step)]
    return node.start_mark.line + 1 if node else 1


def _dotted(path: Steps) -> str:
    steps = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return f"{steps.removeprefix('.')}: " if steps else ""


def _as_json(value: Decimal | datetime) -> Any:
    return jsontext.number(value) if isinstance(value, Decimal) else value.isoformat()


def _store(content: Mapping[str, Any], now: datetime) -> Store:
    # What an entry does not have of these, its class ignores.
    absent = {"cart_id": None, "created_at": now, "updated_at": now}
    sections = {
        section: {each[key]: {**absent, **each} for each in content.get(section, ())}
        for section, key in _KEYS.items()
    }
    # A customer's metadata, addresses and accounts are shown as they are: their numbers are JSON's.
    sections["customers"] = json.loads(json.dumps(sections["customers"], default=_as_json))
    settings = {**sections, "cors_origins": content.get("cors_origins")}
    return msgspec.convert({"settings": settings, **sections}, Store)
