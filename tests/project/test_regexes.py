"""No text from outside can make a regular expression slow: each takes a linear number of steps."""

import ast
import importlib
import json
import re
from collections.abc import Iterator
from itertools import combinations_with_replacement, product
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from tests.project.steps import Steps, TooManyStepsError, tokens

from xclade_store_mock.contract import load_contract

ROOT = Path(__file__).parents[2]
PACKAGES = (ROOT / "client/xclade_store", ROOT / "mock_server/xclade_store_mock")
OPERATION = load_contract("store.yaml").operations["initialize_payment_session"]
ARGUMENTS = {"template": OPERATION.path, "operation": OPERATION}
"""What the functions that compile a pattern of their own are given."""
SHORT = 60


class Use(NamedTuple):
    """A regular expression, where it is, and the most expensive way in which it is used."""

    place: str
    pattern: re.Pattern[str]
    method: str


def test_every_pattern_is_linear() -> None:
    """In the client, the server and the contracts, a new one included."""
    used = [*uses(), *schema_patterns()]

    assert {"redaction.py", "arguments.py", "logs.py"} <= {
        each.place.split(":")[0] for each in used
    }
    assert [] == [(each, text) for each in used for text in [slow_text(each)] if text is not None]


@pytest.mark.parametrize(
    "pattern",
    [
        # Once used for redaction: cubic, and quadratic.
        r"(?P<name>\b[\w-]*(?:secret|token|api[-_]?key)[\w-]*\s*[:=]\s*)[^\s&]+",
        r'("[^"]*(?:secret|token|password)[^"]*"\s*:\s*)"(?:[^"\\]|\\.)*"?',
        # Exponential, and quadratic because a search starts at every character.
        r"(?:a|a)*b",
        r"(?:[a-z]+)*!",
        r"\s+$",
    ],
)
def test_slow_patterns_are_found(pattern: str) -> None:
    """The check sees each kind of growth."""
    assert slow_text(Use("", re.compile(pattern, re.IGNORECASE), "finditer")) is not None


def uses() -> Iterator[Use]:
    """Find each pattern that is given to a function of `re`."""
    for package in PACKAGES:
        for path in sorted(package.rglob("*.py")):
            tree = ast.parse(path.read_text("utf-8"))
            called = list(calls(tree))
            if not called:
                continue
            names = path.relative_to(package.parent).with_suffix("").parts
            module = importlib.import_module(".".join(names).removesuffix(".__init__"))
            for call, name in called:
                pattern = evaluate(module, call)
                yield Use(f"{path.name}:{call.lineno}", pattern, method_of(tree, call, name))


def calls(tree: ast.Module) -> Iterator[tuple[ast.Call, str]]:
    """Find the calls of functions of `re`, with the name that holds the compiled pattern."""
    targets = {
        id(node.value): target.id if isinstance(target, ast.Name) else target.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name | ast.Attribute)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            assert "re" != node.module, "write `re.compile`, so that the pattern is found"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            module = node.func.value
            is_regex = isinstance(module, ast.Name) and "re" == module.id
            if is_regex and node.func.attr not in {"escape", "purge"}:
                yield node, targets.get(id(node), "")


def evaluate(module: Any, call: ast.Call) -> re.Pattern[str]:
    """Compile the pattern of a call, with the call's own flags."""
    known = {**vars(module), **ARGUMENTS}
    assert isinstance(call.func, ast.Attribute)
    position = {"compile": 1, "sub": 4, "subn": 4, "split": 3}.get(call.func.attr, 2)
    flags = [each.value for each in call.keywords if "flags" == each.arg] or call.args[position:]
    values = [
        eval(compile(ast.Expression(each), "<pattern>", "eval"), known)  # noqa: S307 - our own source
        for each in [call.args[0], *flags[:1]]
    ]
    if isinstance(values[0], bytes):
        values = [values[0].decode("latin-1"), re.ASCII, *values[1:]]
    return re.compile(values[0], sum(values[1:]))


def method_of(tree: ast.Module, call: ast.Call, name: str) -> str:
    """Say how a pattern is used: `match` and `fullmatch` start only at the beginning."""
    assert isinstance(call.func, ast.Attribute)
    methods = {call.func.attr} - {"compile"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            owner = node.value
            owned = getattr(owner, "id", getattr(owner, "attr", None))
            if name and owned == name:
                methods.add(node.attr)
    return methods.pop() if methods in ({"match"}, {"fullmatch"}) else "finditer"


def schema_patterns() -> Iterator[Use]:
    """Find the patterns of the contracts and of the store file's schema."""
    for path in (*ROOT.glob("openapi/*.yaml"), *PACKAGES[1].rglob("*.schema.json")):
        text = path.read_text("utf-8")
        document = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
        for pattern in set(members(document, "pattern")):
            yield Use(path.name, re.compile(pattern), "finditer")


def members(node: Any, name: str) -> Iterator[str]:
    """Find the texts that a document has under a name."""
    values = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    if isinstance(node, dict) and isinstance(node.get(name), str):
        yield node[name]
    for each in values:
        yield from members(each, name)


def slow_text(use: Use) -> str | None:
    """Find a text that takes far more than four times the steps of a quarter of it."""
    parts = tokens(use.pattern)
    bodies = [("", first + second) for first, second in combinations_with_replacement(parts, 2)]
    bodies += [(before, body) for before, body in product(parts, parts) if before != body]
    for (before, body), after in product(bodies, ("", "\0")):
        times = max(4, SHORT // len(body))
        short, long = (before + body * each + after for each in (times, 4 * times))
        try:
            allowed = 6 * count(use, short, 40 * len(short) * len(parts)) + 100
            count(use, long, allowed)
        except TooManyStepsError:
            return long
    return None


def count(use: Use, text: str, budget: int) -> int:
    """Count the steps in a text; what is found is what `re` finds."""
    steps = Steps(use.pattern, text, budget)
    found = [*steps.spans(use.method)]
    expected = getattr(use.pattern, use.method)(text)
    matches = [*expected] if use.method == "finditer" else [expected] if expected else []
    assert [match.span() for match in matches] == found, (use, text)
    return steps.taken
