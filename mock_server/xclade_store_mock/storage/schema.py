"""The statements that use the tables of a store (tables.sql), and what the rows hold.

Carts and payment collections are stored whole, as JSON texts, beside the columns by which they are
found. The tables can share a database with a real backend's.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import resources
from typing import NamedTuple, TypeVar

import msgspec
from ulid_transform import ulid_now

from xclade_store_mock.payments.idempotency import Answer, KeyScope, Record
from xclade_store_mock.payments.model import Cart, PaymentCollection, Settings
from xclade_store_mock.storage import MOST_RECORDS, Row

VERSION = 3
"""The version of the tables; a server refuses a database with tables of another version."""

STORE = "xclade_mock_store"


def create_tables(**types: str) -> tuple[str, ...]:
    """Return the statements of tables.sql, with a database's own names of its types."""
    text = resources.files(__package__).joinpath("tables.sql").read_text("utf-8")
    return tuple(text.format_map(types).split(";"))


PUT_STORE = """
INSERT INTO xclade_mock_store (id, tables_version, revision, settings) VALUES (1, $1, $2, $3)
ON CONFLICT (id) DO UPDATE SET
    tables_version = excluded.tables_version,
    revision = excluded.revision,
    settings = excluded.settings"""
VERSION_OF_TABLES = "SELECT tables_version FROM xclade_mock_store"
TRY_TO_WRITE = "UPDATE xclade_mock_store SET tables_version = tables_version WHERE id = 1"
REVISION = "SELECT revision FROM xclade_mock_store WHERE id = 1"
SETTINGS = "SELECT revision, settings FROM xclade_mock_store WHERE id = 1"
KEEP_SETTINGS = "UPDATE xclade_mock_store SET revision = $1, settings = $2 WHERE id = 1"
EMPTY = (
    "DELETE FROM xclade_mock_carts",
    "DELETE FROM xclade_mock_payment_collections",
    "DELETE FROM xclade_mock_idempotency_records",
)

PUT_CART = """
INSERT INTO xclade_mock_carts (id, cart) VALUES ($1, $2)
ON CONFLICT (id) DO UPDATE SET cart = excluded.cart"""
CART = "SELECT cart FROM xclade_mock_carts WHERE id = $1"
CARTS = "SELECT cart FROM xclade_mock_carts ORDER BY id LIMIT $1 OFFSET $2"
COUNT_CARTS = "SELECT count(*) FROM xclade_mock_carts"

INSERT_COLLECTION = """
INSERT INTO xclade_mock_payment_collections (id, cart_id, revision, collection)
VALUES ($1, $2, $3, $4)"""
COLLECTION = "SELECT collection FROM xclade_mock_payment_collections WHERE id = $1"
COLLECTIONS = """
SELECT collection FROM xclade_mock_payment_collections ORDER BY id LIMIT $1 OFFSET $2"""
COUNT_COLLECTIONS = "SELECT count(*) FROM xclade_mock_payment_collections"
COLLECTION_BY_CART = """
SELECT id, revision, collection FROM xclade_mock_payment_collections WHERE cart_id = $1"""
COLLECTION_ROW = """
SELECT collections.id, collections.revision, collections.collection, carts.cart,
    (SELECT revision FROM xclade_mock_store WHERE id = 1)
FROM xclade_mock_payment_collections AS collections
LEFT JOIN xclade_mock_carts AS carts ON carts.id = collections.cart_id
WHERE collections.id = $1"""
KEEP_COLLECTION = """
UPDATE xclade_mock_payment_collections SET revision = $3, collection = $4
WHERE id = $1 AND revision = $2"""

RECORD = """
SELECT scope, fingerprint, session_id, expires_at, status, body
FROM xclade_mock_idempotency_records WHERE scope = $1"""
OPEN_RECORD = """
INSERT INTO xclade_mock_idempotency_records (scope, fingerprint, session_id, expires_at)
VALUES ($1, $2, $3, $4)
ON CONFLICT (scope) DO UPDATE SET
    number = excluded.number,
    fingerprint = excluded.fingerprint,
    session_id = excluded.session_id,
    expires_at = excluded.expires_at,
    status = NULL,
    body = NULL"""
KEEP_ANSWER = """
UPDATE xclade_mock_idempotency_records SET status = $2, body = $3
WHERE scope = $1 AND status IS NULL"""
DROP_ANSWER = """
UPDATE xclade_mock_idempotency_records SET status = NULL, body = NULL WHERE scope = $1"""
# A request without an answer may still be running although its record has expired: the control API
# can move the clock by a day. But not while ten times as many others began as are kept.
FORGET_RECORDS = f"""
DELETE FROM xclade_mock_idempotency_records
WHERE status IS NOT NULL AND expires_at <= $1
OR status IS NOT NULL
    AND number <= (SELECT max(number) FROM xclade_mock_idempotency_records) - {MOST_RECORDS}
OR number <= (SELECT max(number) FROM xclade_mock_idempotency_records) - {10 * MOST_RECORDS}
"""  # noqa: S608 - nothing in it comes from outside

new_revision = ulid_now
"""Return a text that tells one state of a row from all others."""


class CollectionRow(NamedTuple):
    """A payment collection, its revision, its cart, and the revision of the settings."""

    id: str
    revision: str
    collection: str
    cart: str | None
    settings_revision: str


class CollectionUpdate(NamedTuple):
    """The next revision of a payment collection, and the revision that it replaces."""

    id: str
    revision: str
    next_revision: str
    text: str


Value = TypeVar("Value", Settings, Cart, PaymentCollection)


def write(value: Settings | Cart | PaymentCollection) -> str:
    """Return a value as JSON, without loss.

    Amounts are strings, and what a database cannot store in a text (NUL, lone surrogates) is
    escaped.
    """
    try:
        return msgspec.json.encode(value).decode()
    except UnicodeEncodeError:
        # msgspec cannot encode lone surrogates.
        return json.dumps(msgspec.to_builtins(value), separators=(",", ":"))


def _reader(kind: type[Value]) -> Callable[[str], Value]:
    decode = msgspec.json.Decoder(kind).decode

    def read(text: str) -> Value:
        try:
            return decode(text)
        except msgspec.DecodeError:
            # msgspec cannot decode lone surrogates, even if they are escaped.
            return msgspec.convert(json.loads(text), kind)

    return read


read_settings = _reader(Settings)
read_cart = _reader(Cart)
read_collection = _reader(PaymentCollection)


def collection_values(collection: PaymentCollection) -> Row:
    """Return the values that INSERT_COLLECTION takes."""
    return collection.id, collection.cart_id, new_revision(), write(collection)


def answer_values(record: Record) -> Row:
    """Return the values that KEEP_ANSWER takes."""
    if record.answer is None:
        raise TypeError(f"{record!r} has no answer")
    return record.scope.digest, record.answer.status, record.answer.body


def read_record(scope: KeyScope, row: Row | None) -> Record | None:
    """Return the record of a row that RECORD found."""
    if row is None:
        return None
    _, fingerprint, session_id, expires_at, status, body = row
    answer = None if status is None else Answer(status, body)
    return Record(scope, fingerprint, session_id, datetime.fromtimestamp(expires_at, UTC), answer)
