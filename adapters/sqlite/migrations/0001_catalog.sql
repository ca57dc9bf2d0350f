-- oldest: 1
-- The catalogue. Ids are 16 bytes, times microseconds since 1970 (UTC), amounts
-- minor units. A product's document is the truth; the columns beside it, its
-- variants and its slugs are what it is found and sorted by, written with it.

CREATE TABLE categories (
	id          BLOB PRIMARY KEY CHECK (length(id) = 16),
	parent      BLOB REFERENCES categories CHECK (parent IS NOT id),
	slug        TEXT NOT NULL,
	name        TEXT NOT NULL,
	description TEXT NOT NULL,
	position    INTEGER NOT NULL,
	image       TEXT, -- JSON
	seo         TEXT NOT NULL, -- JSON
	version     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX categories_parent ON categories (parent);

-- Every slug a category has or had: a name once used stays its own.
CREATE TABLE category_slugs (
	slug     TEXT PRIMARY KEY,
	category BLOB NOT NULL REFERENCES categories ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX category_slugs_category ON category_slugs (category);

CREATE TABLE brands (
	id          BLOB PRIMARY KEY CHECK (length(id) = 16),
	slug        TEXT NOT NULL,
	name        TEXT NOT NULL,
	description TEXT NOT NULL,
	image       TEXT, -- JSON
	seo         TEXT NOT NULL, -- JSON
	version     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE brand_slugs (
	slug  TEXT PRIMARY KEY,
	brand BLOB NOT NULL REFERENCES brands ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX brand_slugs_brand ON brand_slugs (brand);

CREATE TABLE attribute_definitions (
	category       BLOB NOT NULL REFERENCES categories ON DELETE CASCADE,
	name           TEXT NOT NULL,
	label          TEXT NOT NULL,
	type           TEXT NOT NULL CHECK (type IN ('string', 'number', 'boolean', 'enum')),
	unit           TEXT NOT NULL,
	choices        TEXT NOT NULL, -- JSON
	required       INTEGER NOT NULL,
	filterable     INTEGER NOT NULL,
	variant_option INTEGER NOT NULL,
	position       INTEGER NOT NULL,
	derived        INTEGER NOT NULL, -- an import made it of values
	version        INTEGER NOT NULL,
	PRIMARY KEY (category, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE products (
	seq        INTEGER PRIMARY KEY,
	id         BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
	slug       TEXT NOT NULL,
	name       TEXT NOT NULL,
	find       TEXT NOT NULL, -- the name in lower case
	status     TEXT NOT NULL CHECK (status IN ('draft', 'active', 'archived')),
	brand      BLOB REFERENCES brands,
	category   BLOB REFERENCES categories,
	family     TEXT,
	featured   INTEGER NOT NULL,
	price      INTEGER NOT NULL CHECK (price >= 0), -- catalog.Product.ListPrice
	currency   TEXT NOT NULL,
	newest     INTEGER NOT NULL, -- released, else created
	rating     INTEGER NOT NULL,
	ratings    INTEGER NOT NULL,
	popularity INTEGER NOT NULL,
	version    INTEGER NOT NULL,
	updated_at INTEGER NOT NULL,
	doc        TEXT NOT NULL -- last, so that the other columns are found without reading it
) STRICT;
-- One index for each order of a list (by price it serves both directions), and
-- one for what is in a category, which holds all that these orders need.
CREATE INDEX products_newest ON products (newest DESC, id) WHERE status = 'active';
CREATE INDEX products_price ON products (price, id) WHERE status = 'active';
CREATE INDEX products_rating ON products (rating DESC, ratings DESC, id) WHERE status = 'active';
CREATE INDEX products_popularity ON products (popularity DESC, id) WHERE status = 'active';
CREATE INDEX products_category ON products (category, status, newest, price, rating, ratings, popularity, id);
CREATE INDEX products_brand ON products (brand, status, id);
CREATE INDEX products_featured ON products (id) WHERE status = 'active' AND featured = 1;
CREATE INDEX products_family ON products (family) WHERE family IS NOT NULL;
CREATE INDEX products_updated ON products (updated_at, id);

-- Every slug a product has or had.
CREATE TABLE product_slugs (
	slug    TEXT PRIMARY KEY,
	product INTEGER NOT NULL REFERENCES products ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX product_slugs_product ON product_slugs (product);

-- Every SKU there ever was. A row outlives its variant (variant is NULL then)
-- and search_version only rises, so that a late job can never put back into
-- the index what was deleted. That is why it does not refer to products.
CREATE TABLE skus (
	sku_fold       TEXT PRIMARY KEY, -- id.SKU.Fold
	sku            TEXT NOT NULL,
	product        BLOB NOT NULL CHECK (length(product) = 16), -- who has it, or had it last
	variant        BLOB CHECK (length(variant) = 16),
	search_version INTEGER NOT NULL DEFAULT 0,
	-- what the till needs of the variant
	sold           INTEGER NOT NULL, -- product and variant are active
	price          INTEGER NOT NULL CHECK (price >= 0),
	currency       TEXT NOT NULL,
	title          TEXT NOT NULL,
	options        TEXT NOT NULL, -- JSON
	image          TEXT -- JSON
) STRICT, WITHOUT ROWID;
CREATE INDEX skus_product ON skus (product);

CREATE TABLE images (
	id         BLOB PRIMARY KEY CHECK (length(id) = 16),
	image      TEXT NOT NULL, -- JSON
	created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE imports (
	id     BLOB PRIMARY KEY CHECK (length(id) = 16),
	report TEXT NOT NULL -- JSON
) STRICT, WITHOUT ROWID;

CREATE TABLE import_rejects (
	seq     INTEGER PRIMARY KEY,
	import  BLOB NOT NULL REFERENCES imports ON DELETE CASCADE,
	line    INTEGER NOT NULL,
	sku     TEXT NOT NULL,
	code    TEXT NOT NULL,
	message TEXT NOT NULL
) STRICT;
CREATE INDEX import_rejects_line ON import_rejects (import, line);
