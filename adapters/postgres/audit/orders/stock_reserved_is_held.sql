-- reserved is the sum of what orders hold
SELECT coalesce(s.fold, held.fold), coalesce(s.location, held.location) || ': ' || coalesce(s.reserved, 0) || ' reserved, ' || coalesce(held.quantity, 0) || ' held'
FROM orders.stock s
FULL JOIN (
	SELECT lower(l.sku) AS fold, l.location, sum(l.quantity) AS quantity
	FROM orders.reservations r, unnest(r.skus, r.locations, r.quantities) AS l (sku, location, quantity)
	GROUP BY 1, 2
) AS held ON held.fold = s.fold AND held.location = s.location
WHERE coalesce(s.reserved, 0) <> coalesce(held.quantity, 0);
