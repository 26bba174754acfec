"""Whatever number, time, text or spelling an answer has, it is read whole.

That the client reads all that the contract allows is fuzzed in tests/contract/test_fuzz.py.
"""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.client.strategies import JSON, NUMBERS, OBJECTS, SEEDED, SPELLINGS, TEXT, TIMES
from tests.client.wire import (
    CALLS,
    COLLECTION,
    CREATE,
    INITIALIZE,
    SESSION,
    Answer,
    Desk,
    call_sync,
)
from tests.contract.outcomes import check_outcome

from xclade_store import ErrorAnswer


def having(document: Any, **changed: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Make documents of which some values are changed, or new."""
    changes = st.fixed_dictionaries({}, optional=changed)
    return changes.map(lambda drawn: {**document, **drawn})


SESSIONS = having(
    SESSION,
    id=TEXT,
    amount=NUMBERS,
    data=OBJECTS,
    context=st.none() | OBJECTS,
    authorized_at=st.none() | TIMES,
    raw_amount=st.fixed_dictionaries({"value": NUMBERS.map(str) | TEXT}),
    new=JSON,
)
COLLECTIONS = having(
    COLLECTION,
    amount=NUMBERS,
    captured_amount=st.none() | NUMBERS,
    completed_at=st.none() | TIMES,
    payment_sessions=st.lists(SESSIONS, max_size=2),
    new=JSON,
)


@settings(SEEDED, max_examples=300)
@given(COLLECTIONS, st.sampled_from([CREATE, INITIALIZE]), SPELLINGS)
def test_any_collection_is_read_whole(document: Any, call: tuple[str, ...], spell: Any) -> None:
    """Amounts keep their digits, times their offsets, objects and texts all that they hold."""
    content = spell({"payment_collection": document}).encode()
    result = call_sync(Desk(Answer(200, content)), *call)

    check_outcome(result, 200, content)


@settings(SEEDED, max_examples=200)
@given(
    st.integers(300, 599),
    st.fixed_dictionaries(
        {"type": TEXT, "message": TEXT}, optional={"code": st.none() | TEXT, "new": JSON}
    ),
    st.sampled_from(CALLS),
)
def test_any_error_is_read_whole(status: int, document: Any, call: tuple[str, ...]) -> None:
    """Of any status, documented or not, errors tell what the store told."""
    content = json.dumps(document).encode()
    with pytest.raises(ErrorAnswer) as raised:
        call_sync(Desk(Answer(status, content)), *call)

    check_outcome(raised.value, status, content)
