-- a refund that the provider has not been heard of is asked for again: by the
-- reconciler, or by a job that waits or died
SELECT o.id, 'has a pending refund and nobody asks'
FROM orders o JOIN payments p ON p.order_id = o.id
WHERE o.id >= coalesce(:since, x'') AND json_array_length(o.history, '$.refunds') > 0
  AND EXISTS (SELECT 1 FROM json_each(o.history, '$.refunds') AS r WHERE r.value ->> 'status' = 'pending')
  AND p.next_check_at IS NULL
  AND p.id NOT IN (
    SELECT unhex(payload ->> 'payment_id', '-') FROM jobs WHERE task IN ('payment.refund', 'payment.void')
    UNION ALL SELECT unhex(payload ->> 'payment_id', '-') FROM dead_jobs WHERE task IN ('payment.refund', 'payment.void')
  );
