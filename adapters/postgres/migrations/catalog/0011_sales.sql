-- oldest: 2
-- What was sold of products, by day, and what each order was counted for, so that
-- it is counted once. Days count from 1970.
-- +goose Up
SET lock_timeout = '2s';

CREATE TABLE catalog.counted_orders (
	id      uuid CONSTRAINT counted_orders_id PRIMARY KEY,
	version bigint NOT NULL,
	day     integer NOT NULL,
	units   json NOT NULL -- by product
);
CREATE INDEX counted_orders_by_day ON catalog.counted_orders (day);

CREATE TABLE catalog.product_sales (
	product uuid NOT NULL,
	day     integer NOT NULL,
	units   bigint NOT NULL,
	CONSTRAINT product_sales_key PRIMARY KEY (product, day)
);
CREATE INDEX product_sales_by_day ON catalog.product_sales (day);

-- Products whose sales are not in their popularity yet.
CREATE TABLE catalog.unranked_products (
	product  uuid CONSTRAINT unranked_products_product PRIMARY KEY,
	since    timestamptz NOT NULL,
	revision bigint NOT NULL
);
CREATE INDEX unranked_products_by_age ON catalog.unranked_products (since, product);
