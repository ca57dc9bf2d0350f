-- The tables of a till, with what each row is found by and what must not be
-- twice. They are a copy: the shop's may change, these do not.
--
--   psql -v clients=64 -v each=2000 -f schema.sql
--
-- makes as many carts for each client, 300 SKUs and one that everybody wants.
DROP SCHEMA IF EXISTS baseline CASCADE;
CREATE SCHEMA baseline;
CREATE TABLE baseline.carts (id uuid PRIMARY KEY, status text NOT NULL, order_id uuid, lines json NOT NULL, version bigint NOT NULL, expires_at timestamptz) WITH (fillfactor = 70);
CREATE TABLE baseline.stock (sku text COLLATE "C" PRIMARY KEY, on_hand bigint NOT NULL, reserved bigint NOT NULL, version bigint NOT NULL,
	CHECK (0 <= reserved AND reserved <= on_hand)) WITH (fillfactor = 50);
CREATE TABLE baseline.reservations (order_id uuid PRIMARY KEY, skus text[] NOT NULL, quantities bigint[] NOT NULL, expires_at timestamptz NOT NULL);
CREATE INDEX ON baseline.reservations (expires_at);
CREATE TABLE baseline.movements (sku text COLLATE "C" NOT NULL, id bigint GENERATED ALWAYS AS IDENTITY, delta bigint NOT NULL, on_hand bigint NOT NULL,
	reason text NOT NULL, reference uuid NOT NULL, at timestamptz NOT NULL, PRIMARY KEY (sku, id));
CREATE TABLE baseline.orders (id uuid PRIMARY KEY, number text NOT NULL UNIQUE, cart_id uuid NOT NULL, email text NOT NULL, status text NOT NULL, confirmed_at timestamptz,
	total bigint NOT NULL, snapshot json NOT NULL, history json NOT NULL, version bigint NOT NULL, created_at timestamptz NOT NULL);
CREATE UNIQUE INDEX ON baseline.orders (cart_id) WHERE status <> 'payment_failed';
CREATE INDEX ON baseline.orders (email, id);
CREATE TABLE baseline.order_lines (order_id uuid NOT NULL REFERENCES baseline.orders, position int NOT NULL, sku text NOT NULL, product_id uuid NOT NULL, slug text NOT NULL,
	name text NOT NULL, quantity bigint NOT NULL, unit_price bigint NOT NULL, tax bigint NOT NULL, total bigint NOT NULL, PRIMARY KEY (order_id, position));
CREATE TABLE baseline.payments (id uuid PRIMARY KEY, order_id uuid NOT NULL REFERENCES baseline.orders, provider text NOT NULL, reference text NOT NULL, status text NOT NULL,
	amount bigint NOT NULL, captured bigint NOT NULL, refunded bigint NOT NULL, next_check_at timestamptz, version bigint NOT NULL,
	CHECK (0 <= refunded AND refunded <= captured AND captured <= amount));
CREATE INDEX ON baseline.payments (order_id);
CREATE UNIQUE INDEX ON baseline.payments (provider, reference) WHERE reference <> '';
CREATE INDEX ON baseline.payments (next_check_at) WHERE next_check_at IS NOT NULL;
CREATE TABLE baseline.keys (owner text NOT NULL, operation text NOT NULL, key text NOT NULL, fingerprint bytea NOT NULL, locked_until timestamptz NOT NULL, order_id uuid,
	outcome bytea, status int, header json, body bytea, created_at timestamptz NOT NULL, PRIMARY KEY (owner, operation, key)) WITH (fillfactor = 70);
CREATE INDEX ON baseline.keys (order_id) WHERE order_id IS NOT NULL;
CREATE INDEX ON baseline.keys (created_at);
CREATE TABLE baseline.outbox (id uuid PRIMARY KEY, task text NOT NULL, payload json NOT NULL, created_at timestamptz NOT NULL, available_at timestamptz NOT NULL, attempts int NOT NULL);
CREATE INDEX ON baseline.outbox (task, available_at);

-- The id of a thing of some kind, of a client's n-th checkout.
CREATE FUNCTION baseline.id(kind int, client int, n int) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
	SELECT ('01a1c2c' || kind || '-0000-7000-8000-' || lpad(client::text, 4, '0') || lpad(n::text, 8, '0'))::uuid
$$;
CREATE FUNCTION baseline.sku(n int) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT 'SKU-' || lpad(n::text, 5, '0') $$;

INSERT INTO baseline.stock SELECT baseline.sku(n), 1000000, 0, 1 FROM generate_series(0, 299) AS n;
INSERT INTO baseline.stock VALUES ('HOT', 1000000000, 0, 1);
INSERT INTO baseline.carts SELECT baseline.id(1, client, n), 'open', NULL,
	'[{"sku":"SKU-00001","quantity":1,"added_price":{"amount":1500,"currency":"EUR"}}]', 1, now() + interval '1 day'
	FROM generate_series(0, :clients - 1) AS client, generate_series(1, :each) AS n;
VACUUM ANALYZE baseline.carts, baseline.stock;
