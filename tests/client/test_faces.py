"""StoreClient and AsyncStoreClient have the same interface and behaviour."""

import inspect
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import Any, NamedTuple

import httpx
import pytest
from tests.client.wire import (
    CREATE,
    INITIALIZE,
    LIST,
    PROVIDERS,
    Answer,
    Call,
    Desk,
    FakeTime,
    Reply,
    call_async,
    call_sync,
    collection,
    ok,
    open_store,
    refusal,
)

from xclade_store import AsyncStoreClient, StoreClient, StoreError
from xclade_store_mock.contract import load_contract

KEY = {"idempotency_key": "checkout-1"}
BEYOND_THE_CONTRACT = {"as_customer", "close", "iter_payment_providers"}


def page(offset: int, *ids: str, count: int) -> Answer:
    """Return a page of providers."""
    providers = [{"id": each, "is_enabled": True} for each in ids]
    return ok({"payment_providers": providers, "count": count, "offset": offset, "limit": len(ids)})


class Scenario(NamedTuple):
    """A call, the replies of the store, and the call's options."""

    call: tuple[Any, ...]
    replies: tuple[Reply, ...]
    more: Mapping[str, Any] = {}


ITERATE = ("iter_payment_providers", "reg_demo")
UNAVAILABLE = refusal(503, "unknown_error")
SCENARIOS = {
    "list": Scenario(LIST, (ok(PROVIDERS),)),
    "list a page": Scenario(LIST, (ok(PROVIDERS),), {"limit": 1, "offset": 2, "fields": "id"}),
    "create": Scenario(CREATE, (collection(),)),
    "create, selected": Scenario(CREATE, (collection(),), {"fields": "id"}),
    "initialize": Scenario(INITIALIZE, (collection(),), KEY),
    "initialize with all": Scenario(
        (*INITIALIZE, {"a": [1]}),
        (collection(status="not_paid"),),
        {**KEY, "fields": "+status", "timeout": 3},
    ),
    "iterate": Scenario(
        ITERATE, (page(0, "a", "b", count=3), page(2, "c", count=3)), {"page_size": 2}
    ),
    "iterate over nothing": Scenario(ITERATE, (page(0, count=0),)),
    "iterate into an error": Scenario(
        ITERATE, (page(0, "a", count=2), refusal(500, "unknown_error")), {"page_size": 1}
    ),
    "retried": Scenario(INITIALIZE, (httpx.ReadError("reset"), UNAVAILABLE, collection()), KEY),
    "retried without success": Scenario(INITIALIZE, (UNAVAILABLE,), KEY),
    "timed out": Scenario(INITIALIZE, (httpx.ReadTimeout("slow"),), KEY),
    "refused": Scenario(INITIALIZE, (refusal(422, "payment_authorization_error", code="c"),), KEY),
    "unauthorized": Scenario(CREATE, (Answer(401, b"Unauthorized"),)),
    "broken": Scenario(CREATE, (Answer(200, b"{"),)),
    "coded": Scenario(CREATE, (Answer(200, b"{}", {"content-encoding": "gzip"}),)),
    "bad id": Scenario((CREATE[0], ".."), (collection(),)),
    "bad type": Scenario((CREATE[0], 5), (collection(),)),
    "bad key": Scenario(INITIALIZE, (collection(),), {"idempotency_key": "a\n"}),
    "bad data": Scenario((*INITIALIZE, {"a": {1}}), (collection(),)),
}


def outcome(call: Call, scenario: Scenario) -> tuple[Any, ...]:
    """Return what a scenario sends, sleeps, returns and raises."""
    time = FakeTime()
    desk = Desk(*scenario.replies)
    result: Any = None
    error: Exception | None = None
    try:
        options = {"retries": time.retries()}
        result = call(desk, *scenario.call, options=options, **scenario.more)
    except (StoreError, TypeError, ValueError) as raised:
        error = raised
    sent = [
        (each.method, each.url, each.content, each.headers.raw, each.extensions["timeout"])
        for each in desk.requests
    ]
    return sent, time.pauses, result, type(error), str(error), vars(error) if error else {}


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_both_do_the_same(scenario: Scenario) -> None:
    """They send, wait, return and raise the same."""
    assert outcome(call_sync, scenario) == outcome(call_async, scenario)


def public(face: type) -> dict[str, Callable[..., Any]]:
    """Return the public methods of a client."""
    return {
        name: member
        for name, member in inspect.getmembers(face, inspect.isfunction)
        if not name.startswith("_")
    }


def test_both_look_the_same() -> None:
    """Names, parameters, defaults, annotations and docstrings are the same."""
    sync, asynchronous = public(StoreClient), public(AsyncStoreClient)

    assert list(sync) == list(asynchronous)
    for name, method in {"__init__": StoreClient.__init__, **sync}.items():
        twin = getattr(AsyncStoreClient, name)
        assert (
            inspect.signature(method, eval_str=True).parameters
            == inspect.signature(twin, eval_str=True).parameters
        )
        assert inspect.getdoc(method) == inspect.getdoc(twin)


def test_both_answer_the_same() -> None:
    """What one returns, the other one returns when awaited or iterated over."""
    for name, method in public(StoreClient).items():
        twin = getattr(AsyncStoreClient, name)
        expected = inspect.signature(method, eval_str=True).return_annotation
        actual = inspect.signature(twin, eval_str=True).return_annotation
        if name.startswith("iter_"):
            assert inspect.isasyncgenfunction(twin)
            assert (Iterator, AsyncIterator) == (expected.__origin__, actual.__origin__)
            assert expected.__args__ == actual.__args__
        elif name == "as_customer":
            assert method is twin
        else:
            assert inspect.iscoroutinefunction(twin)
            assert expected == actual


@pytest.mark.parametrize("face", [StoreClient, AsyncStoreClient])
def test_each_operation_has_its_method(face: type) -> None:
    """The contract's operations are the methods, and there are no others but the known ones."""
    assert load_contract("store.yaml").operations.keys() == set(public(face)) - BEYOND_THE_CONTRACT


@pytest.mark.parametrize("call", [call_sync, call_async])
@pytest.mark.parametrize(
    ("replies", "found", "offsets"),
    [
        ((page(0, "a", "b", count=2),), "ab", "0"),
        (
            (page(0, "a", "b", count=5), page(2, "c", "d", count=5), page(4, "e", count=5)),
            "abcde",
            "024",
        ),
        ((page(0, "a", "b", count=4), page(2, "c", "d", count=4)), "abcd", "02"),
        ((page(0, count=0),), "", "0"),
        # A store that has fewer than it said, or a page that is shorter than asked for.
        ((page(0, "a", count=9), page(1, count=9)), "a", "01"),
        ((page(0, "a", count=3), page(1, "b", "c", count=3)), "abc", "01"),
        # A store whose order changes in between.
        ((page(0, "a", "b", count=4), page(2, "b", "c", count=4)), "abc", "02"),
    ],
)
def test_all_pages_are_walked(
    call: Call, replies: tuple[Answer, ...], found: str, offsets: str
) -> None:
    """iter_payment_providers yields each provider once, and requests no page too many."""
    desk = Desk(*replies)
    result = call(desk, "iter_payment_providers", "reg_demo", page_size=2)

    assert list(found) == [provider.id for provider in result]
    assert list(offsets) == [request.url.params["offset"] for request in desk.requests]
    assert {"2"} == {request.url.params["limit"] for request in desk.requests}


def test_pages_are_asked_for_when_they_are_needed() -> None:
    """Nothing is requested before the first provider, and one page for it."""
    desk = Desk(page(0, "a", "b", count=4))
    with open_store(desk) as store:
        providers = store.iter_payment_providers("reg_demo")
        before = len(desk.requests)
        first = next(providers)

    assert (0, "a", 1) == (before, first.id, len(desk.requests))
