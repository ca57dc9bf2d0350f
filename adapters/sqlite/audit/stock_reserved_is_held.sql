-- reserved is the sum of what orders hold
WITH
counts (sku, location, reserved, held) AS (
  SELECT sku, location, reserved, 0 FROM stock
  UNION ALL
  SELECT line.value ->> 'sku', line.value ->> 'location', 0, line.value ->> 'quantity'
  FROM reservations, json_each(reservations.lines) AS line
  WHERE state = 'active'
)
SELECT sku, location || ': ' || sum(reserved) || ' reserved, ' || sum(held) || ' held'
FROM counts
GROUP BY sku COLLATE NOCASE, location
HAVING sum(reserved) <> sum(held);
