-- an order is paid once
SELECT order_id, 'has ' || count(*) || ' payments that hold or took money'
FROM payments
WHERE status IN ('authorized', 'captured', 'partially_refunded') AND id >= coalesce(:since, x'')
GROUP BY order_id
HAVING count(*) > 1;
