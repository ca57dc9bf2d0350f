-- every category is reached from a root within eight levels
WITH RECURSIVE
tree (id, level) AS (
  SELECT id, 1 FROM catalog.categories WHERE parent IS NULL
  UNION ALL
  SELECT c.id, level + 1 FROM catalog.categories c JOIN tree ON c.parent = tree.id WHERE level < 8
)
SELECT id, slug || ' is not'
FROM catalog.categories
WHERE id NOT IN (SELECT id FROM tree);
