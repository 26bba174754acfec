-- The tables of a store. A database has its own names for the types in braces. The type of ids sorts
-- by code point (both sides of a join need the same collation to use an index), and the counter
-- numbers rows in the order in which they are inserted.

-- One row. By its key it is found without a scan, even where scans are discouraged.
CREATE TABLE xclade_mock_store (
  id integer PRIMARY KEY CHECK (id = 1),
  tables_version integer NOT NULL,
  revision text NOT NULL,
  settings text NOT NULL
);

CREATE TABLE xclade_mock_carts (
  id {id} NOT NULL PRIMARY KEY,
  cart text NOT NULL
);

CREATE TABLE xclade_mock_payment_collections (
  id {id} NOT NULL PRIMARY KEY,
  cart_id {id} UNIQUE,
  revision text NOT NULL,
  collection text NOT NULL
);

CREATE TABLE xclade_mock_idempotency_records (
  number {counter},
  scope text NOT NULL UNIQUE,
  fingerprint text NOT NULL,
  session_id text NOT NULL,
  expires_at {real} NOT NULL,
  status integer,
  body {binary}
);

CREATE INDEX xclade_mock_idempotency_records_expires_at
ON xclade_mock_idempotency_records (expires_at)
