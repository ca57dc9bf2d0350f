package postgres

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/ports"
)

// productWriter writes products within a transaction. Whoever writes takes locks
// in one order: products by id, SKUs that are there, slugs, new SKUs, each by
// its bytes.
type productWriter struct{ t *tx }

var _ ports.ProductWriter = productWriter{}

// ForUpdate is contracted by ports.ProductWriter.
func (w productWriter) ForUpdate(ctx context.Context, ids ...id.Product) ([]catalog.Product, error) {
	found, err := documents(ctx, w.t, "SELECT doc FROM catalog.products WHERE id = ANY($1) ORDER BY id FOR UPDATE", productUUIDs(ids))
	return found, translate(ctx, err)
}

// feedLock is the advisory lock of those who are about to add what a feed names:
// what is not there yet cannot be locked, and two that do not see each other
// would both add it.
const feedLock = 0x626f646567610011

// ForUpdateByFeed is contracted by ports.ProductWriter. If any of it is not
// there, whoever else misses something waits.
func (w productWriter) ForUpdateByFeed(ctx context.Context, skus []id.SKU, families []string) ([]catalog.Product, error) {
	locked := false
	for again := 0; ; again++ {
		found, err := documents(ctx, w.t, `SELECT doc FROM catalog.products WHERE id IN (
				SELECT product FROM catalog.skus WHERE lower(sku) = ANY($1) AND variant IS NOT NULL
				UNION ALL SELECT id FROM catalog.products WHERE family = ANY($2))
			ORDER BY id FOR UPDATE`, folds(skus), families)
		if err != nil {
			return nil, translate(ctx, err)
		}
		all := len(found)
		found, missing := sought(found, skus, families)
		switch {
		case missing && !locked:
			w.t.queue("SELECT pg_advisory_xact_lock($1)", int64(feedLock))
			locked = true
		case len(found) == all || again > 2:
			return found, nil
		} // else a SKU moved while its product was waited for: look where it is now
	}
}

// sought leaves out the products that have none of the SKUs and families any more,
// and tells whether any of these is nowhere.
func sought(found []catalog.Product, skus []id.SKU, families []string) (those []catalog.Product, missing bool) {
	seen := make(map[string]bool, len(skus)) // of the SKUs asked for
	for _, sku := range skus {
		seen[sku.Fold()] = false
	}
	grown := make(map[string]bool, len(families))
	for _, family := range families {
		if family != "" { // which is none
			grown[family] = false
		}
	}
	those = slices.DeleteFunc(found, func(p catalog.Product) bool {
		_, wanted := grown[p.Family]
		if wanted {
			grown[p.Family] = true
		}
		for i := range p.Variants {
			fold := p.Variants[i].SKU.Fold()
			if _, ok := seen[fold]; ok {
				seen[fold], wanted = true, true
			}
		}
		return !wanted
	})
	for _, there := range []map[string]bool{seen, grown} {
		for _, is := range there {
			missing = missing || !is
		}
	}
	return those, missing
}

// Delete is contracted by ports.ProductWriter.
func (w productWriter) Delete(ctx context.Context, ids ...id.Product) error {
	b := &pgx.Batch{}
	b.Queue("SELECT FROM catalog.products WHERE id = ANY($1) ORDER BY id FOR UPDATE", productUUIDs(ids))
	b.Queue("UPDATE catalog.skus SET variant = NULL WHERE product = ANY($1) AND variant IS NOT NULL", productUUIDs(ids))
	b.Queue("DELETE FROM catalog.products WHERE id = ANY($1)", productUUIDs(ids))
	return translate(ctx, w.t.SendBatch(ctx, b).Close())
}

// Save is contracted by ports.ProductWriter. It is two round trips, however many
// products there are: what is stored is locked and compared, then all is written.
func (w productWriter) Save(ctx context.Context, products ...catalog.Product) error {
	if len(products) == 0 {
		return nil
	}
	s, err := newSaving(products)
	if err != nil {
		return err
	}
	if err := s.lock(ctx, w.t); err != nil {
		return translate(ctx, err)
	}
	if err := s.judge(); err != nil {
		return err
	}
	return translate(ctx, s.write(ctx, w.t))
}

// saving is products on their way into the store.
type saving struct {
	products []catalog.Product
	wanted   []skuRow           // all their SKUs, by their folded bytes
	slugs    map[id.UUID]string // of those that are stored
	stored   map[string]skuRow  // by id.SKU.Fold: the SKUs they had and want
}

// newSaving answers Exists for a slug or SKU that two of the products claim.
func newSaving(products []catalog.Product) (*saving, error) {
	s := &saving{products: slices.Clone(products), slugs: map[id.UUID]string{}, stored: map[string]skuRow{}}
	slices.SortFunc(s.products, func(a, b catalog.Product) int { return slices.Compare(a.ID.UUID[:], b.ID.UUID[:]) })
	slugs := make(map[string]bool, len(products))
	for i := range s.products {
		p := &s.products[i]
		if slugs[p.Slug] {
			return nil, fault.Duplicate("slug")
		}
		slugs[p.Slug] = true
		for j := range p.Variants {
			s.wanted = append(s.wanted, newSKURow(p, &p.Variants[j]))
		}
	}
	slices.SortFunc(s.wanted, skuRow.compare)
	for i := range s.wanted {
		if i > 0 && s.wanted[i].fold == s.wanted[i-1].fold {
			return nil, fault.Duplicate("sku")
		}
	}
	return s, nil
}

// lock reads and locks what is stored of the products, and of their SKUs.
func (s *saving) lock(ctx context.Context, t *tx) error {
	ids := column(s.products, func(p *catalog.Product) uuid { return uuid(p.ID.UUID) })
	wanted := column(s.wanted, func(r *skuRow) string { return r.fold })
	b := &pgx.Batch{}
	b.Queue("SELECT id, slug FROM catalog.products WHERE id = ANY($1) ORDER BY id FOR UPDATE", ids).Query(func(rows pgx.Rows) error {
		var product uuid
		var slug string
		_, err := pgx.ForEachRow(rows, []any{&product, &slug}, func() error {
			s.slugs[id.UUID(product)] = slug
			return nil
		})
		return err
	})
	b.Queue("SELECT "+skuColumns+` FROM catalog.skus WHERE product = ANY($1) OR lower(sku) = ANY($2)
		ORDER BY lower(sku) FOR UPDATE`, ids, wanted).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			row, err := scanSKURow(rows)
			if err != nil {
				return err
			}
			s.stored[row.fold] = row
		}
		return rows.Err()
	})
	return t.SendBatch(ctx, b).Close()
}

// judge refuses a SKU under another spelling, a variant under another SKU, and a
// SKU of a product that keeps it.
func (s *saving) judge() error {
	variants := make(map[id.UUID]*skuRow, len(s.wanted))
	held := make(map[id.UUID]bool, len(s.products))
	for i := range s.wanted {
		variants[s.wanted[i].variant] = &s.wanted[i]
	}
	for i := range s.products {
		held[s.products[i].ID.UUID] = true
	}
	for i := range s.wanted {
		want := &s.wanted[i]
		was, known := s.stored[want.fold]
		switch {
		case !known || was.variant.IsZero():
		case was.product == want.product && was.sku != want.sku:
			return errSKUChanged()
		case was.product != want.product && !held[was.product]:
			return fault.Duplicate("sku")
		}
	}
	for _, was := range s.stored {
		if is := variants[was.variant]; is != nil && is.product == was.product && is.sku != was.sku {
			return errSKUChanged()
		}
	}
	return nil
}

func errSKUChanged() error {
	return fault.InvalidField("sku", "pattern", "cannot be changed: a new SKU is a new variant")
}

// write replaces what is stored.
func (s *saving) write(ctx context.Context, t *tx) error {
	b := &pgx.Batch{}
	b.Queue(saveProducts, productColumns(s.products)...)
	if claims := s.claims(); len(claims) > 0 {
		queueClaims(b, "catalog.product_slugs", "product", claims)
	}
	given, changed, fresh := s.skus()
	if len(given) > 0 {
		b.Queue("UPDATE catalog.skus SET variant = NULL WHERE lower(sku) = ANY($1)", given)
	}
	if len(changed) > 0 {
		b.Queue(updateSKUs, skuRows(changed)...)
	}
	if len(fresh) > 0 {
		b.Queue(insertSKUs, skuRows(fresh)...).Exec(allOr(len(fresh), "sku"))
	}
	return t.SendBatch(ctx, b).Close()
}
