-- a shop has one currency
SELECT currency, 'is the currency of ' || count(*) || ' variants, not of the first product'
FROM catalog.skus
WHERE variant IS NOT NULL AND currency <> (SELECT currency FROM catalog.products WHERE currency <> '' ORDER BY id LIMIT 1)
GROUP BY currency;
