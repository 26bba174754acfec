"""What tells that the mock serves."""

import httpx
import pytest
from tests.conftest import Serve

from xclade_store_mock.web.dialect import Dialect


@pytest.mark.parametrize("dialect", Dialect)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_ready_as_soon_as_it_serves(serve: Serve, dialect: Dialect, method: str) -> None:
    """Whoever asks is answered 200, without a key."""
    response = httpx.request(method, f"{serve(dialect=dialect)}/_mock/ready")

    assert (200, "ready\n" if method == "GET" else "") == (response.status_code, response.text)


def test_only_that_path_is_readiness(serve: Serve) -> None:
    """What is beside it is answered as ever."""
    assert 404 == httpx.get(f"{serve()}/_mock/ready/").status_code
