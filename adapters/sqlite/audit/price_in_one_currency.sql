-- a shop has one currency
SELECT currency, 'is the currency of ' || count(*) || ' variants, not of the first product'
FROM skus
WHERE variant IS NOT NULL AND currency <> (SELECT currency FROM products WHERE currency <> '' ORDER BY seq LIMIT 1)
GROUP BY currency;
