"""The examples in the documentation do what they say, in the order in which one reads them."""

import re
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import Serve

ROOT = Path(__file__).parents[2]
ADVERTISED = "http://127.0.0.1:4010"


@pytest.mark.parametrize("name", ["README.md", "docs/client.md"])
def test_python_examples_run(serve: Serve, name: str) -> None:
    """Each block runs after those above it, against a fresh demo store."""
    page = (ROOT / name).read_text("utf-8")
    url = serve()
    namespace: dict[str, Any] = {}

    blocks = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    for block in blocks:
        assert ADVERTISED in page
        exec(compile(block.replace(ADVERTISED, url), name, "exec"), namespace)  # noqa: S102 - ours

    assert blocks
