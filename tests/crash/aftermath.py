"""What must hold once the clients have stopped and what was killed is back."""

from collections.abc import Sequence
from typing import Any

from tests.crash.ledger import Call, overlaps
from tests.crash.load import Attempt, Load

Sessions = dict[str, Any]
"""The payment sessions of each payment collection."""

DATA = {"attempt", "collection", "session", "worker"}


async def settle(load: Load) -> Sessions:
    """Retry the unanswered attempts, then all attempts; return the sessions afterwards."""
    before = await _read_sessions(load)
    for attempt in load.attempts:
        if attempt.has_key and attempt.body is None:
            await _carry_on(load, attempt, before)
    after = await _read_sessions(load)
    await replay(load)
    if after != await _read_sessions(load):
        load.find("replays changed something")
    return after


async def replay(load: Load) -> None:
    """Retry the answered attempts."""
    for attempt in load.attempts:
        if attempt.has_key and attempt.body is not None:
            load.figures["replays compared"] += 1
            if not await load.make(attempt):
                load.find(f"{attempt} was not replayed")


async def _read_sessions(load: Load) -> Sessions:
    collections = [await load.read(cart_id) for cart_id in load.carts]
    if None in collections:
        load.find("a cart cannot be read any more")
    return {each["id"]: each["payment_sessions"] for each in collections if each}


async def _carry_on(load: Load, attempt: Attempt, before: Sessions) -> None:
    """Retry an attempt; the response must be a replay if the session existed before."""
    replayed = await load.make(attempt)
    if attempt.session is None:
        load.find(f"{attempt} has no answer any more")
    elif attempt.session in before[attempt.collection_id] and not replayed:
        load.find(f"{attempt} had been kept without its answer")
    load.figures["attempts found answered" if replayed else "attempts continued"] += 1


def judge(load: Load, calls: Sequence[Call], sessions: Sessions) -> None:
    """Compare the clients' view with the provider's ledger and with the stored sessions."""
    for attempt in load.attempts:
        _judge_attempt(load, attempt, [call for call in calls if call.attempt == attempt.name])
    for id_, of_collection in sessions.items():
        asked = [call for call in calls if call.collection_id == id_]
        _judge_collection(load, asked, of_collection)


def _judge_attempt(load: Load, attempt: Attempt, calls: Sequence[Call]) -> None:
    """Check that the provider was called for one session, at most once more per failure."""
    session_ids = {call.session_id for call in calls}
    if len(session_ids) > 1 or len(calls) > attempt.failures + 1:
        load.find(f"{attempt} made the calls {calls}")
    if attempt.session is not None and attempt.session["id"] not in session_ids:
        load.find(f"{attempt} was answered without the provider")


def _judge_collection(load: Load, calls: Sequence[Call], sessions: Sequence[Any]) -> None:
    """Check that one session exists: the last answered one, or one that began later."""
    load.findings += [f"{first} overlaps {second}" for first, second in overlaps(calls)]
    answered = {each.session["id"]: each.session for each in load.attempts if each.session}
    asked = [call.session_id for call in calls]
    last = max((index for index, id_ in enumerate(asked) if id_ in answered), default=None)
    if last is None and not sessions:
        return
    if len(sessions) != 1:
        load.find(f"{sessions} are there after {calls}")
        return
    (session,) = sessions
    if session["id"] not in asked[last:]:
        load.find(f"{session} is there after {calls}")
    if session != answered.get(session["id"], session) or session["data"].keys() != DATA:
        load.find(f"{session} is not as it was made")
