"""How a user's code looks to type checkers: all of it is right."""

import datetime as dt
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from decimal import Decimal
from typing import Any, assert_type

import attrs
import httpx
import httpx2

from xclade_store import (
    AsyncStoreClient,
    Conflict,
    ErrorAnswer,
    FieldNotAnswered,
    JsonObject,
    Retries,
    ShapeError,
    StoreClient,
    StoreError,
    StorePayment,
    StorePaymentCollection,
    StorePaymentCollectionSelection,
    StorePaymentProvider,
    StorePaymentProviderListResponse,
    StorePaymentSession,
    StorePaymentSessionSelection,
)
from xclade_store.testing import make_payment_collection


def pay(store: StoreClient, cart_id: str) -> str:
    """Go the whole way of a checkout."""
    collection = store.create_payment_collection(cart_id)
    assert_type(collection, StorePaymentCollection)
    collection = store.initialize_payment_session(
        collection.id, provider_id="pp_stripe_stripe", data={"capture_method": "automatic"}
    )
    assert_type(collection, StorePaymentCollection)
    session = collection.payment_sessions[0]
    assert_type(session, StorePaymentSession)
    assert_type(session.data["client_secret"], Any)
    secret: str = session.data["client_secret"]
    assert_type(collection.idempotency_key, str | None)
    return secret


def read(collection: StorePaymentCollection) -> Decimal:
    """Read fields of each kind."""
    assert_type(collection.amount, Decimal)
    assert_type(collection.captured_amount, Decimal | None)
    assert_type(collection.status, str)
    assert_type(collection.completed_at, dt.datetime | None)
    assert_type(collection.created_at, dt.datetime)
    assert_type(collection.to_dict(), dict[str, Any])
    assert_type(collection.additional_properties, JsonObject)
    session = collection.payment_sessions[0]
    context: Mapping[str, Any] | None = session.context
    keys = sorted(session.data) + sorted(context or {})
    tax = (collection.amount * Decimal("0.19")).quantize(Decimal("0.01"))
    total = sum((each.amount for each in collection.payment_sessions), start=Decimal(0))
    return tax + total + len(keys)


def construct(amount: Decimal) -> StorePaymentCollection:
    """Make results by hand, and changed copies of them."""
    session = StorePaymentSession(
        id="payses_1",
        amount=amount,
        currency_code="eur",
        provider_id="pp_stripe_stripe",
        data={"client_secret": "pi_1_secret"},
        status="pending",
        context=None,
    )
    collection = StorePaymentCollection(
        id="pay_col_1", currency_code="eur", amount=amount, payment_sessions=[session], metadata={}
    )
    assert_type(collection.payment_sessions, tuple[StorePaymentSession, ...])
    changed = attrs.evolve(collection, amount=Decimal("10.50"), status="authorized")
    assert_type(changed, StorePaymentCollection)
    names = [field.name for field in attrs.fields(StorePaymentCollection)]
    by_name: dict[str, Any] = attrs.asdict(changed)
    assert names == list(by_name)
    assert {collection, changed}
    match collection:
        case StorePaymentCollection(id=found, payment_sessions=[StorePaymentSession(amount=first)]):
            assert_type(found, str)
            assert_type(first, Decimal)
        case _:
            pass
    try:
        return StorePaymentCollection.from_dict(json.loads("{}", parse_float=Decimal))
    except ShapeError as error:
        assert_type(error.faults, tuple[str, ...])
        return make_payment_collection(amount=amount, session={"status": "authorized"})


def pay_again(store: StoreClient, session: StorePaymentSession) -> str:
    """Pass a session's data to json.dumps, and on to the next call."""
    assert_type(session.payment, StorePayment | None)
    data: JsonObject = session.data
    store.initialize_payment_session("pay_col_demo", "pp_stripe_stripe", data=data)
    return json.dumps(data)


def select(store: StoreClient, fields: str) -> StorePaymentCollectionSelection:
    """Ask for some fields only."""
    created = store.create_payment_collection("cart_demo", fields="id,amount")
    assert_type(created, StorePaymentCollectionSelection)
    initialized = store.initialize_payment_session(
        created.id, "pp_system_default", fields=fields, idempotency_key="checkout-1", timeout=3
    )
    assert_type(initialized, StorePaymentCollectionSelection)
    assert_type(initialized.payment_sessions, tuple[StorePaymentSessionSelection, ...])
    return initialized


def providers(store: StoreClient) -> list[str]:
    """List providers by page and one by one."""
    page = store.list_payment_providers("reg_demo", limit=5, offset=5, fields="id")
    assert_type(page, StorePaymentProviderListResponse)
    assert_type(page.count, int)
    each = store.iter_payment_providers("reg_demo", page_size=50, timeout=httpx.Timeout(3))
    assert_type(each, Iterator[StorePaymentProvider])
    return [provider.id for provider in (*page.payment_providers, *each) if provider.is_enabled]


def careful(store: StoreClient) -> str | None:
    """Handle what can go wrong."""
    try:
        return store.initialize_payment_session("pay_col_demo", "pp_system_default").status
    except FieldNotAnswered as missing:
        return missing.field
    except Conflict as error:
        assert_type(error.retryable, bool)
        return error.type
    except ErrorAnswer as error:
        assert_type(error.body, bytes | None)
        return error.code or error.message
    except StoreError as error:
        assert_type(error.status, int | None)
        return error.idempotency_key or error.request_id


def make(token: str) -> StoreClient:
    """Make clients in every way."""
    with StoreClient(tenant="acme", publishable_key="pk_x", retries=3) as store:
        assert_type(store, StoreClient)
        assert_type(store.as_customer(token), StoreClient)
    StoreClient(tenant="acme", publishable_key="pk_x", http_client=httpx2.Client(), deadline=5)
    AsyncStoreClient(tenant="acme", publishable_key="pk_x", http_client=httpx2.AsyncClient())
    return StoreClient(
        "https://store.test",
        publishable_key="pk_x",
        customer_token=token,
        timeout=10,
        retries=Retries(count=5),
        http_client=httpx.Client(),
    )


async def pay_async(cart_id: str) -> Decimal:
    """Do the same in async code."""
    async with AsyncStoreClient(
        "https://store.test", publishable_key="pk_x", http_client=httpx.AsyncClient()
    ) as store:
        assert_type(store, AsyncStoreClient)
        collection = await store.create_payment_collection(cart_id)
        assert_type(collection, StorePaymentCollection)
        selection = await store.create_payment_collection(cart_id, fields="id")
        assert_type(selection, StorePaymentCollectionSelection)
        page = await store.list_payment_providers("reg_demo")
        assert_type(page, StorePaymentProviderListResponse)
        each = store.iter_payment_providers("reg_demo")
        assert_type(each, AsyncIterator[StorePaymentProvider])
        names = [provider.id async for provider in each]
        initialized = await store.initialize_payment_session(collection.id, provider_id=names[0])
        assert_type(initialized, StorePaymentCollection)
        assert_type(initialized.payment_sessions[0].data["client_secret"], Any)
        return initialized.payment_sessions[0].amount + Decimal("0.1")
