-- an order that waits for its payment comes to an end: its units are held for a
-- time, or its payment is asked about
SELECT o.id, 'waits for its payment, and nobody will end that'
FROM orders.orders o
WHERE o.status = 'pending_payment' AND o.id >= orders.first_id(coalesce(nullif(current_setting('bodega.since', true), '')::timestamptz, 'epoch'))
	AND NOT EXISTS (SELECT FROM orders.reservations r WHERE r.order_id = o.id)
	AND NOT EXISTS (SELECT FROM orders.payments p WHERE p.order_id = o.id AND p.next_check_at IS NOT NULL);
