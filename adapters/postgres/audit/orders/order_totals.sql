-- total = subtotal - discount + shipping + tax that is not included; the subtotal
-- is that of the lines; discount and tax are those of the lines and of shipping
SELECT o.id, 'subtotal ' || o.subtotal || ', discount ' || o.discount || ', shipping ' || o.shipping || ', tax ' || o.tax || ', total ' || o.total
FROM orders.orders o
LEFT JOIN (
	SELECT order_id, sum(subtotal) AS subtotal, sum(discount) AS discount, sum(tax) AS tax FROM orders.order_lines
	WHERE order_id >= orders.first_id(coalesce(nullif(current_setting('bodega.since', true), '')::timestamptz, 'epoch')) GROUP BY order_id
) AS s ON s.order_id = o.id
WHERE o.id >= orders.first_id(coalesce(nullif(current_setting('bodega.since', true), '')::timestamptz, 'epoch'))
	AND (s.order_id IS NULL
		OR o.total <> o.subtotal - o.discount + o.shipping + CASE WHEN o.tax_included THEN 0 ELSE o.tax END
		OR o.subtotal <> s.subtotal
		OR o.discount NOT BETWEEN s.discount AND s.discount + o.shipping
		OR o.tax < s.tax
		OR o.tax <> (SELECT coalesce(sum((t.line -> 'amount' ->> 'amount')::bigint), 0) FROM json_array_elements(o.snapshot -> 'tax_lines') AS t (line)));
