-- every slug in use belongs to who uses it
SELECT p.id, 'product slug ' || p.slug || ' is not its own'
FROM products p LEFT JOIN product_slugs s ON s.slug = p.slug
WHERE s.product IS NOT p.seq
UNION ALL
SELECT c.id, 'category slug ' || c.slug || ' is not its own'
FROM categories c LEFT JOIN category_slugs s ON s.slug = c.slug
WHERE s.category IS NOT c.id
UNION ALL
SELECT b.id, 'brand slug ' || b.slug || ' is not its own'
FROM brands b LEFT JOIN brand_slugs s ON s.slug = b.slug
WHERE s.brand IS NOT b.id;
