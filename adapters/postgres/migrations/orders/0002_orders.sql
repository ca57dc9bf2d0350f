-- oldest: 2
-- Carts, stock, orders, payments and keys. What the checks and unique indexes
-- forbid is forbidden to every program: they are the last line of defence and
-- are never dropped. Amounts are minor units of the row's currency.
-- +goose Up
SET lock_timeout = '2s';

-- A statement that must find its row says so itself when it does not: what it
-- returns may be read only after COMMIT was sent.
-- +goose StatementBegin
CREATE FUNCTION orders.missing(what text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	RAISE no_data_found USING MESSAGE = what || ' not found', SCHEMA = 'orders', CONSTRAINT = 'missing_' || what;
END $$;
-- +goose StatementEnd

CREATE TABLE orders.carts (
	id          uuid CONSTRAINT carts_id PRIMARY KEY,
	customer_id uuid,
	token       bytea NOT NULL,
	status      text NOT NULL,
	order_id    uuid,
	currency    text NOT NULL,
	lines       json NOT NULL,
	coupons     text[] NOT NULL,
	version     bigint NOT NULL,
	expires_at  timestamptz,
	created_at  timestamptz,
	updated_at  timestamptz
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX carts_expiring ON orders.carts (expires_at) WHERE status = 'open';

-- Levels are found by the folded SKU; sku has the bytes it was first stored with.
-- Nothing that changes is indexed, so that updates stay on their page.
CREATE TABLE orders.stock (
	fold     text COLLATE "C" NOT NULL GENERATED ALWAYS AS (lower(sku)) STORED,
	location text COLLATE "C" NOT NULL,
	sku      text COLLATE "C" NOT NULL,
	on_hand  bigint NOT NULL,
	reserved bigint NOT NULL,
	version  bigint NOT NULL,
	CONSTRAINT stock_level PRIMARY KEY (fold, location),
	CONSTRAINT stock_within_bounds CHECK (0 <= reserved AND reserved <= on_hand)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.01);

-- What orders hold now, a row each; what is settled is gone. The arrays belong
-- together, a level may be in them twice.
CREATE TABLE orders.reservations (
	order_id   uuid CONSTRAINT reservations_order PRIMARY KEY,
	skus       text[] NOT NULL,
	locations  text[] NOT NULL,
	quantities bigint[] NOT NULL,
	expires_at timestamptz,
	created_at timestamptz
) WITH (autovacuum_vacuum_scale_factor = 0.01);
CREATE INDEX reservations_expiring ON orders.reservations (expires_at);

CREATE TABLE orders.movements (
	fold      text COLLATE "C" NOT NULL GENERATED ALWAYS AS (lower(sku)) STORED,
	id        uuid NOT NULL,
	sku       text COLLATE "C" NOT NULL,
	location  text COLLATE "C" NOT NULL,
	delta     bigint NOT NULL CONSTRAINT movements_move CHECK (delta <> 0),
	on_hand   bigint NOT NULL,
	reason    text NOT NULL,
	note      text NOT NULL,
	reference text COLLATE "C" NOT NULL,
	made_by   text NOT NULL,
	is_unique boolean NOT NULL,
	at        timestamptz,
	CONSTRAINT movements_line PRIMARY KEY (fold, id)
);
-- Sales are many, and nobody asks whether one is there.
CREATE INDEX movements_by_reference ON orders.movements (fold, reason, reference) WHERE reason <> 'sale';
CREATE UNIQUE INDEX movements_once ON orders.movements (fold, reason, reference) WHERE is_unique;

-- Whoever wants a level waits here for its turn, until the end of whoever has it.
-- Waiting for the row itself would be slower the more are waiting: each would go
-- through all versions of the row that were made meanwhile.
CREATE FUNCTION orders.queue_for(fold text, location text) RETURNS void LANGUAGE sql AS $$
	SELECT pg_advisory_xact_lock(hashtextextended(fold || '/' || location, 0))
$$;

-- Holds all lines of an order or none. Lines are merged and sorted by fold and
-- location; a row comes back for each, held or short. It never fails for want of
-- stock: that would end the transaction. Nobody queues for what is sold out.
-- +goose StatementBegin
CREATE FUNCTION orders.reserve(p_order uuid, p_folds text[], p_locations text[], p_quantities bigint[], p_expires_at timestamptz, p_at timestamptz)
RETURNS TABLE (line int, sku text, on_hand bigint, reserved bigint, version bigint, short boolean) LANGUAGE plpgsql AS $$
DECLARE
	refused boolean := false;
BEGIN
	FOR i IN 1 .. cardinality(p_folds) LOOP
		line := i;
		LOOP
			SELECT s.sku, s.on_hand, s.reserved, s.version INTO reserve.sku, reserve.on_hand, reserve.reserved, reserve.version
			FROM orders.stock AS s WHERE s.fold = p_folds[i] AND s.location = p_locations[i];
			short := NOT FOUND OR on_hand - reserved < p_quantities[i];
			EXIT WHEN short OR refused;
			PERFORM orders.queue_for(p_folds[i], p_locations[i]);
			UPDATE orders.stock AS s SET reserved = s.reserved + p_quantities[i], version = s.version + 1
			WHERE s.fold = p_folds[i] AND s.location = p_locations[i] AND s.on_hand - s.reserved >= p_quantities[i]
			RETURNING s.on_hand, s.reserved, s.version INTO reserve.on_hand, reserve.reserved, reserve.version;
			EXIT WHEN FOUND; -- else somebody was faster
		END LOOP;
		IF short AND NOT refused AND i > 1 THEN
			UPDATE orders.stock AS s SET reserved = s.reserved - held.quantity, version = s.version - 1
			FROM unnest(p_folds[: i - 1], p_locations[: i - 1], p_quantities[: i - 1]) AS held (fold, location, quantity)
			WHERE s.fold = held.fold AND s.location = held.location;
		END IF;
		refused := refused OR short;
		RETURN NEXT;
	END LOOP;
	IF NOT refused THEN
		INSERT INTO orders.reservations AS r (order_id, skus, locations, quantities, expires_at, created_at)
		VALUES (p_order, p_folds, p_locations, p_quantities, p_expires_at, p_at)
		ON CONFLICT (order_id) DO UPDATE SET skus = r.skus || excluded.skus, locations = r.locations || excluded.locations,
			quantities = r.quantities || excluded.quantities, expires_at = excluded.expires_at;
	END IF;
END $$;
-- +goose StatementEnd

-- Ends what an order holds, once: its units go back, or out of the house if they
-- are sold. A row comes back for each level that changed, none if nothing is held.
-- +goose StatementBegin
CREATE FUNCTION orders.settle(p_order uuid, p_sold boolean)
RETURNS TABLE (sku text, location text, on_hand bigint, reserved bigint, version bigint, quantity bigint) LANGUAGE plpgsql AS $$
DECLARE
	held orders.reservations;
	wanted text;
BEGIN
	DELETE FROM orders.reservations AS r WHERE r.order_id = p_order RETURNING r.* INTO held;
	FOR wanted, location, quantity IN
		SELECT l.fold, l.location, sum(l.quantity) FROM unnest(held.skus, held.locations, held.quantities) AS l (fold, location, quantity)
		GROUP BY l.fold, l.location ORDER BY l.fold COLLATE "C", l.location COLLATE "C"
	LOOP
		PERFORM orders.queue_for(wanted, location);
		UPDATE orders.stock AS s SET reserved = s.reserved - quantity, on_hand = s.on_hand - CASE WHEN p_sold THEN quantity ELSE 0 END, version = s.version + 1
		WHERE s.fold = wanted AND s.location = settle.location
		RETURNING s.sku, s.on_hand, s.reserved, s.version INTO STRICT settle.sku, settle.on_hand, settle.reserved, settle.version;
		RETURN NEXT;
	END LOOP;
END $$;
-- +goose StatementEnd

-- Changes what is on hand at levels, all or none. They are sorted by fold and
-- location; p_moved says whether anything moves, even if it adds up to nothing. A
-- row comes back for each level as it was, under its lock; nothing was changed if
-- the delta of one is more than it can give. p_once are causes (fold, reason,
-- reference) that the ledger must not have yet.
-- +goose StatementBegin
CREATE FUNCTION orders.adjust(p_skus text[], p_locations text[], p_deltas bigint[], p_moved boolean[], p_once_folds text[], p_once_reasons text[], p_once_references text[])
RETURNS TABLE (line int, sku text, on_hand bigint, reserved bigint, version bigint) LANGUAGE plpgsql AS $$
DECLARE
	refused boolean;
BEGIN
	-- A level that is not there cannot be locked: without this, what is taken from one
	-- that somebody is just making would be judged by one snapshot and done in another.
	INSERT INTO orders.stock (sku, location, on_hand, reserved, version)
	SELECT l.sku, l.location, 0, 0, 0 FROM unnest(p_skus, p_locations, p_moved) WITH ORDINALITY AS l (sku, location, moved, line)
	WHERE l.moved AND NOT EXISTS (SELECT FROM orders.stock AS s WHERE s.fold = lower(l.sku) AND s.location = l.location)
	ORDER BY l.line ON CONFLICT DO NOTHING;
	PERFORM FROM orders.stock AS s JOIN unnest(p_skus, p_locations) AS l (sku, location) ON s.fold = lower(l.sku) AND s.location = l.location
	ORDER BY s.fold, s.location FOR NO KEY UPDATE OF s;
	IF EXISTS (SELECT FROM orders.movements AS m JOIN unnest(p_once_folds, p_once_reasons, p_once_references) AS o (fold, reason, reference)
		ON m.fold = o.fold AND m.reason = o.reason AND m.reference = o.reference WHERE m.reason <> 'sale') THEN
		RAISE unique_violation USING MESSAGE = 'the ledger has that reference', SCHEMA = 'orders', CONSTRAINT = 'movements_once';
	END IF;
	RETURN QUERY SELECT l.line::int, coalesce(s.sku, l.sku), coalesce(s.on_hand, 0), coalesce(s.reserved, 0), coalesce(s.version, 0)
	FROM unnest(p_skus, p_locations) WITH ORDINALITY AS l (sku, location, line)
	LEFT JOIN orders.stock AS s ON s.fold = lower(l.sku) AND s.location = l.location ORDER BY l.line;
	SELECT bool_or(coalesce(s.on_hand - s.reserved, 0) + l.delta < 0) INTO refused
	FROM unnest(p_skus, p_locations, p_deltas) AS l (sku, location, delta)
	LEFT JOIN orders.stock AS s ON s.fold = lower(l.sku) AND s.location = l.location;
	IF refused THEN
		DELETE FROM orders.stock AS s USING unnest(p_skus, p_locations) AS l (sku, location)
		WHERE s.fold = lower(l.sku) AND s.location = l.location AND s.version = 0;
	ELSE
		UPDATE orders.stock AS s SET on_hand = s.on_hand + l.delta, version = s.version + 1
		FROM unnest(p_skus, p_locations, p_deltas, p_moved) AS l (sku, location, delta, moved)
		WHERE s.fold = lower(l.sku) AND s.location = l.location AND l.moved;
	END IF;
END $$;
-- +goose StatementEnd

-- What is unique among all orders, of all months: the number, and the one live
-- order of a cart. It stays when a month of orders is put away.
CREATE TABLE orders.checkouts (
	order_id uuid CONSTRAINT checkouts_order PRIMARY KEY,
	number   text COLLATE "C" NOT NULL CONSTRAINT checkouts_number UNIQUE,
	cart_id  uuid NOT NULL,
	live     boolean NOT NULL -- not cancelled before it was confirmed, its payment not failed
);
CREATE UNIQUE INDEX checkouts_live ON orders.checkouts (cart_id) WHERE live;

-- Says why a new order cannot be. DETAIL is the order that its cart is in.
-- +goose StatementBegin
CREATE FUNCTION orders.refuse_checkout(p_order uuid, p_number text, p_cart uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	other uuid := (SELECT c.order_id FROM orders.checkouts AS c WHERE c.cart_id = p_cart AND c.live AND c.order_id <> p_order);
BEGIN
	IF other IS NOT NULL THEN
		RAISE unique_violation USING MESSAGE = 'the cart has a live order', SCHEMA = 'orders', CONSTRAINT = 'checkouts_live', DETAIL = other;
	ELSIF EXISTS (SELECT FROM orders.checkouts AS c WHERE c.order_id = p_order) THEN
		RAISE unique_violation USING MESSAGE = 'the order is there', SCHEMA = 'orders', CONSTRAINT = 'checkouts_order';
	END IF;
	RAISE unique_violation USING MESSAGE = 'the number is taken', SCHEMA = 'orders', CONSTRAINT = 'checkouts_number';
END $$;
-- +goose StatementEnd

-- Orders and their lines are cut into months by the time in the order's id.
CREATE TABLE orders.orders (
	id           uuid CONSTRAINT orders_id PRIMARY KEY,
	number       text COLLATE "C" NOT NULL,
	cart_id      uuid NOT NULL,
	customer_id  uuid,
	email        text COLLATE "C" NOT NULL,
	status       text NOT NULL,
	confirmed_at timestamptz,
	currency     text NOT NULL,
	subtotal     bigint NOT NULL,
	discount     bigint NOT NULL,
	shipping     bigint NOT NULL,
	tax          bigint NOT NULL,
	tax_included boolean NOT NULL,
	total        bigint NOT NULL,
	snapshot     json NOT NULL, -- discounts, tax lines, addresses, shipping method
	history      json NOT NULL, -- shipments, refunds, returns, timeline
	test         boolean NOT NULL,
	version      bigint NOT NULL,
	created_at   timestamptz NOT NULL,
	updated_at   timestamptz,
	CONSTRAINT orders_total CHECK (total >= 0 AND total = subtotal - discount + shipping + CASE WHEN tax_included THEN 0 ELSE tax END)
) PARTITION BY RANGE (id);
CREATE INDEX orders_of_customer ON orders.orders (customer_id, id) WHERE customer_id IS NOT NULL;
CREATE INDEX orders_by_email ON orders.orders (email, id);

CREATE TABLE orders.order_lines (
	order_id     uuid NOT NULL CONSTRAINT order_lines_order REFERENCES orders.orders,
	position     int NOT NULL,
	sku          text COLLATE "C" NOT NULL,
	product_id   uuid,
	product_slug text NOT NULL,
	name         text NOT NULL,
	options      json NOT NULL,
	image        json,
	quantity     bigint NOT NULL,
	unit_price   bigint NOT NULL,
	subtotal     bigint NOT NULL,
	discount     bigint NOT NULL,
	tax          bigint NOT NULL,
	total        bigint NOT NULL,
	shipped      bigint NOT NULL,
	returned     bigint NOT NULL,
	CONSTRAINT order_lines_position PRIMARY KEY (order_id, position),
	CONSTRAINT order_lines_quantity CHECK (quantity > 0 AND shipped BETWEEN 0 AND quantity AND returned BETWEEN 0 AND quantity),
	CONSTRAINT order_lines_subtotal CHECK (subtotal = unit_price * quantity)
) PARTITION BY RANGE (order_id);

-- A clock may be a little behind: the month before is there too.
SELECT orders.make_partition(parent, now() + make_interval(months => ahead))
FROM unnest(ARRAY['orders', 'order_lines']) AS parent, generate_series(-1, 3) AS ahead;

CREATE TABLE orders.payments (
	id            uuid CONSTRAINT payments_id PRIMARY KEY,
	order_id      uuid NOT NULL CONSTRAINT payments_order REFERENCES orders.checkouts,
	provider      text NOT NULL,
	reference     text COLLATE "C" NOT NULL,
	status        text NOT NULL,
	currency      text NOT NULL,
	amount        bigint NOT NULL,
	captured      bigint NOT NULL,
	refunded      bigint NOT NULL,
	decline_code  text NOT NULL,
	retryable     boolean NOT NULL,
	next_action   json,
	next_check_at timestamptz,
	checks        int NOT NULL,
	version       bigint NOT NULL,
	created_at    timestamptz,
	updated_at    timestamptz,
	CONSTRAINT payments_within_bounds CHECK (0 <= refunded AND refunded <= captured AND captured <= amount)
) WITH (fillfactor = 80);
CREATE INDEX payments_of_order ON orders.payments (order_id, id);
CREATE UNIQUE INDEX payments_reference ON orders.payments (provider, reference) WHERE reference <> '';
CREATE INDEX payments_to_check ON orders.payments (next_check_at) WHERE next_check_at IS NOT NULL;

-- A key is finished when it has an outcome or an answer (status).
CREATE TABLE orders.idempotency_keys (
	owner        text COLLATE "C" NOT NULL,
	operation    text COLLATE "C" NOT NULL,
	key          text COLLATE "C" NOT NULL,
	fingerprint  bytea NOT NULL,
	locked_until timestamptz NOT NULL,
	order_id     uuid,
	outcome      bytea,
	status       int,
	header       json,
	body         bytea,
	created_at   timestamptz NOT NULL,
	CONSTRAINT idempotency_keys_key PRIMARY KEY (owner, operation, key)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX idempotency_keys_of_order ON orders.idempotency_keys (order_id) WHERE order_id IS NOT NULL;
CREATE INDEX idempotency_keys_by_age ON orders.idempotency_keys (created_at);

-- Takes a key or tells who has it, without a write unless it takes it.
-- +goose StatementBegin
CREATE FUNCTION orders.claim(p_owner text, p_operation text, p_key text, p_fingerprint bytea, p_now timestamptz, p_until timestamptz)
RETURNS TABLE (state text, order_id uuid, outcome bytea, status int, header json, body bytea) LANGUAGE plpgsql AS $$
DECLARE
	k orders.idempotency_keys;
BEGIN
	LOOP
		INSERT INTO orders.idempotency_keys (owner, operation, key, fingerprint, locked_until, created_at)
		VALUES (p_owner, p_operation, p_key, p_fingerprint, p_until, p_now) ON CONFLICT DO NOTHING;
		IF FOUND THEN
			state := 'new';
			EXIT;
		END IF;
		SELECT * INTO k FROM orders.idempotency_keys AS i WHERE i.owner = p_owner AND i.operation = p_operation AND i.key = p_key;
		CONTINUE WHEN NOT FOUND; -- it has just been given back
		IF k.fingerprint <> p_fingerprint THEN
			state := 'other';
			EXIT;
		ELSIF k.outcome IS NOT NULL OR k.status IS NOT NULL THEN
			state := 'finished'; outcome := k.outcome; status := k.status; header := k.header; body := k.body;
			EXIT;
		ELSIF k.locked_until > p_now THEN
			state := 'held';
			EXIT;
		END IF;
		UPDATE orders.idempotency_keys AS i SET locked_until = p_until
		WHERE i.owner = p_owner AND i.operation = p_operation AND i.key = p_key AND i.fingerprint = p_fingerprint
			AND i.outcome IS NULL AND i.status IS NULL AND i.locked_until <= p_now
		RETURNING i.order_id INTO k.order_id;
		IF FOUND THEN
			state := 'continued';
			EXIT;
		END IF;
	END LOOP;
	order_id := CASE WHEN state IN ('continued', 'finished', 'held') THEN k.order_id END;
	RETURN NEXT;
END $$;
-- +goose StatementEnd
