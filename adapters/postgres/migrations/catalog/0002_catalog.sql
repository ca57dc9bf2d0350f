-- oldest: 1
-- The catalogue. A product's document is the truth; the columns beside it, its
-- SKUs and its slugs are what it is found and sorted by, written with it. Text
-- that is compared is so by its bytes, as programs compare it.
-- +goose Up
SET lock_timeout = '2s';

CREATE EXTENSION IF NOT EXISTS pg_trgm; -- part of a name

CREATE TABLE catalog.categories (
	id          uuid CONSTRAINT categories_id PRIMARY KEY,
	parent      uuid CONSTRAINT categories_parent REFERENCES catalog.categories CONSTRAINT categories_parent_is_another CHECK (parent <> id),
	slug        text COLLATE "C" NOT NULL,
	name        text NOT NULL,
	description text NOT NULL,
	position    bigint NOT NULL,
	image       json,
	seo_title   text NOT NULL,
	seo_text    text NOT NULL,
	version     bigint NOT NULL
);
CREATE INDEX categories_by_parent ON catalog.categories (parent);

-- Every slug a category has or had: a name once used stays its own.
CREATE TABLE catalog.category_slugs (
	slug     text COLLATE "C" CONSTRAINT category_slugs_slug PRIMARY KEY,
	category uuid NOT NULL CONSTRAINT category_slugs_category REFERENCES catalog.categories ON DELETE CASCADE
);
CREATE INDEX category_slugs_by_category ON catalog.category_slugs (category);

CREATE TABLE catalog.brands (
	id          uuid CONSTRAINT brands_id PRIMARY KEY,
	slug        text COLLATE "C" NOT NULL,
	name        text NOT NULL,
	description text NOT NULL,
	image       json,
	seo_title   text NOT NULL,
	seo_text    text NOT NULL,
	version     bigint NOT NULL
);

CREATE TABLE catalog.brand_slugs (
	slug  text COLLATE "C" CONSTRAINT brand_slugs_slug PRIMARY KEY,
	brand uuid NOT NULL CONSTRAINT brand_slugs_brand REFERENCES catalog.brands ON DELETE CASCADE
);
CREATE INDEX brand_slugs_by_brand ON catalog.brand_slugs (brand);

CREATE TABLE catalog.attribute_definitions (
	category       uuid NOT NULL CONSTRAINT attribute_definitions_category REFERENCES catalog.categories ON DELETE CASCADE,
	name           text COLLATE "C" NOT NULL,
	label          text NOT NULL,
	type           text NOT NULL CONSTRAINT attribute_definitions_type CHECK (type IN ('string', 'number', 'boolean', 'enum')),
	unit           text NOT NULL,
	choices        json NOT NULL,
	required       boolean NOT NULL,
	filterable     boolean NOT NULL,
	variant_option boolean NOT NULL,
	position       bigint NOT NULL,
	derived        boolean NOT NULL, -- an import made it of values
	version        bigint NOT NULL,
	CONSTRAINT attribute_definitions_name PRIMARY KEY (category, name)
);

-- How often what describes products has changed: by it a program knows whether
-- what it has read still holds.
CREATE TABLE catalog.taxonomy (
	one     boolean CONSTRAINT taxonomy_one PRIMARY KEY DEFAULT true CONSTRAINT taxonomy_is_one CHECK (one),
	changes bigint NOT NULL
) WITH (fillfactor = 10);
INSERT INTO catalog.taxonomy (changes) VALUES (0);

-- +goose StatementBegin
CREATE FUNCTION catalog.taxonomy_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	UPDATE catalog.taxonomy SET changes = changes + 1;
	RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON catalog.categories
	FOR EACH STATEMENT EXECUTE FUNCTION catalog.taxonomy_changed();
CREATE TRIGGER changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON catalog.brands
	FOR EACH STATEMENT EXECUTE FUNCTION catalog.taxonomy_changed();
CREATE TRIGGER changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON catalog.attribute_definitions
	FOR EACH STATEMENT EXECUTE FUNCTION catalog.taxonomy_changed();

CREATE TABLE catalog.products (
	id         uuid CONSTRAINT products_id PRIMARY KEY,
	slug       text COLLATE "C" NOT NULL,
	name       text COLLATE "C" NOT NULL,
	find       text COLLATE "C" NOT NULL, -- the name in lower case
	status     text COLLATE "C" NOT NULL CONSTRAINT products_status CHECK (status IN ('draft', 'active', 'archived')),
	brand      uuid CONSTRAINT products_brand REFERENCES catalog.brands,
	category   uuid CONSTRAINT products_category REFERENCES catalog.categories,
	family     text COLLATE "C",
	featured   boolean NOT NULL,
	price      bigint NOT NULL CONSTRAINT products_price CHECK (price >= 0), -- catalog.Product.ListPrice
	currency   text NOT NULL,
	newest     timestamptz NOT NULL, -- released, else created
	rating     bigint NOT NULL,
	ratings    bigint NOT NULL,
	popularity bigint NOT NULL,
	version    bigint NOT NULL,
	updated_at timestamptz NOT NULL,
	doc        json NOT NULL
);
-- One index for each order of a list, of all and of a category: a page is then a
-- short walk. By price it serves both directions.
CREATE INDEX products_newest ON catalog.products (newest DESC, id) WHERE status = 'active';
CREATE INDEX products_by_price ON catalog.products (price, id) INCLUDE (status);
CREATE INDEX products_rating ON catalog.products (rating DESC, ratings DESC, id) WHERE status = 'active';
CREATE INDEX products_popularity ON catalog.products (popularity DESC, id) WHERE status = 'active';
CREATE INDEX products_category_newest ON catalog.products (category, newest DESC, id) WHERE status = 'active';
CREATE INDEX products_category_price ON catalog.products (category, price, id) WHERE status = 'active';
CREATE INDEX products_category_rating ON catalog.products (category, rating DESC, ratings DESC, id) WHERE status = 'active';
CREATE INDEX products_category_popularity ON catalog.products (category, popularity DESC, id) WHERE status = 'active';
-- What is few is sorted when it is asked for.
CREATE INDEX products_by_brand ON catalog.products (brand, id) INCLUDE (status, category, featured, newest, price, rating, ratings, popularity);
CREATE INDEX products_featured ON catalog.products (id) WHERE status = 'active' AND featured;
-- For operators, imports and jobs.
CREATE INDEX products_by_category ON catalog.products (category, id);
CREATE INDEX products_by_family ON catalog.products (family) WHERE family IS NOT NULL;
CREATE INDEX products_by_name ON catalog.products (name, id) INCLUDE (status);
CREATE INDEX products_updated ON catalog.products (updated_at, id) INCLUDE (status);
CREATE INDEX products_find ON catalog.products USING gin (find gin_trgm_ops);

-- Every slug a product has or had.
CREATE TABLE catalog.product_slugs (
	slug    text COLLATE "C" CONSTRAINT product_slugs_slug PRIMARY KEY,
	product uuid NOT NULL CONSTRAINT product_slugs_product REFERENCES catalog.products ON DELETE CASCADE
);
CREATE INDEX product_slugs_by_product ON catalog.product_slugs (product);

-- Every SKU there ever was. A row outlives its variant (variant is NULL then),
-- so that a late job can never put back into the index what was deleted. That
-- is why it does not refer to products.
CREATE TABLE catalog.skus (
	sku      text COLLATE "C" NOT NULL,
	product  uuid NOT NULL, -- who has it, or had it last
	variant  uuid,
	-- what the till needs of the variant
	sold     boolean NOT NULL, -- product and variant are active
	price    bigint NOT NULL CONSTRAINT skus_price CHECK (price >= 0),
	currency text NOT NULL,
	title    text NOT NULL,
	options  json NOT NULL,
	image    json
);
CREATE UNIQUE INDEX skus_sku ON catalog.skus (lower(sku));
CREATE INDEX skus_by_product ON catalog.skus (product);

-- Under what number the search index is told of a SKU. Numbers rise in the order
-- they are drawn, and what is read after drawing one is as new as what anybody
-- read who drew a lower one: that orders jobs without writing a row.
CREATE SEQUENCE catalog.search_versions;

-- How many products of a status a category has of its own; the zero id stands
-- for none. What a transaction adds goes to one of a few rows, so that those that
-- save products side by side seldom wait for each other.
CREATE TABLE catalog.product_counts (
	category uuid NOT NULL,
	status   text COLLATE "C" NOT NULL,
	share    smallint NOT NULL,
	n        int NOT NULL,
	CONSTRAINT product_counts_share PRIMARY KEY (category, status, share)
) WITH (fillfactor = 50);

-- +goose StatementBegin
CREATE FUNCTION catalog.count_products() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_OP = 'INSERT' THEN
		INSERT INTO catalog.product_counts AS c
		SELECT coalesce(category, '00000000-0000-0000-0000-000000000000'), status, pg_backend_pid() % 8, count(*)
		FROM new_rows GROUP BY 1, 2 ORDER BY 1, 2
		ON CONFLICT (category, status, share) DO UPDATE SET n = c.n + excluded.n;
	ELSIF TG_OP = 'DELETE' THEN
		INSERT INTO catalog.product_counts AS c
		SELECT coalesce(category, '00000000-0000-0000-0000-000000000000'), status, pg_backend_pid() % 8, -count(*)
		FROM old_rows GROUP BY 1, 2 ORDER BY 1, 2
		ON CONFLICT (category, status, share) DO UPDATE SET n = c.n + excluded.n;
	ELSE
		INSERT INTO catalog.product_counts AS c
		SELECT coalesce(category, '00000000-0000-0000-0000-000000000000'), status, pg_backend_pid() % 8, sum(n)
		FROM (SELECT category, status, 1 AS n FROM new_rows UNION ALL SELECT category, status, -1 FROM old_rows) AS changes
		GROUP BY 1, 2 HAVING sum(n) <> 0 ORDER BY 1, 2
		ON CONFLICT (category, status, share) DO UPDATE SET n = c.n + excluded.n;
	END IF;
	RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER counted_in AFTER INSERT ON catalog.products
	REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION catalog.count_products();
CREATE TRIGGER counted_over AFTER UPDATE ON catalog.products
	REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION catalog.count_products();
CREATE TRIGGER counted_out AFTER DELETE ON catalog.products
	REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION catalog.count_products();

CREATE TABLE catalog.images (
	id         uuid CONSTRAINT images_id PRIMARY KEY,
	image      json NOT NULL,
	created_at timestamptz NOT NULL
);

CREATE TABLE catalog.imports (
	id     uuid CONSTRAINT imports_id PRIMARY KEY,
	report json NOT NULL
);

CREATE TABLE catalog.import_rejects (
	seq     bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT import_rejects_seq PRIMARY KEY,
	import  uuid NOT NULL CONSTRAINT import_rejects_import REFERENCES catalog.imports ON DELETE CASCADE,
	line    bigint NOT NULL,
	sku     text NOT NULL,
	code    text NOT NULL,
	message text NOT NULL
);
CREATE INDEX import_rejects_by_line ON catalog.import_rejects (import, line, seq);
