"""Reading a store from a YAML or JSON file; store_file.schema.json is the format."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from importlib import resources
from itertools import islice
from pathlib import Path
from typing import Any

import yaml
from jsonschema_rs import Draft7Validator

from xclade_store_mock.payments.model import (
    Cart,
    Customer,
    PaymentCollection,
    PaymentProvider,
    PublishableKey,
    Region,
    Settings,
    Store,
)


class StoreFileError(Exception):
    """A store file cannot be used; the text names the file, the line and the fault."""


def demo_store(now: datetime) -> Store:
    """Read the demo store."""
    source = resources.files(__package__).joinpath("demo_store.yaml")
    return parse_store(source.read_text("utf-8"), "demo_store.yaml", now)


def read_store(path: Path, now: datetime) -> Store:
    """Read a store from a file; `now` becomes the collections' age. Raises StoreFileError."""
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        message = f"{path}: {error.strerror}"
        raise StoreFileError(message) from error
    except UnicodeDecodeError as error:
        message = f"{path}: not UTF-8 text"
        raise StoreFileError(message) from error
    return parse_store(text, str(path), now)


def parse_store(text: str, name: str, now: datetime) -> Store:
    """Read a store from the text of a file of that name. Raises StoreFileError."""
    try:
        root, content = _read_json(text) if name.endswith(".json") else _read_yaml(text)
        faults = [*islice(_faults(content), 1)]
    except json.JSONDecodeError as error:
        message = f"{name}:{error.lineno}: {error.msg}"
        raise StoreFileError(message) from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        message = f"{name}:{line}: {error.problem}"
        raise StoreFileError(message) from error
    # Control characters, nesting without end, keys or numbers that are none.
    except (yaml.YAMLError, RecursionError, TypeError, ValueError, ArithmeticError) as error:
        message = f"{name}: {str(error).splitlines()[0]}"
        raise StoreFileError(message) from error
    for path, fault in faults:
        message = f"{name}:{_line(root, path)}: {_dotted(path)}{fault}"
        raise StoreFileError(message)
    return _store(content, now)


def _read_yaml(text: str) -> tuple[yaml.Node | None, Any]:
    loader = _Loader(text)
    root = loader.get_single_node()
    return root, loader.construct_document(root) if root else None


def _read_json(text: str) -> tuple[yaml.Node | None, Any]:
    content = json.loads(text, parse_float=Decimal, parse_int=Decimal)
    try:
        # For the lines only: nearly all JSON is YAML.
        return _read_yaml(text)[0], content
    except yaml.YAMLError:
        return None, content


class _Loader(yaml.SafeLoader):
    """Reads scalars as JSON does, numbers exactly: `no` is text, and so is a date."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - PyYAML's signature
        """Construct a mapping; refuse a key that is there twice, of which YAML keeps the last."""
        seen: set[str] = set()
        for key, _ in node.value:
            is_text = isinstance(key, yaml.ScalarNode)
            if not is_text or key.value in seen:
                problem = f"{key.value!r} is there twice" if is_text else "a key has to be text"
                raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - PyYAML's own way to say which


def _construct_number(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> Decimal:
    return Decimal(str(loader.construct_scalar(node)))


for _tag, _pattern, _first in (
    ("null", r"null|~|", ["n", "~", ""]),
    ("bool", r"true|false", ["t", "f"]),
    ("float", r"-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?", list("-0123456789")),
):
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), _first
    )
_Loader.add_constructor("tag:yaml.org,2002:float", _construct_number)


Steps = Sequence[str | int]


def _faults(content: Any) -> Iterator[tuple[Steps, str]]:
    """Find what is wrong: first the shape, then what refers to something that is not there."""
    schema = resources.files(__package__).joinpath("store_file.schema.json").read_text("utf-8")
    errors = Draft7Validator(json.loads(schema)).iter_errors(content)
    # An unknown key first: it is often the missing one, misspelt.
    for error in sorted(errors, key=lambda error: error.kind.name != "additionalProperties"):
        unknown = error.kind.value if error.kind.name == "additionalProperties" else []
        yield [*error.instance_path, *unknown[:1]], error.message
    ids = {
        kind: {each["id"] for each in content.get(kind, ())}
        for kind in ("payment_providers", "regions", "carts")
    }
    yield from _repeated(content)
    yield from _shared_carts(content)
    for index, region in enumerate(content["regions"]):
        for place, provider_id in enumerate(region["payment_providers"]):
            if provider_id not in ids["payment_providers"]:
                path = ("regions", index, "payment_providers", place)
                yield path, f"there is no payment provider {provider_id!r}"
    for index, cart in enumerate(content.get("carts", ())):
        if cart["region_id"] not in ids["regions"]:
            yield ("carts", index, "region_id"), f"there is no region {cart['region_id']!r}"
    for index, collection in enumerate(content.get("payment_collections", ())):
        cart_id = collection.get("cart_id")
        if cart_id is not None and cart_id not in ids["carts"]:
            yield ("payment_collections", index, "cart_id"), f"there is no cart {cart_id!r}"


def _repeated(content: Mapping[str, Any]) -> Iterator[tuple[Steps, str]]:
    for kind, entries in content.items():
        if kind == "cors_origins":
            continue
        name = "token" if kind in {"publishable_keys", "customers"} else "id"
        seen: set[str] = set()
        for index, entry in enumerate(entries):
            if entry[name] in seen:
                yield (kind, index, name), f"{entry[name]!r} is there twice"
            seen.add(entry[name])


def _shared_carts(content: Mapping[str, Any]) -> Iterator[tuple[Steps, str]]:
    seen: set[str] = set()
    for index, collection in enumerate(content.get("payment_collections", ())):
        cart_id = collection.get("cart_id")
        if cart_id in seen:
            path = ("payment_collections", index, "cart_id")
            yield path, f"{cart_id!r} has a payment collection already"
        if cart_id is not None:
            seen.add(cart_id)


def _line(node: yaml.Node | None, path: Steps) -> int:
    """Find the line that a path leads to, or the last one on the way that exists."""
    for step in path:
        if isinstance(node, yaml.MappingNode):
            node = next((value for key, value in node.value if key.value == step), node)
        elif isinstance(node, yaml.SequenceNode):
            node = node.value[int(step)]
    return node.start_mark.line + 1 if node else 1


def _dotted(path: Steps) -> str:
    steps = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return f"{steps.removeprefix('.')}: " if steps else ""


def _store(content: Mapping[str, Any], now: datetime) -> Store:
    return Store(
        Settings(
            publishable_keys={
                key["token"]: PublishableKey(
                    key["token"], key.get("title", ""), key.get("revoked", False)
                )
                for key in content["publishable_keys"]
            },
            payment_providers={
                each["id"]: PaymentProvider(**each) for each in content["payment_providers"]
            },
            regions={
                each["id"]: Region(
                    each["id"], each["currency_code"], tuple(each["payment_providers"])
                )
                for each in content["regions"]
            },
            customers={each["token"]: Customer(**each) for each in content.get("customers", ())},
            cors_origins=tuple(content["cors_origins"]) if "cors_origins" in content else None,
        ),
        carts={each["id"]: Cart(**each) for each in content.get("carts", ())},
        payment_collections={
            each["id"]: PaymentCollection(
                id=each["id"],
                cart_id=each.get("cart_id"),
                currency_code=each["currency_code"],
                amount=each["amount"],
                status=each.get("status", "not_paid"),
                created_at=now,
                updated_at=now,
            )
            for each in content.get("payment_collections", ())
        },
    )
