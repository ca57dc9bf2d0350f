-- money that was taken belongs to an order that was confirmed, or somebody is
-- about to give it back: the reconciler, a job that waits or died, or an operator
-- whom refund_failed_is_answered asks to
SELECT p.id, coalesce('took ' || p.captured || ', gave back ' || p.refunded || ', and its order is ' || o.status, 'has no order')
FROM payments p LEFT JOIN orders o ON o.id = p.order_id
WHERE p.captured > p.refunded
  AND p.id >= coalesce(:since, x'')
  AND (o.confirmed_at IS NULL OR o.status = 'canceled')
  AND p.next_check_at IS NULL
  AND coalesce(instr(o.history, '"refund.failed"'), 0) = 0
  AND p.id NOT IN (
    SELECT unhex(payload ->> 'payment_id', '-') FROM jobs WHERE task = 'payment.void'
    UNION ALL SELECT unhex(payload ->> 'payment_id', '-') FROM dead_jobs WHERE task = 'payment.void'
  );
