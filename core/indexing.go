package core

import (
	"context"
	"slices"

	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/search"
	"github.com/bodega-commerce/bodega/ports"
)

// Index brings the index up to date with products as they are now, deleted
// ones included. It is what search.index_product does: safe to repeat, late or
// in any order. It first raises the versions under which it will write and
// commits, then reads: whoever holds the highest version has read after every
// change that was committed before it.
func (se *Search) Index(ctx context.Context, products []id.Product) error {
	products = slices.Clone(products)
	slices.SortFunc(products, func(a, b id.Product) int { return slices.Compare(a.UUID[:], b.UUID[:]) })
	products = slices.Compact(products)
	raised, mark, err := se.raise(ctx, products)
	if err != nil {
		return err
	}
	docs, now, err := se.documents(ctx, products, raised, mark)
	if err != nil {
		return err
	}
	if err := se.define(ctx, mark); err != nil {
		return err
	}
	if len(docs) > 0 {
		if _, err := se.s.Search.Index(ctx, docs); err != nil {
			return err
		}
	}
	// The commit that caused this job told the caches; this is for the process
	// that died before it could. Of what is gone only the id is known.
	there := make(map[id.Product]bool, len(now))
	for i := range now {
		there[now[i].ID] = true
	}
	for _, p := range products {
		if !there[p] {
			now = append(now, catalog.Product{ID: p})
		}
	}
	at, err := se.s.Catalog.Marks.Position(ctx)
	if err != nil {
		return err
	}
	se.s.Caches.ProductsChanged(ctx, at, now...)
	return nil
}

// raise raises the versions of everything the products have or had.
func (se *Search) raise(ctx context.Context, products []id.Product) (map[id.Product][]ports.SearchVersion, ports.Mark, error) {
	var raised map[id.Product][]ports.SearchVersion
	mark, err := se.s.Catalog.Tx.InTx(ctx, func(ctx context.Context, tx ports.CatalogTx) (err error) {
		raised, err = tx.Versions.Raise(ctx, products...)
		return err
	})
	return raised, mark, err
}

// documents reads products as they are now and makes a document of each SKU
// that was raised, or a tombstone if it is not on sale.
func (se *Search) documents(ctx context.Context, products []id.Product, raised map[id.Product][]ports.SearchVersion, mark ports.Mark) ([]search.Document, []catalog.Product, error) {
	var live []id.SKU
	for _, versions := range raised {
		for _, v := range versions {
			if v.Live {
				live = append(live, v.SKU)
			}
		}
	}
	b, err := se.binder(ctx, mark)
	if err != nil {
		return nil, nil, err
	}
	found := []catalog.Product{}
	if len(live) > 0 {
		if found, err = se.s.Catalog.Records.ProductsBySKU(ctx, live); err != nil {
			return nil, nil, err
		}
		if err := b.count(ctx, live); err != nil {
			return nil, nil, err
		}
	}
	byID := make(map[id.Product]*catalog.Product, len(found))
	for i := range found {
		byID[found[i].ID] = &found[i]
	}
	var docs []search.Document
	for _, p := range products {
		for _, v := range raised[p] {
			docs = append(docs, b.document(byID[p], v.SKU, v.Version))
		}
	}
	return docs, found, nil
}

// binder makes documents of products.
type binder struct {
	s         *shared
	taxonomy  *catalog.Taxonomy
	available map[string]int
}

func (se *Search) binder(ctx context.Context, mark ports.Mark) (*binder, error) {
	taxonomy, err := se.s.Catalog.Taxonomy.Taxonomy(ctx, mark)
	return &binder{s: se.s, taxonomy: taxonomy}, err
}

// count reads on the primary what is available of SKUs.
func (b *binder) count(ctx context.Context, skus []id.SKU) error {
	at, err := b.s.Orders.Marks.Position(ctx)
	if err != nil {
		return err
	}
	b.available, err = b.s.Orders.Stock.Availability(ctx, skus, at)
	return err
}

// document is what the index is to know of a SKU: of a product that may be
// gone (nil), without that variant, or not on sale.
func (b *binder) document(p *catalog.Product, sku id.SKU, version int64) search.Document {
	d := search.Document{SKU: sku, Version: version, Deleted: true}
	if p == nil || p.Status != catalog.Active {
		return d
	}
	v := p.Variant(sku)
	if v == nil || v.Status != catalog.VariantActive {
		return d
	}
	d = search.Document{
		SKU: v.SKU, Product: p.ID, Version: version, Name: p.Name, Title: v.Title, Slug: p.Slug, Description: p.Description,
		Attributes: b.values(p, v), Price: p.Price(v), InStock: b.available[v.SKU.Fold()] > 0, Rating: float64(p.Rating.Average) / 100,
		Ratings: p.Rating.Count, Sales: p.Popularity, Featured: p.Featured, Released: p.Released, Created: p.CreatedAt,
	}
	if brand, ok := b.taxonomy.Brand(p.Brand); ok {
		d.Brand = search.Brand{Slug: brand.Slug, Name: brand.Name}
	}
	path := b.taxonomy.Path(p.Category)
	d.Categories = make([]search.Category, len(path))
	for i, c := range path {
		d.Categories[i] = search.Category{ID: c.ID, Slug: c.Slug, Name: c.Name}
	}
	return d
}

// values is everything a variant can be filtered by: attributes and options.
func (b *binder) values(p *catalog.Product, v *catalog.Variant) map[string]search.Value {
	all := make(map[string]search.Value, len(p.Attributes)+len(v.Attributes)+len(v.Options))
	for _, o := range v.Options {
		all[o.Name] = search.Text(o.Value)
	}
	for _, attributes := range []catalog.Attributes{p.Attributes, v.Attributes} {
		for name, value := range attributes {
			all[name] = searchValue(value)
		}
	}
	return all
}

func searchValue(v catalog.Value) search.Value {
	if n, ok := v.Number(); ok {
		return search.Number(n)
	}
	if b, ok := v.Boolean(); ok {
		return search.Bool(b)
	}
	return search.Text(v.String())
}

// Define tells the index how attributes are to be shown.
func (se *Search) Define(ctx context.Context) error {
	at, err := se.s.Catalog.Marks.Position(ctx)
	if err != nil {
		return err
	}
	return se.define(ctx, at)
}

// define tells the index, and caches of what the taxonomy decides, when the
// taxonomy is another than the last time. The mark it was read at orders what
// several processes tell.
func (se *Search) define(ctx context.Context, at ports.Mark) error {
	taxonomy, err := se.s.Catalog.Taxonomy.Taxonomy(ctx, at)
	if err != nil {
		return err
	}
	revision := taxonomy.Revision()
	if se.defined.Load() == revision {
		return nil
	}
	if err := se.s.Search.Define(ctx, schema(taxonomy, int64(at.Pos))); err != nil {
		return err
	}
	se.s.Caches.TaxonomyChanged(ctx, at)
	se.defined.Store(revision)
	return nil
}

func schema(t *catalog.Taxonomy, version int64) search.Schema {
	all := t.All()
	attributes := make([]search.Attribute, len(all))
	for i, d := range all {
		attributes[i] = search.Attribute{
			Name: d.Name, Label: d.Label, Unit: d.Unit, Numeric: d.Type == catalog.Number, Filterable: d.Filterable, Position: d.Position,
		}
		for _, c := range d.Choices {
			attributes[i].Choices = append(attributes[i].Choices, search.Choice{Value: c.Value, Label: c.Label})
		}
	}
	return search.NewSchema(version, attributes)
}

// RebuildIndex asks for a new index made from the store.
type RebuildIndex struct {
	By account.Actor
	// First says that nobody has written to the index yet: it is in memory and
	// the shop is starting. Versions need not be raised then.
	First    bool
	Progress func(products int) // called now and then; nil: not
}

// Rebuild makes a new index beside the one in service and puts it in its
// place, and returns how many products it went through. Needs search.manage.
// Conflict while another build is under way.
func (se *Search) Rebuild(ctx context.Context, cmd RebuildIndex) (int, error) {
	if err := allow(cmd.By, account.SearchManage); err != nil {
		return 0, err
	}
	at, err := se.s.Catalog.Marks.Position(ctx)
	if err != nil {
		return 0, err
	}
	if err := se.define(ctx, at); err != nil {
		return 0, err
	}
	build, err := se.s.Search.Begin(ctx)
	if err != nil {
		return 0, err
	}
	n, err := se.fill(ctx, build, cmd)
	if err == nil {
		err = build.Commit(ctx)
	}
	if err != nil {
		_ = build.Abort(context.WithoutCancel(ctx)) // the first error is the one to tell
		return n, err
	}
	return n, nil
}

// rebuildBatch is how many products go into the new index at once.
const rebuildBatch = 500

func (se *Search) fill(ctx context.Context, build ports.IndexBuild, cmd RebuildIndex) (int, error) {
	n := 0
	batch := make([]catalog.Product, 0, rebuildBatch)
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		docs, err := se.batch(ctx, batch, cmd.First)
		if err != nil {
			return err
		}
		if len(docs) > 0 {
			if _, err := build.Add(ctx, docs); err != nil {
				return err
			}
		}
		n += len(batch)
		batch = batch[:0]
		if cmd.Progress != nil {
			cmd.Progress(n)
		}
		return nil
	}
	err := se.s.Catalog.Records.All(ctx, func(p catalog.Product) error {
		if batch = append(batch, p); len(batch) < rebuildBatch {
			return nil
		}
		return flush()
	})
	if err == nil {
		err = flush()
	}
	return n, err
}

// batch makes documents of products just read. While others write to the index
// too, a version must be raised before its product is read: the products are
// read again.
func (se *Search) batch(ctx context.Context, products []catalog.Product, first bool) ([]search.Document, error) {
	if !first {
		ids := make([]id.Product, len(products))
		for i := range products {
			ids[i] = products[i].ID
		}
		raised, mark, err := se.raise(ctx, ids)
		if err != nil {
			return nil, err
		}
		docs, _, err := se.documents(ctx, ids, raised, mark)
		return docs, err
	}
	at, err := se.s.Catalog.Marks.Position(ctx)
	if err != nil {
		return nil, err
	}
	b, err := se.binder(ctx, at)
	if err != nil {
		return nil, err
	}
	var skus []id.SKU
	for i := range products {
		skus = append(skus, products[i].SKUs()...)
	}
	if err := b.count(ctx, skus); err != nil {
		return nil, err
	}
	docs := make([]search.Document, 0, len(skus))
	for i := range products {
		for _, sku := range products[i].SKUs() {
			if d := b.document(&products[i], sku, 0); !d.Deleted {
				docs = append(docs, d)
			}
		}
	}
	return docs, nil
}
