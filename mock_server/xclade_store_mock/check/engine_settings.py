"""How Schemathesis is set for one backend: schemathesis.toml, with that backend's key and ids.

Nothing that it sends is learned from answers, except through the contract's links: the ids are the
ones that were given or found, and so is the provider.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

from schemathesis.config import SchemathesisConfig

from xclade_store_mock.check import KEY_HEADER
from xclade_store_mock.check.backend import Backend
from xclade_store_mock.check.ids import OPERATIONS, Ids

# Whether an operation asks for the key does not depend on what else it is sent.
_KEY_KNOWN_TO_BE_ASKED_FOR = {"ignored_auth": {"enabled": False}}

_MEANINGLESS = ("object_level_authorization", "use_after_free")


@dataclass(frozen=True, slots=True)
class Budget:
    """How much is tried; the same seed makes the same calls."""

    seed: int
    max_examples: int
    time_limit: int | None = None


def make_config(backend: Backend, ids: Ids, budget: Budget) -> SchemathesisConfig:
    """Set Schemathesis."""
    text = resources.files(__package__).joinpath("schemathesis.toml").read_text("utf-8")
    settings: dict[str, Any] = tomllib.loads(text)
    settings |= {
        # A dollar and a brace would name an environment variable.
        "headers": {KEY_HEADER: backend.key.replace("${", "$${")},
        "seed": budget.seed,
        "max-redirects": 0,
        "request-timeout": backend.timeout,
        "continue-on-failure": True,
        "suppress-health-check": ["all"],
        "phases": _phases(budget.max_examples),
        "dictionaries": _dictionaries(ids),
    }
    # They are about deleted resources and other users, of which the contract has none.
    settings["checks"] = {name: {"enabled": False} for name in _MEANINGLESS}
    settings["generation"]["max-examples"] = budget.max_examples
    settings["operations"] += [
        {"include-operation-id": operation, "enabled": False}
        for operation in OPERATIONS
        if operation not in ids.tested
    ]
    return SchemathesisConfig.from_dict(settings)


def _phases(max_examples: int) -> dict[str, Any]:
    return {
        # Methods that HTTP calls safe: no others are tried on somebody's backend.
        "coverage": {"unexpected-methods": ["GET", "OPTIONS"]},
        "fuzzing": {"checks": _KEY_KNOWN_TO_BE_ASKED_FOR},
        "stateful": {
            "generation": {"max-examples": max_examples},
            "inference": {"algorithms": []},
            "link-calibration": False,
            "checks": _KEY_KNOWN_TO_BE_ASKED_FOR,
        },
    }


def _dictionaries(ids: Ids) -> dict[str, Any]:
    """Name the ids; the operations of those that are None are not called."""
    known = {
        "collections": ids.collection,
        "carts": ids.cart,
        "regions": ids.region,
        "providers": ids.provider,
    }
    return {name: {"values": [value or "none"]} for name, value in known.items()}


def tailor(document: Mapping[str, Any], ids: Ids) -> dict[str, Any]:
    """Answer the contract with these ids in its examples and links."""
    in_bodies = {"cart_id": ids.cart, "provider_id": ids.provider}
    in_parameters = {"id": ids.collection, "region_id": ids.region}

    def walk(node: Any) -> Any:
        if isinstance(node, list):
            return [walk(each) for each in node]
        if not isinstance(node, dict):
            return node
        walked = {name: walk(value) for name, value in node.items()}
        for name, value in in_bodies.items():
            if isinstance(walked.get(name), str):
                walked[name] = value
        if walked.get("name") in in_parameters and "examples" in walked:
            walked["examples"] = {"known": {"value": in_parameters[walked["name"]]}}
        return walked

    tailored: dict[str, Any] = walk(document)
    return tailored
