-- money that was taken belongs to an order that was confirmed, or somebody is
-- about to give it back: the reconciler, a job that waits or died, or an operator
-- whom refund_failed_is_answered asks to. Orders of months that were put away are
-- not looked at
SELECT p.id, coalesce('took ' || p.captured || ', gave back ' || p.refunded || ', and its order is ' || o.status, 'has no order')
FROM orders.payments p LEFT JOIN orders.orders o ON o.id = p.order_id
WHERE p.captured > p.refunded
	AND p.id >= orders.first_id(coalesce(nullif(current_setting('bodega.since', true), '')::timestamptz, 'epoch'))
	AND (o.confirmed_at IS NULL OR o.status = 'canceled')
	AND p.next_check_at IS NULL
	AND coalesce(o.history::text, '') NOT LIKE '%"refund.failed"%'
	AND (o.id IS NOT NULL OR p.order_id >= (SELECT id FROM orders.orders ORDER BY id LIMIT 1))
	AND NOT EXISTS (SELECT FROM orders.outbox j WHERE j.task = 'payment.void' AND j.payload ->> 'payment_id' = p.id::text)
	AND NOT EXISTS (SELECT FROM orders.dead_jobs j WHERE j.task = 'payment.void' AND j.payload ->> 'payment_id' = p.id::text);
