-- an order was placed under one idempotency key
SELECT order_id, 'was placed under ' || count(*) || ' keys'
FROM orders.idempotency_keys
WHERE order_id IS NOT NULL
GROUP BY order_id
HAVING count(*) > 1;
