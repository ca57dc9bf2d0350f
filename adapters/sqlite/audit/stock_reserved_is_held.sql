-- reserved is the sum of what orders hold
WITH
held AS (
  SELECT line.value ->> 'sku' COLLATE NOCASE AS sku, line.value ->> 'location' AS location, sum(line.value ->> 'quantity') AS units
  FROM reservations, json_each(reservations.lines) AS line
  WHERE state = 'active'
  GROUP BY 1, 2
)
SELECT coalesce(s.sku, h.sku), coalesce(s.location, h.location) || ': ' || coalesce(s.reserved, 0) || ' reserved, ' || coalesce(h.units, 0) || ' held'
FROM stock s FULL JOIN held h ON s.sku = h.sku AND s.location = h.location
WHERE coalesce(s.reserved, 0) <> coalesce(h.units, 0);
