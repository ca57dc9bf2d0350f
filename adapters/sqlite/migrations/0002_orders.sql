-- oldest: 2
-- Ids are the 16 bytes of a UUIDv7, times microseconds, amounts minor units of
-- the row's currency. What the checks and unique indexes forbid is forbidden to
-- every program: they are the last line of defence and are never dropped.

CREATE TABLE carts (
  id          BLOB PRIMARY KEY,
  customer_id BLOB,
  token       BLOB NOT NULL,
  status      TEXT NOT NULL,
  order_id    BLOB,
  currency    TEXT NOT NULL,
  lines       TEXT NOT NULL,
  coupons     TEXT NOT NULL,
  version     INTEGER NOT NULL,
  expires_at  INTEGER,
  created_at  INTEGER,
  updated_at  INTEGER
) STRICT;
CREATE INDEX carts_expiring ON carts (expires_at) WHERE status = 'open';

CREATE TABLE stock (
  sku      TEXT NOT NULL COLLATE NOCASE,
  location TEXT NOT NULL,
  on_hand  INTEGER NOT NULL,
  reserved INTEGER NOT NULL,
  version  INTEGER NOT NULL,
  PRIMARY KEY (sku, location),
  CHECK (0 <= reserved AND reserved <= on_hand)
) STRICT, WITHOUT ROWID;

-- One row an order; lines are [{sku, location, quantity}], merged.
CREATE TABLE reservations (
  order_id   BLOB PRIMARY KEY,
  state      TEXT NOT NULL CHECK (state IN ('active', 'consumed', 'released')),
  lines      TEXT NOT NULL,
  expires_at INTEGER,
  created_at INTEGER,
  settled_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX reservations_expiring ON reservations (expires_at) WHERE state = 'active';

CREATE TABLE movements (
  sku       TEXT NOT NULL COLLATE NOCASE,
  id        BLOB NOT NULL,
  location  TEXT NOT NULL,
  delta     INTEGER NOT NULL CHECK (delta <> 0),
  on_hand   INTEGER NOT NULL,
  reason    TEXT NOT NULL,
  note      TEXT NOT NULL,
  reference TEXT NOT NULL,
  made_by   TEXT NOT NULL,
  is_unique INTEGER NOT NULL,
  at        INTEGER,
  PRIMARY KEY (sku, id)
) STRICT, WITHOUT ROWID;
-- Sales are many, and nobody asks whether one is there.
CREATE INDEX movements_by_reference ON movements (sku, reason, reference) WHERE reason <> 'sale';

CREATE TABLE orders (
  id           BLOB PRIMARY KEY,
  number       TEXT NOT NULL UNIQUE,
  cart_id      BLOB NOT NULL,
  customer_id  BLOB,
  email        TEXT NOT NULL,
  status       TEXT NOT NULL,
  confirmed_at INTEGER,
  currency     TEXT NOT NULL,
  subtotal     INTEGER NOT NULL,
  discount     INTEGER NOT NULL,
  shipping     INTEGER NOT NULL,
  tax          INTEGER NOT NULL,
  tax_included INTEGER NOT NULL,
  total        INTEGER NOT NULL CHECK (total >= 0),
  snapshot     TEXT NOT NULL, -- discounts, tax lines, addresses, shipping method
  history      TEXT NOT NULL, -- shipments, refunds, returns, timeline
  test         INTEGER NOT NULL,
  version      INTEGER NOT NULL,
  created_at   INTEGER NOT NULL,
  updated_at   INTEGER,
  CHECK (total = subtotal - discount + shipping + iif(tax_included, 0, tax))
) STRICT;
-- One live order of a cart.
CREATE UNIQUE INDEX orders_live ON orders (cart_id)
  WHERE status <> 'payment_failed' AND (status <> 'canceled' OR confirmed_at IS NOT NULL);
CREATE INDEX orders_of_customer ON orders (customer_id, id) WHERE customer_id IS NOT NULL;
CREATE INDEX orders_by_email ON orders (email, id);

CREATE TABLE order_lines (
  order_id     BLOB NOT NULL REFERENCES orders (id),
  position     INTEGER NOT NULL,
  sku          TEXT NOT NULL COLLATE NOCASE,
  product_id   BLOB,
  product_slug TEXT NOT NULL,
  name         TEXT NOT NULL,
  options      TEXT,
  image        TEXT,
  quantity     INTEGER NOT NULL CHECK (quantity > 0),
  unit_price   INTEGER NOT NULL,
  subtotal     INTEGER NOT NULL,
  discount     INTEGER NOT NULL,
  tax          INTEGER NOT NULL,
  total        INTEGER NOT NULL,
  shipped      INTEGER NOT NULL CHECK (shipped BETWEEN 0 AND quantity),
  returned     INTEGER NOT NULL CHECK (returned BETWEEN 0 AND quantity),
  PRIMARY KEY (order_id, position),
  CHECK (subtotal = unit_price * quantity)
) STRICT, WITHOUT ROWID;

CREATE TABLE payments (
  id            BLOB PRIMARY KEY,
  order_id      BLOB NOT NULL REFERENCES orders (id),
  provider      TEXT NOT NULL,
  reference     TEXT NOT NULL,
  status        TEXT NOT NULL,
  currency      TEXT NOT NULL,
  amount        INTEGER NOT NULL,
  captured      INTEGER NOT NULL,
  refunded      INTEGER NOT NULL,
  decline_code  TEXT NOT NULL,
  retryable     INTEGER NOT NULL,
  next_action   TEXT,
  next_check_at INTEGER,
  checks        INTEGER NOT NULL,
  version       INTEGER NOT NULL,
  created_at    INTEGER,
  updated_at    INTEGER,
  CHECK (0 <= refunded AND refunded <= captured AND captured <= amount)
) STRICT, WITHOUT ROWID;
CREATE INDEX payments_of_order ON payments (order_id);
CREATE UNIQUE INDEX payments_by_reference ON payments (provider, reference) WHERE reference <> '';
CREATE INDEX payments_to_check ON payments (next_check_at) WHERE next_check_at IS NOT NULL;

-- A key is finished when it has an outcome or an answer (status).
CREATE TABLE idempotency_keys (
  owner        TEXT NOT NULL,
  operation    TEXT NOT NULL,
  key          TEXT NOT NULL,
  fingerprint  BLOB NOT NULL,
  locked_until INTEGER NOT NULL,
  order_id     BLOB,
  outcome      BLOB,
  status       INTEGER,
  header       TEXT,
  body         BLOB,
  created_at   INTEGER NOT NULL,
  PRIMARY KEY (owner, operation, key)
) STRICT;
CREATE INDEX idempotency_keys_of_order ON idempotency_keys (order_id) WHERE order_id IS NOT NULL;
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);

-- Which consumer has seen which job.
CREATE TABLE inbox (
  consumer TEXT NOT NULL,
  job_id   BLOB NOT NULL,
  PRIMARY KEY (consumer, job_id)
) STRICT, WITHOUT ROWID;
