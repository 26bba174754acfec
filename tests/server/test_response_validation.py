"""The server holds its own answers to the contract."""

from typing import Any

import pytest
from tests.server.stand_ins import Stage
from tests.server.wire import SESSIONS, SYSTEM, answer, session_of, unknown_error

from xclade_store_mock.providers import ProviderSession

NO_STATUS: Any = 5


@pytest.mark.parametrize(
    "session",
    [
        ProviderSession(data={}, status=NO_STATUS),
        ProviderSession(data={"amount": float("nan")}),
        ProviderSession(data={"amount": object()}),
    ],
    ids=["breaks the schema", "not JSON", "no JSON at all"],
)
def test_answer_that_breaks_the_contract_is_not_sent(
    stage: Stage, session: ProviderSession, caplog: pytest.LogCaptureFixture
) -> None:
    """What a faulty provider makes of a session is a bug, and told as one."""
    stage.provider.play(session)

    response = stage.client.post(SESSIONS, json=SYSTEM)

    assert unknown_error() == answer(response)
    assert "Bug in the mock" in caplog.text


def test_unknown_status_of_a_session_is_answered(stage: Stage) -> None:
    """The vocabulary of statuses is open: a provider may have a new one."""
    stage.provider.play(ProviderSession(data={}, status="brand_new"))

    response = stage.client.post(SESSIONS, json=SYSTEM)

    assert "brand_new" == session_of(response)["status"]
