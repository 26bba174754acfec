"""Whatever the contract allows is read without loss."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openapi_schema_validator import OAS30Validator
from tests.client.contract_strategies import (
    CONTRACT,
    SEEDED,
    SPELLINGS,
    conforming,
    response_schema,
)
from tests.client.wire import (
    CREATE,
    INITIALIZE,
    LIST,
    Answer,
    Desk,
    call_sync,
)

from xclade_store import ErrorAnswer, StorePaymentCollection

CALLS = (LIST, CREATE, INITIALIZE)


def whole(document: Any) -> Any:
    """Write JSON so that 1 and 1.0 and True differ, and the order of keys does not."""
    return json.dumps(document, sort_keys=True)


@pytest.mark.parametrize(("method", "arguments"), CALLS)
def test_the_strategies_keep_the_contract(method: str, arguments: tuple[str, ...]) -> None:
    """What is generated below is valid by a validator that others wrote."""
    assert arguments
    schema = {**response_schema(method, 200), "components": CONTRACT["components"]}
    validator = OAS30Validator(schema)

    @settings(SEEDED, max_examples=25)
    @given(conforming(response_schema(method, 200)))
    def check(document: Any) -> None:
        validator.validate(document)

    check()


@settings(SEEDED, max_examples=150)
@given(
    conforming({"$ref": "#/components/schemas/StorePaymentCollection"}),
    st.sampled_from([CREATE, INITIALIZE]),
    SPELLINGS,
)
def test_any_collection_is_read_whole(
    document: Any, call: tuple[str, tuple[str, ...]], spell: Any
) -> None:
    """Collections of the contract's shape become models, and to_dict() is what came."""
    answer = Answer(200, spell({"payment_collection": document}).encode())
    result = call_sync(Desk(answer), call[0], *call[1])

    assert isinstance(result, StorePaymentCollection)
    assert whole(document) == whole(result.to_dict())
    assert [each["id"] for each in document["payment_sessions"]] == [
        session.id for session in result.payment_sessions
    ]


@settings(SEEDED, max_examples=100)
@given(
    conforming({"$ref": "#/components/schemas/StorePaymentCollectionSelection"}),
    st.sampled_from([CREATE, INITIALIZE]),
)
def test_any_selection_is_read_whole(document: Any, call: tuple[str, tuple[str, ...]]) -> None:
    """So do selections, of which each field is there or is told to be missing."""
    answer = Answer(200, json.dumps({"payment_collection": document}).encode())
    result = call_sync(Desk(answer), call[0], *call[1], fields="id")

    assert whole(document) == whole(result.to_dict())
    for name in ("amount", "status", "payment_sessions", "payments", "metadata", "completed_at"):
        assert (name in document) == hasattr(result, name)


@settings(SEEDED, max_examples=100)
@given(conforming({"$ref": "#/components/schemas/StorePaymentProviderListResponse"}))
def test_any_page_is_read_whole(document: Any) -> None:
    """Pages of providers become models, too."""
    answer = Answer(200, json.dumps(document).encode())
    result = call_sync(Desk(answer), LIST[0], *LIST[1])

    assert whole(document) == whole(result.to_dict())
    assert (document["count"], len(document["payment_providers"])) == (
        result.count,
        len(result.payment_providers),
    )


@settings(SEEDED, max_examples=200)
@given(
    st.integers(300, 599),
    conforming({"$ref": "#/components/schemas/Error"}),
    st.sampled_from(CALLS),
)
def test_any_error_is_read_whole(
    status: int, document: Any, call: tuple[str, tuple[str, ...]]
) -> None:
    """Errors of the contract's shape become error answers that tell the same."""
    answer = Answer(status, json.dumps(document).encode())
    with pytest.raises(ErrorAnswer) as raised:
        call_sync(Desk(answer), call[0], *call[1])

    assert (status, document["type"], document["message"], document.get("code")) == (
        raised.value.status,
        raised.value.type,
        raised.value.message,
        raised.value.code,
    )
