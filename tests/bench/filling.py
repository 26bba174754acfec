"""Fills a database with as much as one likes, quickly."""

import asyncio

from msgspec.structs import replace
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Insert,
    LargeBinary,
    String,
    cast,
    create_engine,
    func,
    insert,
    literal,
    select,
    text,
)
from tests.databases import POSTGRESQL

from xclade_store_mock.app import utc_now
from xclade_store_mock.payments.idempotency import LIFETIME
from xclade_store_mock.payments.model import Cart, PaymentCollection, PaymentSession
from xclade_store_mock.payments.seed import demo_store
from xclade_store_mock.storage import texts
from xclade_store_mock.storage.opening import prepare_storage
from xclade_store_mock.storage.tables import CARTS, COLLECTIONS, RECORDS

MARK = "NUMBER"
"""Stands for a row's number."""


def fill(url: str, collections: int, new_carts: int) -> None:
    """Store collections, each with a cart, a session and a kept answer, and carts without."""
    now = utc_now()
    store = demo_store(now)
    asyncio.run(prepare_storage(url, store))
    cart = replace(store.carts["cart_demo"], id=f"cart_{MARK}")
    session = PaymentSession(
        id=f"payses_{MARK}",
        amount=cart.total,
        currency_code=cart.currency_code,
        provider_id="pp_system_default",
        data={},
        created_at=now,
        updated_at=now,
    )
    collection = replace(
        store.payment_collections["pay_col_demo"],
        id=f"pay_col_{MARK}",
        cart_id=cart.id,
        sessions=(session,),
    )
    driver = url.replace("postgresql:", "postgresql+psycopg:")
    engine = create_engine(driver, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(_carts(cart, collections + new_carts))
        connection.execute(_collections(collection, collections))
        connection.execute(_records((now + LIFETIME).timestamp(), collections))
        if engine.dialect.name == POSTGRESQL:
            # It does so by itself, but then amidst the measurements.
            connection.execute(text("VACUUM ANALYZE"))
    engine.dispose()


def _carts(cart: Cart, rows: int) -> Insert:
    number = _numbers(rows)
    return insert(CARTS).from_select(
        ["id", "cart"],
        select(literal("cart_") + _text(number), _numbered(texts.write(cart), number)),
    )


def _collections(collection: PaymentCollection, rows: int) -> Insert:
    number = _numbers(rows)
    return insert(COLLECTIONS).from_select(
        ["id", "cart_id", "revision", "collection"],
        select(
            literal("pay_col_") + _text(number),
            literal("cart_") + _text(number),
            literal("first"),
            _numbered(texts.write(collection), number),
        ),
    )


def _records(expires_at: float, rows: int) -> Insert:
    number = _numbers(rows)
    return insert(RECORDS).from_select(
        ["scope", "fingerprint", "session_id", "expires_at", "status", "body"],
        select(
            # In no order, as digests are.
            _text(number * 618970019 % 1000000007),
            literal(""),
            literal("payses_") + _text(number),
            literal(expires_at),
            literal(200),
            literal(bytes(500), LargeBinary),
        ),
    )


def _numbers(rows: int) -> ColumnElement[int]:
    numbers = select(cast(1, BigInteger).label("number")).cte("numbers", recursive=True)
    number = numbers.c.number
    numbers = numbers.union_all(select(number + 1).where(number < rows))
    return numbers.c.number


def _text(number: ColumnElement[int]) -> ColumnElement[str]:
    return cast(number, String)


def _numbered(template: str, number: ColumnElement[int]) -> ColumnElement[str]:
    return func.replace(template, MARK, _text(number))
