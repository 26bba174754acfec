"""Several processes on one database, called by many clients at once: no work is done twice."""

import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from functools import partial
from itertools import cycle

import httpx
import pytest
from tests.crash.fleet import WORKERS, running_fleet
from tests.crash.ledger import overlaps
from tests.crash.shop import CROWD, Shop, open_shop
from tests.databases import POSTGRESQL, SQLITE, new_database
from tests.server.wire import (
    COLLECTIONS,
    KEY_REUSED,
    PROVIDERS,
    STILL_RUNNING,
    answer,
    session_of,
    unknown_error,
)


@pytest.fixture(scope="module", params=[SQLITE, POSTGRESQL])
def shop(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shop]:
    """Serve a database of either kind with two processes."""
    folder = tmp_path_factory.mktemp("fleet")
    with ExitStack() as stack:
        url = f"sqlite:///{folder / 'store.db'}"
        if request.param == POSTGRESQL:
            url = stack.enter_context(new_database(request.getfixturevalue("postgresql_server")))
        fleet = stack.enter_context(running_fleet(folder, url, carts=400))
        fleet.wait()
        yield stack.enter_context(open_shop(fleet))


@pytest.fixture
def key() -> str:
    """Return an unused idempotency key."""
    return uuid.uuid4().hex


def workers(responses: Iterable[httpx.Response]) -> int:
    """Return the number of processes that responded."""
    return len({session_of(response)["data"]["worker"] for response in responses})


def gather_from_all(shop: Shop, *requests: Callable[[], httpx.Response]) -> list[httpx.Response]:
    """Send requests at once, and again if the system gave all of them to one process."""
    responses: list[httpx.Response] = []
    while workers(responses) < WORKERS:
        responses += shop.gather(*requests)
    return responses


def replayed(response: httpx.Response) -> bool:
    """Return whether a response was replayed."""
    return "Idempotent-Replayed" in response.headers


def test_one_key_is_one_session(shop: Shop, key: str) -> None:
    """The provider gets one of fifty equal calls; the others get the same response, or 409."""
    purchase = shop.purchase()

    responses = shop.gather(*[lambda: purchase.initialize(key)] * 50)

    waiting = [answer(each) for each in responses if not each.is_success]
    made = [each for each in responses if each.is_success]
    assert [STILL_RUNNING] * len(waiting) == waiting
    assert 1 == len({each.content for each in made})
    assert 1 == len([each for each in made if not replayed(each)])
    assert 1 == len(purchase.calls)
    assert [session_of(made[0])] == purchase.sessions
    again = purchase.initialize(key)
    assert (made[0].content, True) == (again.content, replayed(again))


def test_calls_on_one_collection_take_turns(shop: Shop) -> None:
    """A hundred calls at once are processed one by one, whichever process gets them."""
    purchase = shop.purchase()

    responses = gather_from_all(shop, *[purchase.initialize] * CROWD)

    made = {session["id"]: session for session in map(session_of, responses)}
    assert len(responses) == len(made) == len(purchase.calls)
    assert [] == overlaps(purchase.calls)
    (remaining,) = purchase.sessions
    assert made[remaining["id"]] == remaining


def test_collections_do_not_mix(shop: Shop) -> None:
    """A hundred calls on as many collections: each gets its own session."""
    purchases = [shop.purchase() for _ in range(CROWD)]

    responses = gather_from_all(shop, *(each.initialize for each in purchases))

    asked = {call.session_id: call.collection_id for call in shop.fleet.calls()}
    for purchase, response in zip(cycle(purchases), responses, strict=False):
        session = session_of(response)
        answered = response.json()["payment_collection"]["id"]
        assert purchase.collection_id == answered == asked[session["id"]]
        assert purchase.collection_id == session["data"]["collection"]
        assert session["id"] == session["data"]["session"]


def test_a_cart_gets_one_collection(shop: Shop) -> None:
    """Fifty calls at once that create a cart's collection all return the same one."""
    cart_id = shop.fleet.new_cart()

    responses = shop.gather(
        *[lambda: shop.client.post(COLLECTIONS, json={"cart_id": cart_id})] * 50
    )

    assert {200} == {each.status_code for each in responses}
    assert 1 == len({each.content for each in responses})


def test_slow_provider_does_not_delay_others(shop: Shop) -> None:
    """While calls in all processes wait for the provider, all serve other collections."""
    others = [shop.purchase() for _ in range(20)]

    slow_ids: set[str] = set()
    while WORKERS > len({call.worker for call in shop.fleet.calls_of(slow_ids)}):
        slow = [shop.purchase() for _ in range(20)]
        shop.send(*(partial(each.initialize, do="wait", until="noon") for each in slow))
        slow_ids |= {each.collection_id for each in slow}
        shop.fleet.wait_for_calls(slow_ids)
    responses = shop.gather(*(each.initialize for each in others))
    listed = shop.client.get(PROVIDERS, params={"region_id": "reg"})
    shop.fleet.wait()
    calls = shop.fleet.calls_of(slow_ids)
    shop.fleet.signal("noon")

    assert {200} == {each.status_code for each in responses}
    assert 200 == listed.status_code
    assert [None] * len(slow_ids) == [call.ended for call in calls]


def test_bug_in_a_provider_is_retried_under_the_same_id(shop: Shop, key: str) -> None:
    """An exception leaves the earlier session; the retry has the same session id."""
    purchase = shop.purchase()
    earlier = session_of(purchase.initialize())

    bug = purchase.initialize(key, do="fail once")
    between = purchase.sessions
    retry = purchase.initialize(key, do="fail once")

    assert unknown_error() == answer(bug)
    assert [earlier] == between
    assert [session_of(retry)] == purchase.sessions
    assert [session_of(retry)["id"]] * 2 == [call.session_id for call in purchase.calls[1:]]


def test_call_of_a_killed_process_is_retried_under_the_same_id(shop: Shop, key: str) -> None:
    """When a process dies, the earlier session stays, and any other process can retry."""
    purchase = shop.purchase()
    earlier = session_of(purchase.initialize())

    with pytest.raises(httpx.TransportError):
        purchase.initialize(key, do="die once")
    between = purchase.sessions
    retry = purchase.initialize(key, do="die once")
    again = purchase.initialize(key, do="die once")
    shop.fleet.wait()

    dead, alive = purchase.calls[1:]
    assert [earlier] == between
    assert [session_of(retry)] == purchase.sessions
    assert dead.session_id == alive.session_id == session_of(retry)["id"]
    assert (None, True) == (dead.ended, dead.worker != alive.worker)
    assert (retry.content, True) == (again.content, replayed(again))


def test_key_is_reserved_while_its_request_runs(shop: Shop, key: str) -> None:
    """All processes return 409 to equal requests, and 422 to other ones with the same key."""
    purchase = shop.purchase()
    twin = partial(purchase.initialize, key, do="wait", until="evening")
    other = partial(purchase.initialize, key, do="something else")

    (first,) = shop.send(twin)
    shop.fleet.wait_for_calls({purchase.collection_id})
    during = shop.gather(*[twin, other] * 20)
    shop.fleet.signal("evening")
    made = first.result()
    after = shop.gather(*[twin, other] * 20)

    assert [STILL_RUNNING, KEY_REUSED] * 20 == [answer(each) for each in during]
    assert [answer(made), KEY_REUSED] * 20 == [answer(each) for each in after]
    assert {made.content} == {each.content for each in after[::2]}
    assert [session_of(made)] == purchase.sessions
    assert 1 == len(purchase.calls)
