"""Fills a database with any number of rows, quickly."""

import asyncio

from msgspec.structs import replace

from xclade_store_mock.app import utc_now
from xclade_store_mock.payments.idempotency import LIFETIME
from xclade_store_mock.payments.model import PaymentSession
from xclade_store_mock.payments.seed import demo_store
from xclade_store_mock.storage import (
    Connection,
    DatabaseUrl,
    open_database,
    prepare_storage,
    schema,
)

MARK = "NUMBER"
"""Stands for a row's number in the text of a row."""

# Begins an INSERT of one row for each number.
_NUMBERS = """
WITH RECURSIVE numbers (number) AS (
    SELECT CAST(1 AS bigint) UNION ALL SELECT number + 1 FROM numbers WHERE number < $1
)"""
_CARTS = f"""
INSERT INTO xclade_mock_carts (id, cart) {_NUMBERS}
SELECT 'cart_' || number, replace($2, 'NUMBER', CAST(number AS text)) FROM numbers"""  # noqa: S608 - all of it is written here
_COLLECTIONS = f"""
INSERT INTO xclade_mock_payment_collections (id, cart_id, revision, collection) {_NUMBERS}
SELECT 'pay_col_' || number, 'cart_' || number, 'first',
    replace($2, 'NUMBER', CAST(number AS text))
FROM numbers"""  # noqa: S608 - as above
# The scopes are in no order, like digests.
_RECORDS = f"""
INSERT INTO xclade_mock_idempotency_records
    (scope, fingerprint, session_id, expires_at, status, body) {_NUMBERS}
SELECT CAST(number * 618970019 % 1000000007 AS text), '', 'payses_' || number, $2, 200, $3
FROM numbers"""  # noqa: S608 - as above


def fill(url: str, collections: int, new_carts: int) -> None:
    """Store collections, each with a cart, a session and a kept answer, and carts without."""
    now = utc_now()
    store = demo_store(now)
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

    async def insert(connection: Connection) -> None:
        await connection.change(_CARTS, collections + new_carts, schema.write(cart))
        await connection.change(_COLLECTIONS, collections, schema.write(collection))
        expires_at = (now + LIFETIME).timestamp()
        await connection.change(_RECORDS, collections, expires_at, bytes(500))

    async def prepare_and_insert() -> None:
        await prepare_storage(url, store)
        database = open_database(DatabaseUrl.parse(url))
        await database.transact(insert)
        if url.startswith("postgresql:"):
            # The server does so by itself, but then during the measurements.
            await database.run(lambda it: it.change("VACUUM ANALYZE"))
        await database.close()

    asyncio.run(prepare_and_insert())
