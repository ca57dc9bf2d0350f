-- every variant has the SKU that its product's document says, and no other has it
WITH
shown AS (
  SELECT v.value ->> 'sku' AS sku, p.id AS product, unhex(v.value ->> 'id', '-') AS variant
  FROM products p, json_each(p.doc, '$.variants') AS v
),
kept AS (
  SELECT sku, product, variant FROM skus WHERE variant IS NOT NULL
)
SELECT sku, 'is not kept for its variant' FROM (SELECT * FROM shown EXCEPT SELECT * FROM kept)
UNION ALL
SELECT sku, 'is kept for a variant that its product does not have' FROM (SELECT * FROM kept EXCEPT SELECT * FROM shown);
