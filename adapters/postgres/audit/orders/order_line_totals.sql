-- subtotal = unit price x quantity; total = subtotal - discount + tax that is not included
SELECT o.id, l.sku || ' at position ' || l.position
FROM orders.order_lines l JOIN orders.orders o ON o.id = l.order_id
WHERE l.order_id >= orders.first_id(coalesce(nullif(current_setting('bodega.since', true), '')::timestamptz, 'epoch'))
	AND (l.subtotal <> l.unit_price * l.quantity OR l.total <> l.subtotal - l.discount + CASE WHEN o.tax_included THEN 0 ELSE l.tax END);
