-- an order that waits for its payment comes to an end: its units are held for a
-- time, or its payment is asked about
SELECT o.id, 'waits for its payment, and nobody will end that'
FROM orders o
WHERE o.status = 'pending_payment' AND o.id >= coalesce(:since, x'')
  AND NOT EXISTS (SELECT 1 FROM reservations r WHERE r.order_id = o.id AND r.state = 'active')
  AND NOT EXISTS (SELECT 1 FROM payments p WHERE p.order_id = o.id AND p.next_check_at IS NOT NULL);
