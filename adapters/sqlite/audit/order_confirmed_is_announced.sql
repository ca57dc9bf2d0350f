-- a confirmed order has put exactly one confirmation into the queue
SELECT o.id, 'has ' || count(c.job_id) || ' confirmations'
FROM orders o LEFT JOIN confirmations c ON c.order_id = o.id
WHERE o.confirmed_at IS NOT NULL AND o.id >= coalesce(:since, x'')
GROUP BY o.id
HAVING count(c.job_id) <> 1;
