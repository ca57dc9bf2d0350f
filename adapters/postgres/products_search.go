package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/ports"
)

// slugs tells which names are taken.
type slugs struct{ t *tx }

var _ ports.Slugs = slugs{}

// slugLock is the advisory lock of those who look for a free slug: what is free
// cannot be locked, and two that do not see each other would choose the same.
const slugLock = 0x626f646567610013

// Taken is contracted by ports.Slugs. What it tells holds until the end: others
// who ask wait for it.
func (s slugs) Taken(ctx context.Context, slugs []string) (map[string]id.Product, error) {
	s.t.queue("SELECT pg_advisory_xact_lock($1)", int64(slugLock))
	rows, err := s.t.Query(ctx, "SELECT slug, product FROM catalog.product_slugs WHERE slug = ANY($1)", slugs)
	if err != nil {
		return nil, translate(ctx, err)
	}
	taken := make(map[string]id.Product)
	var slug string
	var product uuid
	_, err = pgx.ForEachRow(rows, []any{&slug, &product}, func() error {
		taken[slug] = id.Product{UUID: id.UUID(product)}
		return nil
	})
	return taken, translate(ctx, err)
}

// searchVersions orders what is known of a SKU by numbers of a sequence. A number
// is drawn before anything is read under it, so a higher one has read what is at
// least as new.
type searchVersions struct{ t *tx }

var _ ports.SearchVersions = searchVersions{}

// Draw is contracted by ports.SearchVersions. That the sequence is behind is the
// exception: it is then set so far ahead that whoever draws meanwhile cannot be
// set back.
func (s searchVersions) Draw(ctx context.Context, past int64) (version int64, err error) {
	b := &pgx.Batch{}
	b.Queue("SELECT setval('catalog.search_versions', $1::bigint + 1000) FROM catalog.search_versions WHERE last_value <= $1", past)
	b.Queue("SELECT nextval('catalog.search_versions')").QueryRow(func(row pgx.Row) error { return row.Scan(&version) })
	return version, translate(ctx, s.t.SendBatch(ctx, b).Close())
}

// Raise is contracted by ports.SearchVersions.
func (s searchVersions) Raise(ctx context.Context, products ...id.Product) (map[id.Product][]ports.SearchVersion, error) {
	raised := make(map[id.Product][]ports.SearchVersion, len(products))
	for _, p := range products {
		raised[p] = []ports.SearchVersion{}
	}
	var version int64
	b := &pgx.Batch{}
	b.Queue("SELECT nextval('catalog.search_versions')").QueryRow(func(row pgx.Row) error { return row.Scan(&version) })
	b.Queue("SELECT product, sku, variant IS NOT NULL FROM catalog.skus WHERE product = ANY($1) ORDER BY sku",
		uuids(products, func(p id.Product) id.UUID { return p.UUID })).Query(func(rows pgx.Rows) error {
		v := ports.SearchVersion{Version: version}
		var p id.Product
		_, err := pgx.ForEachRow(rows, []any{(*uuid)(&p.UUID), &v.SKU, &v.Live}, func() error {
			raised[p] = append(raised[p], v)
			return nil
		})
		return err
	})
	if err := s.t.SendBatch(ctx, b).Close(); err != nil {
		return nil, translate(ctx, err)
	}
	return raised, nil
}
