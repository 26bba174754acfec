"""No input can make a regular expression slow: each takes a linear number of steps."""

import ast
import importlib
import json
import re
from collections.abc import Iterator
from functools import cache
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
"""Arguments for the functions that compile a pattern from them."""
SHORT = 12
"""The length of the shorter texts: enough for a quadratic number of steps to stand out."""


class Use(NamedTuple):
    """A regular expression, where it is, and the most expensive method it is used with."""

    place: str
    pattern: re.Pattern[str]
    method: str


def test_every_pattern_is_linear() -> None:
    """Each pattern in the client, the server and the contracts is linear."""
    used = [*uses(), *schema_patterns()]

    assert {"redaction.py", "arguments.py", "logs.py"} <= {
        each.place.split(":")[0] for each in used
    }
    found = {each: slow_text(each.pattern, each.method) for each in used}
    assert {} == {each: text for each, text in found.items() if text is not None}


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
    """The check finds cubic, quadratic and exponential patterns."""
    assert slow_text(re.compile(pattern, re.IGNORECASE), "finditer") is not None


def uses() -> Iterator[Use]:
    """Yield each pattern passed to a function of `re`."""
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
    """Yield the calls of functions of `re`, with the name the result is assigned to."""
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
    """Compile the pattern of a call with the flags of the call."""
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
    """Return the method a pattern is used with: `match` and `fullmatch` cost less."""
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
    """Yield the patterns in the contracts and in the schema of the store file."""
    for path in (*ROOT.glob("openapi/*.yaml"), *PACKAGES[1].rglob("*.schema.json")):
        text = path.read_text("utf-8")
        document = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
        for pattern in set(members(document, "pattern")):
            yield Use(path.name, re.compile(pattern), "finditer")


def members(node: Any, name: str) -> Iterator[str]:
    """Yield the strings that a document has under a name."""
    values = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    if isinstance(node, dict) and isinstance(node.get(name), str):
        yield node[name]
    for each in values:
        yield from members(each, name)


@cache  # several contracts contain the same patterns
def slow_text(pattern: re.Pattern[str], method: str) -> str | None:
    """Return a text that takes far more than four times the steps of its quarter, if any."""
    steps = Steps(pattern)
    parts = tokens(pattern)
    bodies = [("", first + second) for first, second in combinations_with_replacement(parts, 2)]
    bodies += [(before, body) for before, body in product(parts, parts) if before != body]
    for (before, body), after in product(bodies, ("", "\0")):
        times = max(3, SHORT // len(body))
        short, long = (before + body * each + after for each in (times, 4 * times))
        try:
            check_spans(steps, pattern, method, short, 40 * len(short) * len(parts))
            check_spans(steps, pattern, method, long, 6 * steps.taken + 100)
        except TooManyStepsError:
            return long
    return None


def check_spans(
    steps: Steps, pattern: re.Pattern[str], method: str, text: str, budget: int
) -> None:
    """Check that a search in at most `budget` steps finds what `re` finds."""
    found = [*steps.spans(text, method, budget)]
    expected = getattr(pattern, method)(text)
    matches = [*expected] if method == "finditer" else [expected] if expected else []
    assert [match.span() for match in matches] == found, (pattern, text)
