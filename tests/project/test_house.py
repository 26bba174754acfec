"""Rules of this repository that a machine can check: sizes, dependencies and plain English."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PYTHON_SCRIPT = b"#!/usr/bin/env python3"
PROSE = {".py", ".md", ".yaml", ".yml", ".toml", ".js", ".html", ".css", ".lua", ".jinja"}

MOST_SERVER_MODULES = 94
SMALL_MODULES = {"__main__.py": "`python -m` runs it, and it works without the extras"}
OPENERS = r"(Answers?|Says?|Tells?|Lets?|Who(m|ever)?|Hearken|Behold)\b"
TRANSLATIONESE = (
    r"\b(befall(s|en)?|befell|whom|amid|whereof|thereof|seldom|whosoever)\b"
    r"|\b(told off|as like|be at work|who waits|made again|in vain|to the letter)\b"
    r"|\bcarr(y|ies|ied)( it| them)? on\b"
    r"|\bh(old|olds|eld|olding) (\w+ ){1,3}against\b"
    r"|(?<!there )\b(is|are|was|were) no (?!longer\b|more\b|other\b)\w"
)


def tracked() -> list[Path]:
    """List the files that git tracks, or would."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in names.stdout.splitlines() if (ROOT / name).is_file()]


def source(*folders: str) -> Iterator[tuple[str, str]]:
    """Yield the path and the text of each hand-written Python file, in some folders or in all."""
    for path in tracked():
        name = path.relative_to(ROOT).as_posix()
        is_script = "scripts" == path.parent.name and path.read_bytes().startswith(PYTHON_SCRIPT)
        is_ours = name.startswith(folders or "") and "generated" not in path.parts
        if is_ours and (".py" == path.suffix or is_script):
            yield name, path.read_text("utf-8")


def test_modules_stay_short() -> None:
    """No hand-written module has more than 400 lines."""
    assert [] == [name for name, text in source() if len(text.splitlines()) > 400]


def test_server_has_few_modules() -> None:
    """A new module replaces another one, and is not so small that it belongs into one."""
    modules = dict(source("mock_server/"))
    small = {
        name.removeprefix("mock_server/xclade_store_mock/")
        for name, text in modules.items()
        if len(text.splitlines()) < 40 and not name.endswith("/__init__.py")
    }

    assert len(modules) <= MOST_SERVER_MODULES
    assert SMALL_MODULES.keys() == small


def test_functions_stay_short() -> None:
    """No function of the client or the server has more than 40 lines after its docstring."""
    long = {
        f"{Path(name).stem}.{function.name}"
        for name, text in source("client/", "mock_server/")
        for function in ast.walk(ast.parse(text))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for first in [function.body[min(len(function.body) - 1, _has_docstring(function))]]
        if (function.end_lineno or 0) - first.lineno >= 40
    }

    assert set() == long


def _has_docstring(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return ast.get_docstring(node) is not None


def test_docstrings_are_imperative() -> None:
    """A docstring says "Return …", not "Answer …" or "Tell …"."""
    found = [
        f"{name}: {text.splitlines()[0]}"
        for name, module in source()
        for text in _docstrings(module)
        if re.match(OPENERS, text)
    ]

    assert [] == found


def _docstrings(module: str) -> Iterator[str]:
    """Yield the docstrings of a module, those of attributes included."""
    for node in ast.walk(ast.parse(module)):
        value = node.value if isinstance(node, ast.Expr) else None
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            yield value.value.strip()


def test_prose_is_plain() -> None:
    """Code, documentation and contracts have none of the phrases that read like a translation."""
    texts = {
        path.relative_to(ROOT).as_posix(): path.read_text("utf-8")
        for path in tracked()
        if path.suffix in PROSE or "scripts" == path.parent.name
        if {"generated", "released"}.isdisjoint(path.parts) and Path(__file__) != path
    }
    found = [
        f"{name}:{number}: {line.strip()}"
        for name, text in texts.items()
        for number, line in enumerate(text.splitlines(), start=1)
        if re.search(TRANSLATIONESE, line, re.IGNORECASE)
    ]

    assert len(texts) > 300
    assert [] == found


@pytest.mark.parametrize(
    "text",
    [
        "Whom a fault befalls.",
        "base_url is no URL",
        "Hold a backend against the contract.",
        "the request is carried on by its retry",
        "for as many processes as like",
    ],
)
def test_translated_prose_is_found(text: str) -> None:
    """The check finds phrases that were in this repository."""
    assert re.search(TRANSLATIONESE, text, re.IGNORECASE)


def test_readme_stays_short() -> None:
    """The README has at most 350 words."""
    assert len((ROOT / "README.md").read_text("utf-8").split()) <= 350


def test_lock_files_name_no_registry() -> None:
    """Locks pin hashes, not addresses."""
    locks = [
        path
        for path in tracked()
        if path.match("requirements/*.txt") or "package-lock.json" == path.name
    ]

    assert len(locks) >= 3
    for lock in locks:
        assert not re.search(r'"resolved"|--(extra-)?index-url', lock.read_text("utf-8"))
        assert "sha" in lock.read_text("utf-8")


def test_client_never_imports_the_server() -> None:
    """The client's half knows nothing of the mock."""
    for path in (ROOT / "client").rglob("*.py"):
        assert "xclade_store_mock" not in path.read_text("utf-8")


def test_every_dependency_has_its_reason() -> None:
    """A comment beside each dependency of the distribution says why it is there."""
    lines = re.findall(r'^    ("[A-Za-z].*)', _dependencies(), re.MULTILINE)

    assert len(lines) > 10
    for line in lines:
        assert re.search(r", +# \w+|^\"xclade-store\[", line), line


def test_private_api_has_an_upper_bound() -> None:
    """A dependency whose private API is used cannot be upgraded unnoticed."""
    lines = re.findall(r'^    "(.*)", .*\bprivate: ', _dependencies(), re.MULTILINE)

    assert {"asyncpg", "uvicorn"} <= {re.split("[<>=]", line)[0] for line in lines}
    assert [] == [line for line in lines if ",<" not in line]


def _dependencies() -> str:
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    return project[project.index("\ndependencies = [") : project.index("[project.scripts]")]


SERVER = ROOT / "mock_server/xclade_store_mock"
CHECK = {*SERVER.glob("check/*.py"), SERVER / "cli/check.py"}


@pytest.mark.parametrize(
    ("files", "extras"),
    [
        ({*(ROOT / "client").rglob("*.py")}, {"httpx2"}),
        ({*SERVER.rglob("*.py")} - CHECK, {"mock"}),
        (CHECK, {"mock", "check"}),
    ],
    ids=["client", "mock", "check"],
)
def test_every_import_is_declared(files: set[Path], extras: set[str]) -> None:
    """What each part imports comes with the distribution or with the part's extra."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    declared = {"pytest"}  # the plugin is loaded by pytest itself
    for group in (
        project["dependencies"],
        *(project["optional-dependencies"][extra] for extra in extras),
    ):
        declared |= {_normalized(re.split(r"[^\w-]", each)[0]) for each in group}
    distributions = packages_distributions()
    known = sys.stdlib_module_names | {"xclade_store", "xclade_store_mock"}
    known |= {"pydantic_core"}  # imported when pydantic itself asks for a result's schema

    undeclared = {
        (path.relative_to(ROOT).as_posix(), name)
        for path in files
        for name in _imported(path) - known
        if declared.isdisjoint(map(_normalized, distributions.get(name, [])))
    }

    assert set() == undeclared


def _normalized(distribution: str) -> str:
    return distribution.lower().replace("_", "-")


def _imported(path: Path) -> set[str]:
    """Return the top-level packages that a module imports, relative imports left out."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add((node.module or "").partition(".")[0])
    return names


def test_settings_name_what_exists() -> None:
    """No setting in pyproject.toml is left over from a module that was moved or removed."""
    tool = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]
    modules = [
        module
        for override in tool["mypy"]["overrides"]
        for module in [override["module"]]
        for module in ([module] if isinstance(module, str) else module)
        if module.startswith("xclade_store")
    ]
    files = [
        pattern
        for text in (*tool["ruff"]["lint"]["per-file-ignores"], *tool["mypy"]["files"])
        for pattern in _alternatives(text)
    ]

    assert [] == [module for module in modules if find_spec(module.removesuffix(".*")) is None]
    assert [] == [pattern for pattern in files if not any(ROOT.glob(pattern))]


def _alternatives(pattern: str) -> list[str]:
    """Expand the braces of a pattern, which pathlib does not know."""
    found = re.fullmatch(r"(.*)\{(.*)\}(.*)", pattern)
    if found is None:
        return [pattern]
    before, alternatives, after = found.groups()
    return [f"{before}{each}{after}" for each in alternatives.split(",")]
