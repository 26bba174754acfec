"""What the server shows beside its operations."""

from pathlib import Path

import httpx
import pytest
import yaml

CONTRACT = Path(__file__).parents[2] / "openapi/store.yaml"


def test_contract_as_it_was_written(untouched: httpx.Client) -> None:
    """/openapi.yaml is the contract's file, byte for byte."""
    response = untouched.get("/openapi.yaml")

    assert "application/yaml" == response.headers["Content-Type"]
    assert CONTRACT.read_bytes() == response.content


def test_contract_as_json(untouched: httpx.Client) -> None:
    """/openapi.json says the same."""
    response = untouched.get("/openapi.json")

    assert "application/json" == response.headers["Content-Type"]
    assert yaml.safe_load(CONTRACT.read_bytes()) == response.json()


def test_reference(untouched: httpx.Client) -> None:
    """/docs/ is a page to read and try the operations on this very server."""
    page = untouched.get("/docs/")

    assert (200, "text/html; charset=utf-8") == (page.status_code, page.headers["Content-Type"])
    assert "swagger-ui" in page.text
    shown = untouched.get("/docs/openapi.json").json()
    assert untouched.get("/openapi.json").json()["paths"].keys() == shown["paths"].keys()
    assert [untouched.base_url.host] == [
        page.url.join(server["url"]).host for server in shown["servers"]
    ]


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_start_leads_to_the_reference(untouched: httpx.Client, path: str) -> None:
    """Who opens the server in a browser lands on the reference."""
    response = untouched.get(path, follow_redirects=True)

    assert (200, "/docs/") == (response.status_code, response.url.path)


@pytest.mark.parametrize("path", ["/openapi.yaml", "/openapi.json", "/docs/"])
def test_needs_no_key(untouched: httpx.Client, path: str) -> None:
    """The pages are for everybody, with GET and HEAD."""
    keyless = {"x-publishable-api-key": ""}
    get, head = (untouched.request(method, path, headers=keyless) for method in ("GET", "HEAD"))

    assert (200, 200, b"") == (get.status_code, head.status_code, head.content)
    assert get.headers["Content-Type"] == head.headers["Content-Type"]
