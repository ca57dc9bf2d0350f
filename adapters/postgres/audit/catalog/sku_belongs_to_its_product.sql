-- every variant has the SKU that its product's document says, and no other has it
WITH
shown AS (
  SELECT v ->> 'sku' AS sku, p.id AS product, (v ->> 'id')::uuid AS variant
  FROM catalog.products p, json_array_elements(p.doc -> 'variants') AS v
),
kept AS (
  SELECT sku::text, product, variant FROM catalog.skus WHERE variant IS NOT NULL
)
SELECT sku, 'is not kept for its variant' FROM (SELECT * FROM shown EXCEPT SELECT * FROM kept) AS lost
UNION ALL
SELECT sku, 'is kept for a variant that its product does not have' FROM (SELECT * FROM kept EXCEPT SELECT * FROM shown) AS left_over;
