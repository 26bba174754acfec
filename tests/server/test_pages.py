"""The pages that the server serves in addition to its operations."""

from pathlib import Path

import httpx
import pytest
import yaml

CONTRACT = Path(__file__).parents[2] / "openapi/store.yaml"


def test_contract_as_yaml(unchanged: httpx.Client) -> None:
    """/openapi.yaml is the contract's file, byte for byte."""
    response = unchanged.get("/openapi.yaml")

    assert "application/yaml" == response.headers["Content-Type"]
    assert CONTRACT.read_bytes() == response.content


def test_contract_as_json(unchanged: httpx.Client) -> None:
    """/openapi.json is the same document."""
    response = unchanged.get("/openapi.json")

    assert "application/json" == response.headers["Content-Type"]
    assert yaml.safe_load(CONTRACT.read_bytes()) == response.json()


def test_reference(unchanged: httpx.Client) -> None:
    """/docs/ is a page for reading about and trying the operations of this server."""
    page = unchanged.get("/docs/")

    assert (200, "text/html; charset=utf-8") == (page.status_code, page.headers["Content-Type"])
    assert "swagger-ui" in page.text
    for part in ("reference.js", "swagger-ui.css", "swagger-ui-bundle.js"):
        assert part in page.text
        assert unchanged.get(f"/docs/{part}").is_success
    assert 404 == unchanged.get("/docs/nowhere").status_code
    assert 405 == unchanged.post("/docs/swagger-ui.css").status_code


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_root_redirects_to_the_reference(unchanged: httpx.Client, path: str) -> None:
    """Opening the server in a browser shows the reference."""
    response = unchanged.get(path, follow_redirects=True)

    assert (200, "/docs/") == (response.status_code, response.url.path)


@pytest.mark.parametrize("path", ["/openapi.yaml", "/openapi.json", "/docs/"])
def test_pages_require_no_key(unchanged: httpx.Client, path: str) -> None:
    """The pages need no key, for GET and HEAD."""
    keyless = {"x-publishable-api-key": ""}
    get, head = (unchanged.request(method, path, headers=keyless) for method in ("GET", "HEAD"))

    assert (200, 200, b"") == (get.status_code, head.status_code, head.content)
    assert get.headers["Content-Type"] == head.headers["Content-Type"]
