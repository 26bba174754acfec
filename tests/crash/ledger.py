"""The calls that the payment provider recorded."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any, NamedTuple


class Call(NamedTuple):
    """One call of the provider, and the lines of the ledger at which it began and ended."""

    collection_id: str
    attempt: str
    session_id: str
    worker: int
    began: int
    ended: int | None
    """`None` if the worker died first."""


def read_calls(ledger: Path) -> list[Call]:
    """Return all calls, in the order in which they began."""
    calls: dict[int, Call] = {}
    running: defaultdict[tuple[str, int], list[int]] = defaultdict(list)
    for number, line in enumerate(_lines(ledger)):
        event = line.pop("event")
        caller = (line["session_id"], line["worker"])
        if event == "began":
            calls[number] = Call(**line, began=number, ended=None)
            running[caller].append(number)
        else:
            began = running[caller].pop(0)
            calls[began] = calls[began]._replace(ended=number)
    return list(calls.values())


def _lines(ledger: Path) -> Iterator[dict[str, Any]]:
    with ledger.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def overlaps(calls: Iterable[Call]) -> list[tuple[Call, Call]]:
    """Return pairs of calls on one collection that overlap.

    A call whose worker died ended at an unknown time.
    """
    found = []
    by_collection = attrgetter("collection_id")
    for _, group in groupby(sorted(calls, key=by_collection), by_collection):
        last: Call | None = None
        for call in group:
            if last and last.ended and call.began < last.ended:
                found.append((last, call))
            last = max(last or call, call, key=lambda it: it.ended or it.began)
    return found
