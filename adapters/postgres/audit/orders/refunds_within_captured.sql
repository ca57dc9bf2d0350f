-- the refunds that an order says it had are not more than was taken for it
SELECT o.id, 'had ' || o.refunded || ' back of ' || o.captured
FROM (
	SELECT id,
		(SELECT coalesce(sum((r -> 'amount' ->> 'amount')::bigint), 0) FROM json_array_elements(history -> 'refunds') AS r WHERE r ->> 'status' = 'succeeded') AS refunded,
		(SELECT coalesce(sum(captured), 0) FROM orders.payments WHERE order_id = orders.orders.id) AS captured
	FROM orders.orders
	WHERE id >= orders.first_id(coalesce(nullif(current_setting('bodega.since', true), '')::timestamptz, 'epoch')) AND json_typeof(history -> 'refunds') = 'array'
) AS o
WHERE o.refunded > o.captured;
