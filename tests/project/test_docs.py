"""The examples in the documentation run, in reading order, and do what the text says."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import Serve

from xclade_store_mock.control.access import Access

ROOT = Path(__file__).parents[2]
ADVERTISED = "http://127.0.0.1:4010"


@pytest.mark.parametrize("name", ["README.md", "docs/client.md", "docs/getting-started.md"])
def test_python_examples_run(serve: Serve, name: str) -> None:
    """Each block runs after the blocks above it, against a fresh demo store."""
    page = (ROOT / name).read_text("utf-8")
    url = serve()
    namespace: dict[str, Any] = {}

    blocks = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    for block in blocks:
        assert ADVERTISED in page
        exec(compile(block.replace(ADVERTISED, url), name, "exec"), namespace)  # noqa: S102 - ours

    assert blocks


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize("name", ["README.md", "docs/failures.md", "docs/prefer.md"])
def test_curl_examples_print_what_the_page_shows(serve: Serve, name: str) -> None:
    """Each curl command of the page prints the output shown; `…` matches anything."""
    page = (ROOT / name).read_text("utf-8")
    blocks = re.findall(r"^```console\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    examples = [
        example
        for block in blocks
        for example in re.findall(
            r"^\$ (curl (?:.*\\\n)*.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE
        )
    ]
    url = serve(control=Access())

    for line, printed in examples:
        command = ["sh", "-c", f"{line} --silent".replace(ADVERTISED, url)]
        result = subprocess.run(command, capture_output=True, text=True, check=True)
        output = result.stdout.replace("\r\n", "\n").strip()
        expected = re.escape(printed.strip()).replace("…", ".*")
        assert re.fullmatch(expected, output, re.DOTALL), (output, printed)
    assert page.count("$ curl ") == len(examples) > 0


def test_pages_load_nothing_from_elsewhere() -> None:
    """The generator draws diagrams of Mermaid with a script from another host."""
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]

    assert [] == [each.name for each in pages if "```mermaid" in each.read_text("utf-8")]


def test_screenshots_are_small_and_shown() -> None:
    """The console's page shows each screenshot, and no other image."""
    pictures = {each.name: each.stat().st_size for each in (ROOT / "docs/images").iterdir()}
    page = (ROOT / "docs/console.md").read_text("utf-8")

    assert set(pictures) == set(re.findall(r"images/([\w.-]+)", page))
    assert [] == [name for name, size in pictures.items() if size > 150_000]
