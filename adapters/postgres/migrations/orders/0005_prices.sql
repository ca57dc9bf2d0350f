-- oldest: 2
-- What operators say about prices, and coupons with who has used them.
-- +goose Up
SET lock_timeout = '2s';

-- One document: it changes seldom, and every checkout needs all of it.
CREATE TABLE orders.price_rules (
	only_one boolean PRIMARY KEY CHECK (only_one),
	revision bigint NOT NULL,
	doc      json NOT NULL
);
INSERT INTO orders.price_rules (only_one, revision, doc) VALUES (true, 0, '{}');

-- Limits of 0 are none.
CREATE TABLE orders.coupons (
	code         text COLLATE "C" CONSTRAINT coupons_code PRIMARY KEY,
	promotion_id uuid NOT NULL,
	usage_limit  bigint NOT NULL,
	per_customer bigint NOT NULL,
	used         bigint NOT NULL,
	version      bigint NOT NULL,
	created_at   timestamptz,
	updated_at   timestamptz,
	CONSTRAINT coupons_within_limit CHECK (used >= 0 AND (usage_limit = 0 OR used <= usage_limit))
) WITH (fillfactor = 50); -- room to count beside
CREATE INDEX coupons_of_promotion ON orders.coupons (promotion_id, code);

-- How often an address has used a coupon: counted in a row of its own, because a
-- conditional update sees what others committed while it waited.
CREATE TABLE orders.coupon_customers (
	code  text COLLATE "C" REFERENCES orders.coupons (code) ON DELETE CASCADE,
	email text,
	used  bigint NOT NULL CHECK (used >= 0),
	PRIMARY KEY (code, email)
);

-- One row for each order that counts as a use.
CREATE TABLE orders.redemptions (
	order_id uuid,
	code     text COLLATE "C" REFERENCES orders.coupons (code) ON DELETE CASCADE,
	email    text NOT NULL,
	PRIMARY KEY (order_id, code)
);
CREATE INDEX redemptions_of_coupon ON orders.redemptions (code);

-- Counts an order's use of coupons, given by rising code. Returns the one that
-- cannot be used any more: nothing must be committed then.
-- +goose StatementBegin
CREATE FUNCTION orders.redeem(for_order uuid, by_email text, wanted text[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	word text;
	most bigint;
BEGIN
	FOREACH word IN ARRAY wanted LOOP
		UPDATE orders.coupons SET used = used + 1 WHERE code = word AND (usage_limit = 0 OR used < usage_limit) RETURNING per_customer INTO most;
		IF NOT FOUND THEN
			RETURN word;
		END IF;
		INSERT INTO orders.coupon_customers AS c (code, email, used) VALUES (word, by_email, 1)
			ON CONFLICT (code, email) DO UPDATE SET used = c.used + 1 WHERE most = 0 OR c.used < most;
		IF NOT FOUND THEN
			RETURN word;
		END IF;
		INSERT INTO orders.redemptions (order_id, code, email) VALUES (for_order, word, by_email);
	END LOOP;
	RETURN NULL;
END $$;
-- +goose StatementEnd

-- Takes back what an order redeemed. Coupons are locked by rising code before
-- anything else of them, as orders.redeem and whoever deletes one do.
-- +goose StatementBegin
CREATE FUNCTION orders.give_back(of_order uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM FROM orders.coupons WHERE code IN (SELECT code FROM orders.redemptions WHERE order_id = of_order) ORDER BY code FOR NO KEY UPDATE;
	WITH gone AS (
		DELETE FROM orders.redemptions WHERE order_id = of_order RETURNING code, email
	), fewer AS (
		UPDATE orders.coupon_customers c SET used = c.used - 1 FROM gone WHERE c.code = gone.code AND c.email = gone.email
	)
	UPDATE orders.coupons c SET used = c.used - 1 FROM gone WHERE c.code = gone.code;
END $$;
-- +goose StatementEnd
