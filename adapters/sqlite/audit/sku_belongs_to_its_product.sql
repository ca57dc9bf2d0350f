-- every variant has the SKU that its product's document says, and no other has it
WITH
shown AS (
  SELECT p.id AS product, v.value ->> 'sku' AS sku, unhex(v.value ->> 'id', '-') AS variant
  FROM products p, json_each(p.doc, '$.variants') AS v
)
SELECT coalesce(k.sku, s.sku), iif(k.sku IS NULL, 'is not kept for its variant', 'is kept for a variant that its product does not have')
FROM shown s FULL JOIN (SELECT * FROM skus WHERE variant IS NOT NULL) k ON k.sku = s.sku AND k.product = s.product AND k.variant = s.variant
WHERE k.sku IS NULL OR s.sku IS NULL;
