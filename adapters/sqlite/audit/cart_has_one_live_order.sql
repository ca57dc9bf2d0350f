-- one live order of a cart
SELECT cart_id, 'has ' || count(*) || ' live orders'
FROM orders
WHERE status <> 'payment_failed' AND (status <> 'canceled' OR confirmed_at IS NOT NULL)
  AND id >= coalesce(:since, x'')
GROUP BY cart_id
HAVING count(*) > 1;
