-- on_hand is the sum of all movements
WITH
ledger AS (
  SELECT sku, location, sum(delta) AS units FROM movements GROUP BY sku, location
)
SELECT coalesce(s.sku, l.sku), coalesce(s.location, l.location) || ': ' || coalesce(s.on_hand, 0) || ' on hand, the ledger adds up to ' || coalesce(l.units, 0)
FROM stock s FULL JOIN ledger l ON s.sku = l.sku AND s.location = l.location
WHERE coalesce(s.on_hand, 0) <> coalesce(l.units, 0);
