-- the numbers that lists show are those of the products there are
WITH
kept AS (
  SELECT category, status, sum(n) AS n FROM catalog.product_counts GROUP BY category, status
),
there AS (
  SELECT coalesce(category, '00000000-0000-0000-0000-000000000000') AS category, status, count(*) AS n FROM catalog.products GROUP BY 1, 2
)
SELECT coalesce(kept.category, there.category), coalesce(kept.n, 0) || ' ' || coalesce(kept.status, there.status) || ' products are counted, ' || coalesce(there.n, 0) || ' are there'
FROM kept FULL JOIN there ON there.category = kept.category AND there.status = kept.status
WHERE coalesce(kept.n, 0) <> coalesce(there.n, 0);
