-- 0 <= refunded <= captured <= amount
SELECT id, 'amount ' || amount || ', captured ' || captured || ', refunded ' || refunded
FROM orders.payments
WHERE NOT (0 <= refunded AND refunded <= captured AND captured <= amount) AND id >= orders.first_id(coalesce(nullif(current_setting('bodega.since', true), '')::timestamptz, 'epoch'));
