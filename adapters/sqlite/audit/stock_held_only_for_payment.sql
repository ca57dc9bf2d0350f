-- only an order that waits for its payment holds units
SELECT o.id, 'is ' || o.status || ' and still holds units'
FROM reservations r JOIN orders o ON o.id = r.order_id
WHERE r.state = 'active' AND o.status <> 'pending_payment';
