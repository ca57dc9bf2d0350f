package core

import (
	"context"
	"slices"

	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/search"
	"github.com/bodega-commerce/bodega/ports"
)

// Index brings the index up to date with products as they are now, deleted
// ones included. It is what search.index_product does: safe to repeat, late or
// in any order. What the index holds already is not written again.
//
// It first raises the versions under which it will write and commits, then
// reads: whoever holds the highest version has read after every change that was
// committed before it. But who finds its document held leaves it under its lower
// version, and somebody late could then still replace it by what was read
// before. So who has written reads again, and does it once more if the store
// says something else by now.
func (se *Search) Index(ctx context.Context, products []id.Product) error {
	_, err := se.index(ctx, products)
	return err
}

// indexTries bounds how often products are indexed again because they changed
// while they were.
const indexTries = 10

// index is Index, and returns which SKUs it has written, by id.SKU.Fold.
func (se *Search) index(ctx context.Context, products []id.Product) (map[string]bool, error) {
	products = distinct(slices.Clone(products))
	all := make(map[string]bool)
	for range indexTries {
		written, ordered, err := se.indexOnce(ctx, products)
		for i := range written {
			all[written[i].SKU.Fold()] = true
		}
		if err != nil || ordered || len(written) == 0 {
			return all, err
		}
		if products, err = se.outdated(ctx, written, products); err != nil || len(products) == 0 {
			return all, err
		}
	}
	return all, fault.New(fault.Unavailable, "unavailable", "the products change faster than they can be indexed")
}

func distinct(products []id.Product) []id.Product {
	slices.SortFunc(products, func(a, b id.Product) int { return slices.Compare(a.UUID[:], b.UUID[:]) })
	return slices.Compact(products)
}

// indexOnce writes what the index does not hold, and returns it. ordered says
// that versions alone decide what stays.
func (se *Search) indexOnce(ctx context.Context, products []id.Product) (written []search.Document, ordered bool, err error) {
	raised, mark, err := se.raise(ctx, products)
	if err != nil {
		return nil, false, err
	}
	docs, now, err := se.documents(ctx, products, raised, mark)
	if err != nil {
		return nil, false, err
	}
	if err := se.define(ctx, mark); err != nil {
		return nil, false, err
	}
	if written, ordered, err = se.write(ctx, docs); err != nil {
		return nil, false, err
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
		return nil, false, err
	}
	se.s.Caches.ProductsChanged(ctx, at, now...)
	return written, ordered, nil
}

// write writes the documents that the index does not hold.
func (se *Search) write(ctx context.Context, docs []search.Document) (written []search.Document, ordered bool, err error) {
	if len(docs) == 0 {
		return nil, true, nil
	}
	held, err := se.s.Search.Held(ctx, docs)
	if err != nil {
		return nil, false, err
	}
	if held == nil {
		written = docs
	}
	for i, is := range held {
		if !is {
			written = append(written, docs[i])
		}
	}
	if len(written) > 0 {
		_, err = se.s.Search.Index(ctx, written)
	}
	return written, held == nil, err
}

// outdated returns the products for which the store says something else by now
// than the documents do.
func (se *Search) outdated(ctx context.Context, docs []search.Document, products []id.Product) ([]id.Product, error) {
	skus := make([]id.SKU, len(docs))
	for i := range docs {
		skus[i] = docs[i].SKU
	}
	now, err := se.expected(ctx, skus)
	if err != nil {
		return nil, err
	}
	var changed []id.Product
	for i := range docs {
		d := now[docs[i].SKU.Fold()]
		if d.Digest() == docs[i].Digest() {
			continue
		}
		if d.Deleted { // of whoever had it
			return products, nil
		}
		changed = append(changed, d.Product)
		if !docs[i].Deleted {
			changed = append(changed, docs[i].Product)
		}
	}
	return distinct(changed), nil
}

// expected returns what the index is to hold of SKUs, by id.SKU.Fold, as the
// store is now. The documents have no version.
func (se *Search) expected(ctx context.Context, skus []id.SKU) (map[string]search.Document, error) {
	at, err := se.s.Catalog.Marks.Position(ctx)
	if err != nil {
		return nil, err
	}
	b, err := se.binder(ctx, at)
	if err != nil {
		return nil, err
	}
	found, err := se.s.Catalog.Records.ProductsBySKU(ctx, skus)
	if err != nil {
		return nil, err
	}
	docs := make(map[string]search.Document, len(skus))
	for _, sku := range skus {
		docs[sku.Fold()] = search.Document{SKU: sku, Deleted: true}
	}
	if len(found) > 0 {
		if err := b.count(ctx, skus); err != nil {
			return nil, err
		}
	}
	for i := range found {
		for _, sku := range found[i].SKUs() {
			if _, asked := docs[sku.Fold()]; asked {
				docs[sku.Fold()] = b.document(&found[i], sku, 0)
			}
		}
	}
	return docs, nil
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
	var alive []id.Product // that have one of those
	all := 0
	for p, versions := range raised {
		all += len(versions)
		before := len(live)
		for _, v := range versions {
			if v.Live {
				live = append(live, v.SKU)
			}
		}
		if len(live) > before {
			alive = append(alive, p)
		}
	}
	b, err := se.binder(ctx, mark)
	if err != nil {
		return nil, nil, err
	}
	found := []catalog.Product{}
	if len(live) > 0 {
		if found, err = se.s.Catalog.Records.ProductsByID(ctx, alive); err != nil {
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
	docs := make([]search.Document, 0, all)
	for _, p := range products {
		for _, v := range raised[p] {
			docs = append(docs, b.document(byID[p], v.SKU, v.Version))
		}
	}
	return docs, found, nil
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
