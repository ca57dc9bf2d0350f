-- total = subtotal - discount + shipping + tax that is not included; the subtotal
-- is that of the lines; discount and tax are those of the lines and of shipping
WITH
sums AS (
  SELECT order_id, sum(subtotal) AS subtotal, sum(discount) AS discount, sum(tax) AS tax FROM order_lines WHERE order_id >= coalesce(:since, x'') GROUP BY order_id
)
SELECT o.id, 'subtotal ' || o.subtotal || ', discount ' || o.discount || ', shipping ' || o.shipping || ', tax ' || o.tax || ', total ' || o.total
FROM orders o LEFT JOIN sums s ON s.order_id = o.id
WHERE o.id >= coalesce(:since, x'')
  AND (s.order_id IS NULL
    OR o.total <> o.subtotal - o.discount + o.shipping + iif(o.tax_included, 0, o.tax)
    OR o.subtotal <> s.subtotal
    OR o.discount NOT BETWEEN s.discount AND s.discount + o.shipping
    OR o.tax < s.tax
    OR o.tax <> (SELECT coalesce(sum(t.value ->> '$.amount.amount'), 0) FROM json_each(o.snapshot, '$.tax_lines') AS t));
