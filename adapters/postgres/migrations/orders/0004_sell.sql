-- oldest: 2
-- What an order holds leaves the house and enters the ledger in one step, of which
-- nobody waits for a result.
-- +goose Up
SET lock_timeout = '2s';

-- Ends what an order holds, once: its units are sold. The ledger's lines take their
-- ids from p_ids, of which there is at least one for each level.
-- +goose StatementBegin
CREATE FUNCTION orders.sell(p_order uuid, p_ids uuid[], p_at timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	held orders.reservations;
	level record;
	line int := 0;
BEGIN
	DELETE FROM orders.reservations AS r WHERE r.order_id = p_order RETURNING r.* INTO held;
	IF NOT FOUND THEN
		RAISE no_data_found USING MESSAGE = 'nothing is held for the order', SCHEMA = 'orders', CONSTRAINT = 'nothing_held';
	END IF;
	FOR level IN
		SELECT l.fold, l.location, sum(l.quantity)::bigint AS quantity FROM unnest(held.skus, held.locations, held.quantities) AS l (fold, location, quantity)
		GROUP BY l.fold, l.location ORDER BY l.fold COLLATE "C", l.location COLLATE "C"
	LOOP
		line := line + 1;
		PERFORM orders.queue_for(level.fold, level.location);
		WITH sold AS (
			UPDATE orders.stock AS s SET on_hand = s.on_hand - level.quantity, reserved = s.reserved - level.quantity, version = s.version + 1
			WHERE s.fold = level.fold AND s.location = level.location RETURNING s.sku, s.on_hand
		) INSERT INTO orders.movements (id, sku, location, delta, on_hand, reason, note, reference, made_by, is_unique, at)
		SELECT p_ids[line], sold.sku, level.location, -level.quantity, sold.on_hand, 'sale', '', p_order, '', false, p_at FROM sold;
		IF NOT FOUND THEN
			RAISE EXCEPTION '% of % are held where there is no stock', level.quantity, level.fold;
		END IF;
	END LOOP;
END $$;
-- +goose StatementEnd
