-- on_hand is the sum of all movements
WITH
counts (sku, location, on_hand, delta) AS (
  SELECT sku, location, on_hand, 0 FROM stock
  UNION ALL
  SELECT sku, location, 0, delta FROM movements
)
SELECT sku, location || ': ' || sum(on_hand) || ' on hand, the ledger adds up to ' || sum(delta)
FROM counts
GROUP BY sku COLLATE NOCASE, location
HAVING sum(on_hand) <> sum(delta);
