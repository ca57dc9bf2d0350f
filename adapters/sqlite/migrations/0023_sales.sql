-- oldest: 4
-- What was sold of products, by day, and what each order was counted for, so that
-- it is counted once. Days count from 1970.

CREATE TABLE counted_orders (
  id      BLOB PRIMARY KEY,
  version INTEGER NOT NULL,
  day     INTEGER NOT NULL,
  units   TEXT NOT NULL -- JSON, by product
) STRICT, WITHOUT ROWID;
CREATE INDEX counted_orders_by_day ON counted_orders (day);

CREATE TABLE product_sales (
  product BLOB NOT NULL,
  day     INTEGER NOT NULL,
  units   INTEGER NOT NULL,
  PRIMARY KEY (product, day)
) STRICT, WITHOUT ROWID;
CREATE INDEX product_sales_by_day ON product_sales (day);

-- Products whose sales are not in their popularity yet.
CREATE TABLE unranked_products (
  product  BLOB PRIMARY KEY,
  since    INTEGER NOT NULL,
  revision INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX unranked_products_by_age ON unranked_products (since, product);
