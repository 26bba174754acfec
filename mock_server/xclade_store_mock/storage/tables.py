"""The tables of a store in a database, and what their version is.

Carts and payment collections are kept whole, as JSON texts, beside the columns by which they are
found. The names are such that the tables can stand beside a real backend's.
"""

from sqlalchemy import Column, Float, Integer, LargeBinary, MetaData, String, Table, Text

VERSION = 1
"""The version of these tables; a server refuses a database with another one."""

METADATA = MetaData()

# Sorted as Python sorts; and an index is of use to a join only if both its sides sort alike.
_Id = String().with_variant(String(collation="C"), "postgresql")

STORE = Table(
    "xclade_mock_store",
    METADATA,
    Column("tables_version", Integer, nullable=False),
    Column("revision", String, nullable=False),
    Column("settings", Text, nullable=False),
)

CARTS = Table(
    "xclade_mock_carts",
    METADATA,
    Column("id", _Id, primary_key=True),
    Column("cart", Text, nullable=False),
)

COLLECTIONS = Table(
    "xclade_mock_payment_collections",
    METADATA,
    Column("id", _Id, primary_key=True),
    Column("cart_id", _Id, unique=True),
    Column("revision", String, nullable=False),
    Column("collection", Text, nullable=False),
)

RECORDS = Table(
    "xclade_mock_idempotency_records",
    METADATA,
    Column("scope", String, primary_key=True),
    Column("fingerprint", String, nullable=False),
    Column("session_id", String, nullable=False),
    Column("expires_at", Float, nullable=False, index=True),
    Column("status", Integer),
    Column("body", LargeBinary),
)
