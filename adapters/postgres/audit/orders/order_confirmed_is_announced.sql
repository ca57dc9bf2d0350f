-- a confirmed order has put exactly one confirmation into the queue
SELECT o.id, 'has ' || count(c.job_id) || ' confirmations'
FROM orders.orders o LEFT JOIN orders.confirmations c ON c.order_id = o.id
WHERE o.confirmed_at IS NOT NULL AND o.id >= orders.first_id(coalesce(nullif(current_setting('bodega.since', true), '')::timestamptz, 'epoch'))
GROUP BY o.id
HAVING count(c.job_id) <> 1;
