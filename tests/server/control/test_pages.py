"""The control API's own pages."""

from pathlib import Path

import httpx
import yaml
from tests.conftest import Serve
from tests.server.control.served import Served

from xclade_store_mock.control.access import Access

CONTRACT = yaml.safe_load((Path(__file__).parents[3] / "openapi/control.yaml").read_bytes())


def test_list_has_every_operation(mock: Served) -> None:
    """Each operation has a line with its method, path and summary."""
    page = httpx.get(f"{mock.url}/_mock/")

    assert "text/plain; charset=utf-8" == page.headers["content-type"]
    first, _, *lines = page.text.splitlines()
    assert "The control API. Its reference is at /_mock/docs/" == first
    assert [
        [method.upper(), f"/_mock{path}", operation["summary"]]
        for path, item in CONTRACT["paths"].items()
        for method, operation in item.items()
    ] == [line.split(maxsplit=2) for line in lines]


def test_pages_need_no_token(serve: Serve) -> None:
    """A browser can open the pages before anybody enters the token; the API itself is guarded."""
    with httpx.Client(base_url=f"{serve(control=Access('t0ken'))}/_mock") as client:
        pages = ["/", "/docs/", "/docs/swagger-ui.css", "/openapi.yaml", "/openapi.json"]
        assert [200] * len(pages) == [client.get(path).status_code for path in pages]
        assert [404, 401, 401] == [
            client.get("/docs/nowhere").status_code,
            client.post("/docs/").status_code,
            client.get("/state").status_code,
        ]


def test_contract_is_complete(mock: Served) -> None:
    """The contract is the file, also as JSON, which the reference shows."""
    page = httpx.get(f"{mock.url}/_mock/openapi.yaml")

    assert "application/yaml" == page.headers["content-type"]
    assert CONTRACT == yaml.safe_load(page.text)
    servers = [{"url": "/_mock"}]
    assert {**CONTRACT, "servers": servers} == httpx.get(f"{mock.url}/_mock/openapi.json").json()
