package baseline

import (
	"errors"
	"fmt"
	"strings"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// The tables of a catalogue as the shop keeps it, with everything it is found
// by. They are a copy: the shop's may change, these do not.
const rowsSchema = `
CREATE TABLE categories (id BLOB PRIMARY KEY, parent BLOB, slug TEXT NOT NULL, name TEXT NOT NULL, description TEXT NOT NULL,
	position INTEGER NOT NULL, image TEXT, seo TEXT NOT NULL, version INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE category_slugs (slug TEXT PRIMARY KEY, category BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE brands (id BLOB PRIMARY KEY, slug TEXT NOT NULL, name TEXT NOT NULL, description TEXT NOT NULL, image TEXT,
	seo TEXT NOT NULL, version INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE brand_slugs (slug TEXT PRIMARY KEY, brand BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE attribute_definitions (category BLOB NOT NULL, name TEXT NOT NULL, label TEXT NOT NULL, type TEXT NOT NULL, unit TEXT NOT NULL,
	choices TEXT NOT NULL, required INTEGER NOT NULL, filterable INTEGER NOT NULL, variant_option INTEGER NOT NULL, position INTEGER NOT NULL,
	derived INTEGER NOT NULL, version INTEGER NOT NULL, PRIMARY KEY (category, name)) STRICT, WITHOUT ROWID;
CREATE TABLE products (seq INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, slug TEXT NOT NULL, name TEXT NOT NULL, find TEXT NOT NULL,
	status TEXT NOT NULL, brand BLOB, category BLOB, family TEXT, featured INTEGER NOT NULL, price INTEGER NOT NULL, currency TEXT NOT NULL,
	newest INTEGER NOT NULL, rating INTEGER NOT NULL, ratings INTEGER NOT NULL, popularity INTEGER NOT NULL, version INTEGER NOT NULL,
	updated_at INTEGER NOT NULL, doc TEXT NOT NULL) STRICT;
CREATE INDEX products_newest ON products (newest DESC, id) WHERE status = 'active';
CREATE INDEX products_price ON products (price, id) WHERE status = 'active';
CREATE INDEX products_rating ON products (rating DESC, ratings DESC, id) WHERE status = 'active';
CREATE INDEX products_popularity ON products (popularity DESC, id) WHERE status = 'active';
CREATE INDEX products_category ON products (category, status, newest, price, rating, ratings, popularity, id);
CREATE INDEX products_brand ON products (brand, status, id);
CREATE INDEX products_featured ON products (id) WHERE status = 'active' AND featured = 1;
CREATE INDEX products_family ON products (family) WHERE family IS NOT NULL;
CREATE INDEX products_updated ON products (updated_at, id);
CREATE TABLE product_slugs (slug TEXT PRIMARY KEY, product INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX product_slugs_product ON product_slugs (product);
CREATE TABLE skus (sku_fold TEXT NOT NULL UNIQUE, sku TEXT NOT NULL, product BLOB NOT NULL, variant BLOB,
	sold INTEGER NOT NULL, price INTEGER NOT NULL, currency TEXT NOT NULL, title TEXT NOT NULL, options TEXT NOT NULL,
	image TEXT) STRICT;
CREATE INDEX skus_product ON skus (product);
`

// columns are what is copied, table by table, and the order of their rows: that
// of the feed, as whoever reads one inserts them. Ids rise, brands and categories
// have theirs as they are met.
var columns = []struct{ table, names, order string }{
	{"categories", "id, parent, slug, name, description, position, image, seo, version", "id"},
	{"category_slugs", "slug, category", "category"},
	{"brands", "id, slug, name, description, image, seo, version", "id"},
	{"brand_slugs", "slug, brand", "brand"},
	{"attribute_definitions", "category, name, label, type, unit, choices, required, filterable, variant_option, position, derived, version", "category, position"},
	{"products", "seq, id, slug, name, find, status, brand, category, family, featured, price, currency, newest, rating, ratings, popularity, version, updated_at, doc", "seq"},
	{"product_slugs", "slug, product", "product"},
	{"skus", "sku_fold, sku, product, variant, sold, price, currency, title, options, image", "rowid"},
}

// Rows is a catalogue as rows, in memory.
type Rows struct {
	tables [][][]any // as in columns
	count  int
}

// ReadRows reads the catalogue out of the file of a shop that is not running.
func ReadRows(path string) (*Rows, error) {
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadOnly)
	if err != nil {
		return nil, err
	}
	r := &Rows{tables: make([][][]any, len(columns))}
	for i, c := range columns {
		err = errors.Join(err, query(conn, "SELECT "+c.names+" FROM "+c.table+" ORDER BY "+c.order, func(s *sqlite.Stmt) {
			r.tables[i] = append(r.tables[i], values(s))
			r.count++
		}))
	}
	return r, errors.Join(err, conn.Close())
}

func values(s *sqlite.Stmt) []any {
	row := make([]any, s.ColumnCount())
	for i := range row {
		switch s.ColumnType(i) {
		case sqlite.TypeInteger:
			row[i] = s.ColumnInt64(i)
		case sqlite.TypeFloat:
			row[i] = s.ColumnFloat(i)
		case sqlite.TypeText:
			row[i] = s.ColumnText(i)
		case sqlite.TypeBlob:
			b := make([]byte, s.ColumnLen(i))
			s.ColumnBytes(i, b)
			row[i] = b
		}
	}
	return row
}

// Count is how many rows there are.
func (r *Rows) Count() int { return r.count }

// rowsOfBatch is how many rows share a transaction.
const rowsOfBatch = 1000

// Insert makes a store of the rows at path, in batches.
func (r *Rows) Insert(path string) error {
	conn, err := open(path)
	if err != nil {
		return err
	}
	if err := sqlitex.ExecuteScript(conn, rowsSchema, nil); err != nil {
		return errors.Join(err, conn.Close())
	}
	for i, c := range columns {
		if err := insert(conn, c.table, c.names, r.tables[i]); err != nil {
			return errors.Join(fmt.Errorf("%s: %w", c.table, err), conn.Close())
		}
	}
	return conn.Close()
}

func insert(conn *sqlite.Conn, table, names string, rows [][]any) error {
	sql := "INSERT INTO " + table + " (" + names + ") VALUES (?" + strings.Repeat(", ?", strings.Count(names, ",")) + ")"
	nothing := func(*sqlite.Stmt) {}
	for len(rows) > 0 {
		batch := rows[:min(rowsOfBatch, len(rows))]
		rows = rows[len(batch):]
		if err := query(conn, "BEGIN IMMEDIATE", nothing); err != nil {
			return err
		}
		for _, row := range batch {
			if err := query(conn, sql, nothing, row...); err != nil {
				return err
			}
		}
		if err := query(conn, "COMMIT", nothing); err != nil {
			return err
		}
	}
	return nil
}
