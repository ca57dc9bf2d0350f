package sqlite

import (
	"context"
	"slices"
	"strings"

	"zombiezen.com/go/sqlite"

	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/ports"
)

// productWriter writes products within a transaction.
type productWriter struct {
	db *DB
	*session
}

var _ ports.ProductWriter = productWriter{}

func (w productWriter) ForUpdate(_ context.Context, ids ...id.Product) ([]catalog.Product, error) {
	return w.productsByID(ids...)
}

func (w productWriter) ForUpdateByFeed(_ context.Context, skus []id.SKU, families []string) ([]catalog.Product, error) {
	return w.productsByFeed(skus, families)
}

func (w productWriter) Delete(_ context.Context, ids ...id.Product) error {
	for _, p := range ids {
		if _, err := w.exec("DELETE FROM products WHERE id = ?1", p.UUID[:]); err != nil {
			return err
		}
		if _, err := w.exec("UPDATE skus SET variant = NULL WHERE product = ?1 AND variant IS NOT NULL", p.UUID[:]); err != nil {
			return err
		}
	}
	w.afterCommit(w.db.derived.productsChange)
	return nil
}

// stored is what the store has of a product before it is saved.
type stored struct {
	seq      int64 // 0: it is new
	slug     string
	variants []storedVariant
}

type storedVariant struct {
	id   id.UUID
	sku  id.SKU
	fold string
}

func (w productWriter) Save(_ context.Context, products ...catalog.Product) error {
	before := make([]stored, len(products))
	for i := range products { // all, before the first is written: a SKU may go from one to another
		p := &products[i]
		var err error
		if before[i], err = w.stored(p); err != nil {
			return err
		}
		if err := w.dropVariants(p, before[i].variants); err != nil {
			return err
		}
	}
	for i, doc := range documents(products) {
		if err := w.save(&products[i], doc, before[i]); err != nil {
			return err
		}
	}
	w.afterCommit(w.db.derived.productsChange)
	return nil
}

func (w productWriter) stored(p *catalog.Product) (old stored, err error) {
	found, err := w.first("SELECT seq, slug FROM products WHERE id = ?1", func(r row) error {
		old.seq, old.slug = r.int64(0), r.text(1)
		return nil
	}, p.ID.UUID[:])
	if err != nil || !found {
		return old, err
	}
	err = w.query("SELECT variant, sku, sku_fold FROM skus WHERE product = ?1 AND variant IS NOT NULL", func(r row) error {
		old.variants = append(old.variants, storedVariant{r.uuid(0), r.sku(1), r.text(2)})
		return nil
	}, p.ID.UUID[:])
	return old, err
}

// dropVariants takes away the variants that a product does not have any more. It
// refuses a SKU that is there twice or under another spelling, and a variant
// under another SKU.
func (w productWriter) dropVariants(p *catalog.Product, old []storedVariant) error {
	if len(p.Variants) == 1 && len(old) == 0 {
		return nil // as nearly all of a first import
	}
	bySKU, byID := make(map[string]id.SKU, len(p.Variants)), make(map[id.UUID]id.SKU, len(p.Variants))
	for i := range p.Variants {
		v := &p.Variants[i]
		bySKU[v.SKU.Fold()], byID[v.ID.UUID] = v.SKU, v.SKU
	}
	if len(bySKU) < len(p.Variants) {
		return fault.Duplicate("sku")
	}
	for _, o := range old {
		sku, stays := bySKU[o.fold]
		renamed, known := byID[o.id]
		if stays && sku != o.sku || known && renamed != o.sku {
			return fault.InvalidField("sku", "pattern", "cannot be changed: a new SKU is a new variant")
		}
		if stays {
			continue
		}
		if _, err := w.exec("UPDATE skus SET variant = NULL WHERE sku_fold = ?1", o.fold); err != nil {
			return err
		}
	}
	return nil
}

func (w productWriter) save(p *catalog.Product, doc []byte, old stored) error {
	price, currency := p.ListPrice(), p.BasePrice.Currency()
	if currency == "" {
		currency = price.Currency()
	}
	var family any
	if p.Family != "" {
		family = p.Family
	}
	sql := `INSERT INTO products (id, slug, name, find, status, brand, category, family, featured, price, currency,
			newest, rating, ratings, popularity, version, updated_at, doc)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)`
	if old.seq != 0 {
		sql = `UPDATE products SET slug = ?2, name = ?3, find = ?4, status = ?5, brand = ?6, category = ?7, family = ?8, featured = ?9,
			price = ?10, currency = ?11, newest = ?12, rating = ?13, ratings = ?14, popularity = ?15, version = ?16, updated_at = ?17, doc = ?18
			WHERE id = ?1`
	}
	if _, err := w.exec(sql, p.ID.UUID[:], p.Slug, p.Name, strings.ToLower(p.Name), string(p.Status), p.Brand.UUID, p.Category.UUID, family,
		p.Featured, price.Minor(), string(currency), p.Newest().UnixMicro(), p.Rating.Average, p.Rating.Count, p.Popularity,
		p.Version, p.UpdatedAt.UnixMicro(), text(doc)); err != nil {
		if sqlite.ErrCode(err) == sqlite.ResultConstraintForeignKey {
			return w.unknownReference(p, err)
		}
		return err
	}
	seq := old.seq
	if seq == 0 {
		seq = w.conn.LastInsertRowID()
	}
	if p.Slug != old.slug {
		if err := w.saveSlug(p.Slug, seq); err != nil {
			return err
		}
	}
	for i := range p.Variants {
		if err := w.saveVariant(p, &p.Variants[i]); err != nil {
			return err
		}
	}
	return nil
}

// unknownReference tells which reference of a product leads nowhere.
func (w productWriter) unknownReference(p *catalog.Product, cause error) error {
	known, err := w.first("SELECT 1 FROM categories WHERE id = ?1", func(row) error { return nil }, p.Category.UUID)
	if err != nil {
		return err
	}
	field := "brand_id"
	if !known && !p.Category.IsZero() {
		field = "category_id"
	}
	e := fault.InvalidField(field, "unknown_reference", "is not there")
	e.Err = cause
	return e
}

// saveSlug gives a product a slug, and lets it keep those it had.
func (w productWriter) saveSlug(slug string, seq int64) error {
	n, err := w.exec("INSERT INTO product_slugs (slug, product) VALUES (?1, ?2) ON CONFLICT (slug) DO UPDATE SET slug = ?1 WHERE product = ?2", slug, seq)
	if err == nil && n == 0 {
		err = fault.Duplicate("slug")
	}
	return err
}

func (w productWriter) saveVariant(p *catalog.Product, v *catalog.Variant) error {
	offer := p.Offer(v)
	w.buf = catalog.AppendOptions(w.buf[:0], offer.Options)
	options := len(w.buf)
	var image any
	if offer.Image != nil {
		w.buf = offer.Image.AppendDocument(w.buf)
		image = text(w.buf[options:])
	}
	n, err := w.exec(`INSERT INTO skus (sku_fold, sku, product, variant, sold, price, currency, title, options, image)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
		ON CONFLICT (sku_fold) DO UPDATE SET sku = ?2, product = ?3, variant = ?4, sold = ?5, price = ?6, currency = ?7, title = ?8, options = ?9, image = ?10
		WHERE variant IS NULL OR product = ?3`,
		v.SKU.Fold(), v.SKU, p.ID.UUID[:], v.ID.UUID[:], offer.Sold, offer.Price.Minor(), string(offer.Price.Currency()), offer.Title,
		text(w.buf[:options]), image)
	if err == nil && n == 0 {
		err = fault.Duplicate("sku")
	}
	return err
}

// slugs tells which names are taken.
type slugs struct{ *session }

var _ ports.Slugs = slugs{}

func (s slugs) Taken(_ context.Context, slugs []string) (map[string]id.Product, error) {
	taken := make(map[string]id.Product)
	for _, slug := range slugs {
		if _, err := s.first("SELECT id FROM product_slugs JOIN products ON seq = product WHERE product_slugs.slug = ?1", func(r row) error {
			taken[slug] = id.Product{UUID: r.uuid(0)}
			return nil
		}, slug); err != nil {
			return nil, err
		}
	}
	return taken, nil
}

// searchVersions orders what is known of a SKU, by a clock that moves once in a
// transaction: there is one writer, so it orders what is read after its COMMIT.
type searchVersions struct{ *session }

var _ ports.SearchVersions = searchVersions{}

func (s searchVersions) Draw(_ context.Context, past int64) (int64, error) {
	err := s.query("UPDATE search_clock SET at = max(at, ?1) + 1 RETURNING at", func(r row) error {
		s.clock = r.int64(0)
		return nil
	}, past)
	return s.clock, err
}

func (s searchVersions) Raise(ctx context.Context, products ...id.Product) (map[id.Product][]ports.SearchVersion, error) {
	if s.clock == 0 {
		if _, err := s.Draw(ctx, 0); err != nil {
			return nil, err
		}
	}
	raised := make(map[id.Product][]ports.SearchVersion, len(products))
	for _, p := range products {
		own := []ports.SearchVersion{}
		if err := s.query("SELECT sku, variant IS NOT NULL FROM skus WHERE product = ?1", func(r row) error {
			own = append(own, ports.SearchVersion{SKU: r.sku(0), Version: s.clock, Live: r.bool(1)})
			return nil
		}, p.UUID[:]); err != nil {
			return nil, err
		}
		slices.SortFunc(own, func(a, b ports.SearchVersion) int { return strings.Compare(string(a.SKU), string(b.SKU)) })
		raised[p] = own
	}
	return raised, nil
}
