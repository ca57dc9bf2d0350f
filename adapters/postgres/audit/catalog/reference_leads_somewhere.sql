-- what refers to something finds it, also after a restore that skipped the checks
SELECT id, 'refers to a category or brand that is not there'
FROM catalog.products p
WHERE category IS NOT NULL AND NOT EXISTS (SELECT FROM catalog.categories c WHERE c.id = p.category)
   OR brand IS NOT NULL AND NOT EXISTS (SELECT FROM catalog.brands b WHERE b.id = p.brand);
