-- on_hand is the sum of all movements
SELECT coalesce(s.fold, m.fold), coalesce(s.location, m.location) || ': ' || coalesce(s.on_hand, 0) || ' on hand, the ledger adds up to ' || coalesce(m.delta, 0)
FROM orders.stock s
FULL JOIN (SELECT fold, location, sum(delta) AS delta FROM orders.movements GROUP BY fold, location) AS m ON m.fold = s.fold AND m.location = s.location
WHERE coalesce(s.on_hand, 0) <> coalesce(m.delta, 0);
