-- 0 <= refunded <= captured <= amount
SELECT id, 'amount ' || amount || ', captured ' || captured || ', refunded ' || refunded
FROM payments
WHERE NOT (0 <= refunded AND refunded <= captured AND captured <= amount) AND id >= coalesce(:since, x'');
