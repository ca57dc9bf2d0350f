-- oldest: 3
-- What operators say about prices, and coupons with who has used them.

-- One document: it changes seldom, and every checkout needs all of it.
CREATE TABLE price_rules (
  only     INTEGER PRIMARY KEY CHECK (only = 1),
  revision INTEGER NOT NULL,
  doc      TEXT NOT NULL
) STRICT;
INSERT INTO price_rules (only, revision, doc) VALUES (1, 0, '{}');

-- Limits of 0 are none.
CREATE TABLE coupons (
  code         TEXT PRIMARY KEY,
  promotion_id BLOB NOT NULL,
  usage_limit  INTEGER NOT NULL,
  per_customer INTEGER NOT NULL,
  used         INTEGER NOT NULL,
  version      INTEGER NOT NULL,
  created_at   INTEGER,
  updated_at   INTEGER,
  CHECK (used >= 0 AND (usage_limit = 0 OR used <= usage_limit))
) STRICT, WITHOUT ROWID;
CREATE INDEX coupons_of_promotion ON coupons (promotion_id, code);

-- One row for each order that counts as a use.
CREATE TABLE redemptions (
  order_id BLOB NOT NULL,
  code     TEXT NOT NULL,
  email    TEXT NOT NULL,
  PRIMARY KEY (order_id, code)
) STRICT, WITHOUT ROWID;
CREATE INDEX redemptions_of_customer ON redemptions (code, email);
