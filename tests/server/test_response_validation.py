"""The server checks its own responses against the contract."""

from typing import Any

import httpx
import pytest
from tests.conftest import KEY, Serve
from tests.server.providers import Scripted
from tests.server.wire import (
    SESSIONS,
    STRIPE,
    SYSTEM,
    answer,
    read_collection,
    session_of,
    unknown_error,
)

from xclade_store_mock.payments.providers import ProviderSession, SessionRequest


class InvalidProvider:
    """A provider that returns invalid sessions."""

    def __init__(self, **fields: Any) -> None:
        self._fields = fields

    async def initiate(self, request: SessionRequest) -> ProviderSession:  # noqa: ARG002 - the result is fixed
        """Return the invalid session."""
        return ProviderSession(**self._fields)


@pytest.mark.parametrize(
    "fields",
    [{"data": {}, "status": 5}, {"data": {"amount": float("nan")}}, {"data": {"amount": object()}}],
    ids=["no status", "not JSON", "a set"],
)
def test_invalid_provider_changes_nothing(
    serve: Serve, fields: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    """An invalid session is a bug of the provider; the earlier session stays."""
    app = {"providers": {"stripe": InvalidProvider(**fields)}}
    with httpx.Client(base_url=serve(**app), headers=KEY) as client:
        client.post(SESSIONS, json=SYSTEM).raise_for_status()
        before = read_collection(client)

        response = client.post(SESSIONS, json=STRIPE)

        assert unknown_error() == answer(response)
        assert before == read_collection(client)
    assert "Bug in the mock" in caplog.text


def test_invalid_response_is_not_sent(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    """A response with a field of a wrong type is replaced by a 500."""
    with httpx.Client(base_url=serve(new_id=lambda _: 5), headers=KEY) as client:
        assert unknown_error() == answer(client.post(SESSIONS, json=SYSTEM))
    assert "ContractViolation" in caplog.text


def test_unknown_status_of_a_session_is_returned(scripted: Scripted) -> None:
    """The statuses are not an enumeration: a provider may return a new one."""
    scripted.provider.play(ProviderSession(data={}, status="brand_new"))

    response = scripted.client.post(SESSIONS, json=SYSTEM)

    assert "brand_new" == session_of(response)["status"]
