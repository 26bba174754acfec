"""The readiness check."""

import httpx
import pytest
from tests.conftest import Serve

from xclade_store_mock.dialects import DIALECTS
from xclade_store_mock.web.dialect import Dialect


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_ready_as_soon_as_it_serves(serve: Serve, dialect: Dialect, method: str) -> None:
    """It returns 200 without a key."""
    response = httpx.request(method, f"{serve(dialect=dialect)}/_mock/ready")

    assert (200, "ready\n" if method == "GET" else "") == (response.status_code, response.text)


def test_only_the_exact_path_is_the_check(serve: Serve) -> None:
    """Similar paths do not exist."""
    assert 404 == httpx.get(f"{serve()}/_mock/ready/").status_code
