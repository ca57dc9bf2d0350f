package core

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/job"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/core/webhook"
	"github.com/bodega-commerce/bodega/ports"
)

// errSame ends an edit that changes nothing: nothing is written, no version
// rises, nobody is told.
var errSame = errors.New("nothing changed")

// errOutdated says that the taxonomy an edit was judged by is not the one in
// force. It never leaves this file.
var errOutdated = errors.New("the taxonomy has changed")

// edit is how a product that is there is changed: locked, compared with the
// version its editor saw, changed, judged, saved and queued for the index in
// one transaction. change works on a copy and may run more than once. Pictures
// are the images it will need, see album.
func (c *Catalog) edit(ctx context.Context, find func(context.Context, ports.CatalogTx) (catalog.Product, error), version int64, pictures []id.Image, change func(*catalog.Product, album) error) (SavedProduct, error) {
	shown, err := c.album(ctx, pictures)
	if err != nil {
		return SavedProduct{}, err
	}
	now, heard := c.s.Now(), c.s.listeners(ctx)
	var before, after catalog.Product
	mark, err := c.judged(ctx, func(ctx context.Context, tx ports.CatalogTx, taxonomy *catalog.Taxonomy) error {
		var err error
		if before, err = find(ctx, tx); err != nil {
			return err
		}
		after = before
		if version != 0 && version != before.Version {
			return fault.VersionConflict(before.Version)
		}
		after.Variants = slices.Clone(before.Variants)
		if err := change(&after, shown.and(&before)); err != nil {
			return err
		}
		if err := c.judge(ctx, tx, taxonomy, &before, &after); err != nil {
			return err
		}
		after.Version++
		after.UpdatedAt = later(now, before.UpdatedAt)
		return c.save(ctx, tx, after, heard)
	})
	if errors.Is(err, errSame) {
		return c.saved(ctx, after, ports.Mark{}), nil
	}
	if err != nil {
		return SavedProduct{}, err
	}
	changed := []catalog.Product{after}
	if before.Slug != after.Slug {
		changed = append(changed, before) // what is kept under the old slug is wrong now
	}
	c.s.Caches.ProductsChanged(ctx, mark, changed...)
	return c.saved(ctx, after, mark), nil
}

// later returns now, or a moment after the last change when clocks disagree:
// whoever walks what has changed since must not miss it.
func later(now, last time.Time) time.Time {
	if now.After(last) {
		return now
	}
	return last.Add(time.Microsecond)
}

func (c *Catalog) save(ctx context.Context, tx ports.CatalogTx, p catalog.Product, heard *audience) error {
	if err := tx.Products.Save(ctx, p); err != nil {
		return err
	}
	typ := webhook.ProductUpdated
	if p.Version == 1 {
		typ = webhook.ProductCreated
	}
	jobs := c.s.indexJobs(ctx, job.ProductPayload{Product: p.ID, Version: p.Version})
	return tx.Jobs.Add(ctx, append(jobs, c.s.tellProduct(ctx, heard, typ, &p)...)...)
}

// saved shows an operator the product just written. The write is done, so what
// cannot be read beside it is left out rather than reported as a failure.
func (c *Catalog) saved(ctx context.Context, p catalog.Product, mark ports.Mark) SavedProduct {
	if all, err := c.s.stocked(ctx, []catalog.Product{p}, mark); err == nil {
		return all[0]
	}
	return SavedProduct{ProductView: ProductView{Product: p}, Mark: mark}
}

// judged runs a transaction with the taxonomy in force. Definitions are many
// and seldom change, so they are read before the transaction, from a cache if
// there is one; inside it the versions of locked categories tell whether they
// still hold.
func (c *Catalog) judged(ctx context.Context, fn func(context.Context, ports.CatalogTx, *catalog.Taxonomy) error) (ports.Mark, error) {
	var seen ports.Mark
	for range 3 {
		taxonomy, err := c.s.Catalog.Taxonomy.Taxonomy(ctx, seen)
		if err != nil {
			return ports.Mark{}, err
		}
		mark, err := c.s.Catalog.Tx.InTx(ctx, func(ctx context.Context, tx ports.CatalogTx) error { return fn(ctx, tx, taxonomy) })
		if !errors.Is(err, errOutdated) {
			return mark, err
		}
		if seen, err = c.s.Catalog.Marks.Position(ctx); err != nil {
			return ports.Mark{}, err
		}
	}
	return ports.Mark{}, fault.New(fault.Unavailable, "unavailable", "the categories keep changing, try again")
}

// judge answers Invalid for what a change breaks: the product's own rules, the
// shop's currency, references and the definitions of its category. before is
// nil for a new product.
func (c *Catalog) judge(ctx context.Context, tx ports.CatalogTx, t *catalog.Taxonomy, before, after *catalog.Product) error {
	var f fault.Fields
	f.Join("", fieldsErr(after.Check()))
	if !after.Brand.IsZero() && (before == nil || before.Brand != after.Brand) {
		found, err := tx.Brands.BrandsForUpdate(ctx, after.Brand)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			f.Add("brand_id", "unknown_reference", "is not a brand")
		}
	}
	if !after.Category.IsZero() {
		tree, err := tx.Categories.TreeForUpdate(ctx)
		if err != nil {
			return err
		}
		switch known, current := holds(t, tree, after.Category); {
		case !known:
			f.Add("category_id", "unknown_reference", "is not a category")
		case !current:
			return errOutdated
		default:
			f.Join("", fieldsErr(t.Misfits(after, before)))
		}
	}
	c.mismatches(&f, after)
	slices.SortStableFunc(f.List(), func(a, b fault.Field) int { return cmp.Compare(a.Location, b.Location) })
	return f.Err()
}

func fieldsErr(fields []fault.Field) error {
	if len(fields) == 0 {
		return nil
	}
	return fault.InvalidFields(fields...)
}

// holds reports whether a category is in the locked tree and whether the
// taxonomy knows it, its ancestors and their definitions as they are there:
// a definition raises the version of its category.
func holds(t *catalog.Taxonomy, tree []catalog.Category, c id.Category) (known, current bool) {
	locked := make(map[id.Category]*catalog.Category, len(tree))
	for i := range tree {
		locked[tree[i].ID] = &tree[i]
	}
	if locked[c] == nil {
		return false, false
	}
	for range catalog.MaxDepth {
		l := locked[c]
		if seen, ok := t.Category(c); !ok || seen.Version != l.Version || seen.Parent != l.Parent {
			return true, false
		}
		if l.Parent.IsZero() {
			return true, true
		}
		c = l.Parent
	}
	return true, true
}

// mismatches records the prices that are in another currency than the shop's.
func (c *Catalog) mismatches(f *fault.Fields, p *catalog.Product) {
	check := func(at string, a money.Amount) {
		if !a.IsNone() && a.Currency() != c.s.Currency && a.Currency().Known() {
			f.AddCurrency(at, string(c.s.Currency))
		}
	}
	check("base_price", p.BasePrice)
	check("compare_at_price", p.CompareAt)
	for i := range p.Variants {
		at := "variants[" + strconv.Itoa(i) + "]."
		check(at+"price", p.Variants[i].PriceOverride)
		check(at+"compare_at_price", p.Variants[i].CompareAt)
	}
}

// byID finds the product of an edit.
func byID(p id.Product) func(context.Context, ports.CatalogTx) (catalog.Product, error) {
	return func(ctx context.Context, tx ports.CatalogTx) (catalog.Product, error) {
		found, err := tx.Products.ForUpdate(ctx, p)
		if err != nil {
			return catalog.Product{}, err
		}
		if len(found) == 0 {
			return catalog.Product{}, fault.Missing("product")
		}
		return found[0], nil
	}
}

// bySKU finds the product that has a variant.
func bySKU(sku id.SKU) func(context.Context, ports.CatalogTx) (catalog.Product, error) {
	return func(ctx context.Context, tx ports.CatalogTx) (catalog.Product, error) {
		found, err := tx.Products.ForUpdateByFeed(ctx, []id.SKU{sku}, nil)
		if err != nil {
			return catalog.Product{}, err
		}
		if len(found) == 0 {
			return catalog.Product{}, fault.Missing("variant")
		}
		return found[0], nil
	}
}

// album is the images that a command may name.
type album map[id.Image]catalog.Image

// album reads uploaded images. Those it does not find may be the product's own.
func (c *Catalog) album(ctx context.Context, ids []id.Image) (album, error) {
	all := album{}
	if len(ids) == 0 {
		return all, nil
	}
	found, err := c.s.Catalog.Images.ImagesByID(ctx, ids)
	if err != nil {
		return nil, err
	}
	for _, i := range found {
		all[i.ID] = i
	}
	return all, nil
}

// and adds the images that a product has.
func (a album) and(p *catalog.Product) album {
	all := maps.Clone(a)
	add := func(images []catalog.Image) {
		for _, i := range images {
			all[i.ID] = i
		}
	}
	add(p.Images)
	for i := range p.Variants {
		add(p.Variants[i].Images)
	}
	return all
}

// pick returns the images of ids, or records those that are not there.
func (a album) pick(f *fault.Fields, at string, ids []id.Image) []catalog.Image {
	picked := make([]catalog.Image, 0, len(ids))
	for i, one := range ids {
		where := at + "[" + strconv.Itoa(i) + "]"
		img, ok := a[one]
		switch {
		case !ok:
			f.Add(where, "unknown_reference", "is not an image")
		case slices.Contains(ids[:i], one):
			f.Add(where, "duplicate", "comes twice")
		default:
			picked = append(picked, img)
		}
	}
	return picked
}

// freeSlug returns the first slug for a name that no other product has or had.
// Slugs that were chosen for products not yet saved are in chosen.
func freeSlug(ctx context.Context, slugs ports.Slugs, name, distinction string, chosen map[string]bool) (string, error) {
	var batch []string
	for s := range catalog.Slugs(name, distinction) {
		if !chosen[s] {
			batch = append(batch, s)
		}
		if len(batch) < 3 {
			continue
		}
		taken, err := slugs.Taken(ctx, batch)
		if err != nil {
			return "", err
		}
		for _, s := range batch {
			if _, ok := taken[s]; !ok {
				return s, nil
			}
		}
		batch = batch[:0]
	}
	return "", fault.New(fault.Conflict, "already_exists", "no slug is free") // Slugs never ends
}

// variantLocations makes locations relative to one variant, for commands that
// are about one.
func variantLocations(err error, p *catalog.Product, sku id.SKU) error {
	e, ok := errors.AsType[*fault.Error](err)
	if !ok || len(e.Fields) == 0 || p == nil {
		return err
	}
	for i := range p.Variants {
		if p.Variants[i].SKU.Fold() != sku.Fold() {
			continue
		}
		prefix := "variants[" + strconv.Itoa(i) + "]."
		for j := range e.Fields {
			e.Fields[j].Location = strings.TrimPrefix(e.Fields[j].Location, prefix)
		}
	}
	return err
}
