"""The official SDK, in Node and in a browser's page."""

import json
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from starlette.applications import Starlette
from starlette.responses import FileResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from tests.conftest import served

from xclade_store_mock.app import create_app
from xclade_store_mock.dialects import DIALECTS
from xclade_store_mock.web.dialect import Dialect

FOLDER = Path(__file__).parent
NODE = FOLDER.parent / "contract/node"
SCRIPTS = FOLDER.parents[1] / "scripts"

Evaluate = Callable[[str], Any]
"""Returns the value of a JavaScript expression, awaiting a promise."""

# Reads expressions as lines of JSON, and prints the value of each as a line of JSON.
_EVALUATOR = """
    import { createInterface } from "node:readline";
    for await (const line of createInterface({ input: process.stdin }))
        console.log(JSON.stringify(await eval(JSON.parse(line))));
"""

_CALL = """(async () => {
    const { default: Medusa, FetchError } = await import("@medusajs/js-sdk");
    const sdk = new Medusa(%s);
    try {
        return { value: await (%s) };
    } catch (error) {
        if (error instanceof FetchError) return { status: error.status, message: error.message };
        return { message: String(error) };
    }
})()"""


@pytest.fixture(scope="session")
def evaluate_in_node() -> Iterator[Evaluate]:
    """Yield a function that evaluates in Node."""
    command = [str(SCRIPTS / "node"), "node", "--input-type=module", "--eval", _EVALUATOR]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as node:
        assert node.stdin
        assert node.stdout
        asked, answered = node.stdin, node.stdout

        def evaluate(expression: str) -> Any:
            asked.write(f"{json.dumps(expression)}\n")
            asked.flush()
            return json.loads(answered.readline())

        yield evaluate
        asked.close()


@pytest.fixture(scope="session")
def storefront() -> Iterator[str]:
    """Serve a page that can import the SDK, and yield its origin."""
    page = FileResponse(FOLDER / "page.html")
    modules = StaticFiles(directory=NODE / "node_modules")
    app = Starlette(routes=[Route("/", page), Mount("/node_modules", modules)])
    with served(app) as origin:
        yield origin


@pytest.fixture(scope="module")
def storefront_page(browser: Browser, storefront: str) -> Iterator[Page]:
    """Yield the storefront's page, opened once per module."""
    with browser.new_page() as page:
        page.goto(storefront)
        yield page


@pytest.fixture(scope="module")
def evaluate_in_chromium(storefront_page: Page) -> Evaluate:
    """Return a function that evaluates in the storefront's page."""
    return storefront_page.evaluate


class FetchError(Exception):
    """The SDK's error for a response whose status is not 2xx."""


@dataclass(frozen=True, slots=True)
class Sdk:
    """The official SDK, configured for the store at a URL."""

    evaluate: Evaluate
    url: str

    def __call__(self, expression: str, **options: Any) -> Any:
        """Return the value of an expression that uses `sdk`, or raise FetchError."""
        options = {"baseUrl": self.url, "publishableKey": "pk_demo", **options}
        outcome = self.evaluate(_CALL % (json.dumps(options), expression))
        if "status" in outcome:
            raise FetchError(outcome["status"], outcome["message"])
        if "message" in outcome:
            raise RuntimeError(outcome["message"])
        return outcome["value"]


@pytest.fixture(scope="module", params=DIALECTS.values(), ids=[*DIALECTS])
def dialect(request: pytest.FixtureRequest) -> Dialect:
    """Return each dialect."""
    chosen: Dialect = request.param
    return chosen


@pytest.fixture(scope="module")
def url(dialect: Dialect) -> Iterator[str]:
    """Serve a demo store for the tests of a module, and yield its URL."""
    with served(create_app(dialect=dialect)) as url:
        yield url


@pytest.fixture(params=["node", "chromium"])
def sdk(request: pytest.FixtureRequest, url: str) -> Sdk:
    """Return the SDK for the demo store, in Node and in a page."""
    evaluate: Evaluate = request.getfixturevalue(f"evaluate_in_{request.param}")
    return Sdk(evaluate, url)
