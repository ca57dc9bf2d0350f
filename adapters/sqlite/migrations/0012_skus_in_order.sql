-- oldest: 4
-- The rows of SKUs stand in the order in which they came. Sorted by SKU, the ones
-- of a feed's next lines went to as many pages, and each transaction of an import
-- wrote most of the table again. What they are found by is small beside them.
-- The version for the index left with search_clock.

CREATE TABLE skus_in_order (
	sku_fold TEXT NOT NULL UNIQUE, -- id.SKU.Fold
	sku      TEXT NOT NULL,
	product  BLOB NOT NULL CHECK (length(product) = 16), -- who has it, or had it last
	variant  BLOB CHECK (length(variant) = 16), -- NULL: nobody has it now
	-- what the till needs of the variant
	sold     INTEGER NOT NULL, -- product and variant are active
	price    INTEGER NOT NULL CHECK (price >= 0),
	currency TEXT NOT NULL,
	title    TEXT NOT NULL,
	options  TEXT NOT NULL, -- JSON
	image    TEXT -- JSON
) STRICT;
INSERT INTO skus_in_order
SELECT sku_fold, sku, product, variant, sold, price, currency, title, options, image FROM skus ORDER BY product, sku_fold;
DROP TABLE skus;
ALTER TABLE skus_in_order RENAME TO skus;
CREATE INDEX skus_product ON skus (product);
