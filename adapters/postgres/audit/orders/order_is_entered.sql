-- what is unique among orders of all months is entered as the order has it
SELECT o.id, CASE WHEN c.order_id IS NULL THEN 'is not among the checkouts'
	ELSE 'is entered as number ' || c.number || ', cart ' || c.cart_id || CASE WHEN c.live THEN ', live' ELSE ', not live' END END
FROM orders.orders o LEFT JOIN orders.checkouts c ON c.order_id = o.id
WHERE (c.number, c.cart_id, c.live) IS DISTINCT FROM
	(o.number, o.cart_id, o.status <> 'payment_failed' AND (o.status <> 'canceled' OR o.confirmed_at IS NOT NULL))
	AND o.id >= orders.first_id(coalesce(nullif(current_setting('bodega.since', true), '')::timestamptz, 'epoch'));
