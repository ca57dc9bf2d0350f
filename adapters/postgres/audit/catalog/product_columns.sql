-- what a product is found and sorted by is what its document says
SELECT id, 'the document has another id, slug, name, status, version, brand, category or time of change than its columns'
FROM catalog.products
WHERE slug IS DISTINCT FROM doc ->> 'slug'
   OR name IS DISTINCT FROM coalesce(doc ->> 'name', '')
   OR status IS DISTINCT FROM doc ->> 'status'
   OR family IS DISTINCT FROM doc ->> 'family'
   OR featured IS DISTINCT FROM coalesce((doc ->> 'featured')::boolean, false)
   OR rating IS DISTINCT FROM coalesce((doc ->> 'rating')::bigint, 0)
   OR popularity IS DISTINCT FROM coalesce((doc ->> 'popularity')::bigint, 0)
   OR version IS DISTINCT FROM coalesce((doc ->> 'version')::bigint, 0)
   OR id IS DISTINCT FROM (doc ->> 'id')::uuid
   OR brand IS DISTINCT FROM (doc ->> 'brand')::uuid
   OR category IS DISTINCT FROM (doc ->> 'category')::uuid
   OR newest IS DISTINCT FROM timestamptz 'epoch' + coalesce(doc ->> 'released', doc ->> 'created_at')::bigint * interval '1 microsecond'
   OR updated_at IS DISTINCT FROM timestamptz 'epoch' + (doc ->> 'updated_at')::bigint * interval '1 microsecond';
