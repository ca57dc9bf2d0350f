-- what a product is found and sorted by is what its document says
SELECT id, 'the document has another slug, name, status, version, brand or category than its columns'
FROM products
WHERE slug IS NOT doc ->> 'slug'
   OR name IS NOT coalesce(doc ->> 'name', '')
   OR status IS NOT doc ->> 'status'
   OR version IS NOT coalesce(doc ->> 'version', 0)
   OR id IS NOT unhex(doc ->> 'id', '-')
   OR brand IS NOT unhex(doc ->> 'brand', '-')
   OR category IS NOT unhex(doc ->> 'category', '-');
