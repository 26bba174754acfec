"""Other teams' generators accept the contract, and what they generate compiles."""

import importlib
import json
import shutil
import subprocess
from pathlib import Path

import httpx
import pytest
from tests.bench.calls import DEMO, INITIALIZE, TEMPLATE
from tests.bench.subjects import specmatic, started
from tests.contract.relay_contract import operations

ROOT = Path(__file__).parents[2]
STORE = ROOT / "openapi/store.yaml"
LANGUAGES = ("csharp", "go", "java", "kotlin", "typescript-fetch")
STRICT = (
    *("--noEmit", "--strict", "--target", "es2022", "--lib", "es2022,dom,dom.iterable"),
    *("--module", "esnext", "--moduleResolution", "bundler"),
)
NEEDS_JAVA = pytest.mark.skipif(
    shutil.which("java") is None, reason="no Java: `sudo scripts/java` installs it"
)


def run(*command: str | Path) -> str:
    """Run a tool that must succeed; return what it printed."""
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    assert 0 == done.returncode, done.stdout[-5000:]
    return done.stdout


def node(*command: str | Path) -> str:
    """Run a tool of tests/contract/node."""
    return run(ROOT / "scripts/node", *command)


def compile_typescript(*modules: Path) -> None:
    """Compile generated modules strictly."""
    node("tsc", *STRICT, *modules)


@NEEDS_JAVA
def test_openapi_generator(tmp_path: Path) -> None:
    """openapi-generator validates the contract and generates a client in five languages."""
    tool = ROOT / ".venv/bin/openapi-generator-cli"
    recommended = run(tool, "validate", "--recommend", "--input-spec", STORE)
    for language in LANGUAGES:
        settings = {
            "generatorName": language,
            "inputSpec": str(STORE),
            "outputDir": str(tmp_path / language),
        }
        (tmp_path / f"{language}.json").write_text(json.dumps(settings), "utf-8")

    printed = run(tool, "batch", "--fail-fast", *tmp_path.glob("*.json"))

    assert "No validation issues detected." in recommended
    assert f"{len(LANGUAGES)} generators successfully" in printed
    compile_typescript(tmp_path / "typescript-fetch/index.ts")


@NEEDS_JAVA
def test_specmatic() -> None:
    """Specmatic loads the contract, and serves the example for a request that matches one."""
    _, _, operation = next(each for each in operations() if each[0] == TEMPLATE)
    examples = operation["responses"]["200"]["content"]["application/json"]["examples"]

    with started(specmatic(), is_measured=False) as server:
        response = httpx.post(server.url + DEMO, json=INITIALIZE.body, headers=INITIALIZE.headers)

    assert examples["system"]["value"] == response.json()


def test_typescript_generators(tmp_path: Path) -> None:
    """What openapi-typescript and Hey API generate compiles."""
    node("openapi-typescript", STORE, "--output", tmp_path / "schema.ts")
    node(
        "openapi-ts",
        "--input",
        STORE,
        "--output",
        tmp_path / "hey",
        "--client",
        "@hey-api/client-fetch",
    )

    compile_typescript(tmp_path / "schema.ts", tmp_path / "hey/index.ts")


def test_datamodel_code_generator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Generated pydantic models parse the examples of successful responses."""
    module = tmp_path / "generated_by_datamodel_codegen.py"
    run(
        ROOT / ".venv/bin/datamodel-codegen",
        *("--input", STORE, "--input-file-type", "openapi", "--output", module),
        *("--output-model-type", "pydantic_v2.BaseModel", "--formatters", "builtin"),
    )
    monkeypatch.syspath_prepend(tmp_path)
    models = importlib.import_module(module.stem)

    for _, _, operation in operations():
        content = operation["responses"]["200"]["content"]["application/json"]
        model = getattr(models, content["schema"]["$ref"].rpartition("/")[2])
        for example in content["examples"].values():
            assert model.model_validate(example["value"])
