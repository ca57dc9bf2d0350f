-- oldest: 2
-- Steps of a checkout that refuse by themselves, so that nobody waits for what they
-- return.
-- +goose Up
SET lock_timeout = '2s';

-- Says that a row is not in the version that was read. DETAIL is the one it is in.
-- +goose StatementBegin
CREATE FUNCTION orders.refuse_stale(what text, current bigint DEFAULT 0) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	RAISE no_data_found USING MESSAGE = what || ' was changed meanwhile', SCHEMA = 'orders', CONSTRAINT = 'stale_' || what, DETAIL = coalesce(current, 0);
END $$;
-- +goose StatementEnd

-- Locks all that moves along with an order, cart first, if it is as it was read.
-- +goose StatementBegin
CREATE FUNCTION orders.lock_checkout(p_cart uuid, p_cart_version bigint, p_order uuid, p_order_version bigint, p_payment uuid, p_payment_version bigint, p_check_at timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	found_version bigint;
	found_check timestamptz;
BEGIN
	SELECT c.version INTO found_version FROM orders.carts AS c WHERE c.id = p_cart FOR NO KEY UPDATE;
	IF found_version IS DISTINCT FROM p_cart_version THEN
		PERFORM orders.refuse_stale('cart', found_version);
	END IF;
	SELECT o.version INTO found_version FROM orders.orders AS o WHERE o.id = p_order FOR NO KEY UPDATE;
	IF found_version IS DISTINCT FROM p_order_version THEN
		PERFORM orders.refuse_stale('order', found_version);
	END IF;
	IF p_payment IS NOT NULL THEN
		SELECT p.version, p.next_check_at INTO found_version, found_check FROM orders.payments AS p WHERE p.id = p_payment FOR NO KEY UPDATE;
		IF found_version IS DISTINCT FROM p_payment_version OR found_check IS DISTINCT FROM p_check_at THEN
			PERFORM orders.refuse_stale('payment', found_version);
		END IF;
	END IF;
END $$;
-- +goose StatementEnd
