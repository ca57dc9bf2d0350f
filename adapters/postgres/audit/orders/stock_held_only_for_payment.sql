-- only an order that waits for its payment holds units
SELECT o.id, 'is ' || o.status || ' and still holds units'
FROM orders.reservations r JOIN orders.orders o ON o.id = r.order_id
WHERE o.status <> 'pending_payment';
