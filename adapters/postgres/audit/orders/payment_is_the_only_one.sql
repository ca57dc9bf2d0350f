-- an order is paid once
SELECT order_id, 'has ' || count(*) || ' payments that hold or took money'
FROM orders.payments
WHERE status IN ('authorized', 'captured', 'partially_refunded') AND id >= orders.first_id(coalesce(nullif(current_setting('bodega.since', true), '')::timestamptz, 'epoch'))
GROUP BY order_id
HAVING count(*) > 1;
