-- a refund that the provider has not been heard of is asked for again: by the
-- reconciler, or by a job that waits or died
SELECT o.id, 'has a pending refund and nobody asks'
FROM orders.orders o JOIN orders.payments p ON p.order_id = o.id
WHERE o.id >= orders.first_id(coalesce(nullif(current_setting('bodega.since', true), '')::timestamptz, 'epoch'))
	AND json_typeof(o.history -> 'refunds') = 'array'
	AND EXISTS (SELECT FROM json_array_elements(o.history -> 'refunds') AS r WHERE r ->> 'status' = 'pending')
	AND p.next_check_at IS NULL
	AND NOT EXISTS (SELECT FROM orders.outbox j WHERE j.task IN ('payment.refund', 'payment.void') AND j.payload ->> 'payment_id' = p.id::text)
	AND NOT EXISTS (SELECT FROM orders.dead_jobs j WHERE j.task IN ('payment.refund', 'payment.void') AND j.payload ->> 'payment_id' = p.id::text);
