-- every slug in use belongs to who uses it
SELECT p.id, 'product slug ' || p.slug || ' is not its own'
FROM catalog.products p LEFT JOIN catalog.product_slugs s ON s.slug = p.slug
WHERE s.product IS DISTINCT FROM p.id
UNION ALL
SELECT c.id, 'category slug ' || c.slug || ' is not its own'
FROM catalog.categories c LEFT JOIN catalog.category_slugs s ON s.slug = c.slug
WHERE s.category IS DISTINCT FROM c.id
UNION ALL
SELECT b.id, 'brand slug ' || b.slug || ' is not its own'
FROM catalog.brands b LEFT JOIN catalog.brand_slugs s ON s.slug = b.slug
WHERE s.brand IS DISTINCT FROM b.id;
