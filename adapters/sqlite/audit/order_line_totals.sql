-- subtotal = unit price x quantity; total = subtotal - discount + tax that is not included
SELECT o.id, l.sku || ' at position ' || l.position
FROM order_lines l JOIN orders o ON o.id = l.order_id
WHERE l.order_id >= coalesce(:since, x'')
  AND (l.subtotal <> l.unit_price * l.quantity OR l.total <> l.subtotal - l.discount + iif(o.tax_included, 0, l.tax));
