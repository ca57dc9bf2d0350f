-- one live order of a cart
SELECT cart_id, 'has ' || count(*) || ' live orders'
FROM orders.orders
WHERE status <> 'payment_failed' AND (status <> 'canceled' OR confirmed_at IS NOT NULL)
	AND id >= orders.first_id(coalesce(nullif(current_setting('bodega.since', true), '')::timestamptz, 'epoch'))
GROUP BY cart_id
HAVING count(*) > 1;
