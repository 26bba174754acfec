"""The server holds its own answers to the contract."""

from typing import Any

import httpx
import pytest
from tests.conftest import KEY, Serve
from tests.server.stand_ins import Stage
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


class Careless:
    """A provider that answers what is no answer."""

    def __init__(self, **fields: Any) -> None:
        self._fields = fields

    async def initiate(self, request: SessionRequest) -> ProviderSession:  # noqa: ARG002 - whatever it is
        """Answer that."""
        return ProviderSession(**self._fields)


@pytest.mark.parametrize(
    "fields",
    [
        {"data": {}, "status": 5},
        {"data": {"amount": float("nan")}},
        {"data": {"amount": object()}},
    ],
    ids=["no status", "not JSON", "no JSON at all"],
)
def test_careless_provider_changes_nothing(
    serve: Serve, fields: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    """What cannot be answered is a bug of the provider's; the earlier session stays."""
    app = {"providers": {"stripe": Careless(**fields)}}
    with httpx.Client(base_url=serve(**app), headers=KEY) as client:
        client.post(SESSIONS, json=SYSTEM).raise_for_status()
        before = read_collection(client)

        response = client.post(SESSIONS, json=STRIPE)

        assert unknown_error() == answer(response)
        assert before == read_collection(client)
    assert "Bug in the mock" in caplog.text


def test_answer_that_breaks_the_contract_is_not_sent(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    """A field of a wrong type in an answer is a bug, and told as one."""
    with httpx.Client(base_url=serve(new_id=lambda _: 5), headers=KEY) as client:
        assert unknown_error() == answer(client.post(SESSIONS, json=SYSTEM))
    assert "ContractViolation" in caplog.text


def test_unknown_status_of_a_session_is_answered(stage: Stage) -> None:
    """The vocabulary of statuses is open: a provider may have a new one."""
    stage.provider.play(ProviderSession(data={}, status="brand_new"))

    response = stage.client.post(SESSIONS, json=SYSTEM)

    assert "brand_new" == session_of(response)["status"]
