-- 0 <= reserved <= on_hand
SELECT sku, location || ': ' || on_hand || ' on hand, ' || reserved || ' reserved'
FROM orders.stock
WHERE NOT (0 <= reserved AND reserved <= on_hand);
