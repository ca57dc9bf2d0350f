-- a cart is locked as long as its order waits for the payment, and no longer
SELECT c.id, coalesce('is locked by an order that is ' || o.status, 'is locked by an order that is not there')
FROM orders.carts c LEFT JOIN orders.orders o ON o.id = c.order_id
WHERE c.status = 'ordering' AND o.status IS DISTINCT FROM 'pending_payment';
