-- the refunds that an order says it had are not more than was taken for it
SELECT o.id, 'had ' || o.refunded || ' back of ' || o.captured
FROM (
  SELECT id,
    (SELECT coalesce(sum(r.value ->> '$.amount.amount'), 0) FROM json_each(history, '$.refunds') AS r WHERE r.value ->> 'status' = 'succeeded') AS refunded,
    (SELECT coalesce(sum(captured), 0) FROM payments WHERE order_id = orders.id) AS captured
  FROM orders
  WHERE id >= coalesce(:since, x'') AND json_array_length(history, '$.refunds') > 0
) AS o
WHERE o.refunded > o.captured;
