package core

import (
	"context"
	"fmt"
	"slices"

	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/feed"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/job"
	"github.com/bodega-commerce/bodega/core/webhook"
	"github.com/bodega-commerce/bodega/ports"
)

// chunk is the work on some lines in one transaction. It is made anew each time
// the transaction runs.
type chunk struct {
	run      *importRun
	bySKU    map[string]*slot
	byFamily map[string]*slot
	slots    []*slot // products that changed or are new, in the order of their lines
	led      map[id.Product]bool
	taken    []taken
	rejects  []feed.Reject
	notes    []string
}

// slot is a product in a chunk.
type slot struct {
	product *catalog.Product
	fresh   *feed.Line // the line that begins it; nil if it is stored
	changed bool
}

// taken is a line that was taken, and what it did.
type taken struct {
	line    *feed.Line
	product *slot
	outcome feed.Outcome
	refused bool // but for its stock
}

// chunk works on lines and returns those it did not take.
func (r *importRun) chunk(ctx context.Context, lines []prepared) ([]feed.Reject, error) {
	if len(lines) == 0 {
		return nil, nil
	}
	now, heard := r.s.Now(), r.s.listeners(ctx)
	var c *chunk
	mark, err := r.s.Catalog.Tx.InTx(ctx, func(ctx context.Context, tx ports.CatalogTx) error {
		c = &chunk{run: r, bySKU: map[string]*slot{}, byFamily: map[string]*slot{}, led: map[id.Product]bool{}}
		if err := c.load(ctx, tx, lines); err != nil {
			return err
		}
		for _, l := range lines {
			c.take(l)
		}
		if r.trial != nil {
			return nil
		}
		if err := c.nameNew(ctx, tx); err != nil {
			return err
		}
		products := make([]catalog.Product, len(c.slots))
		payloads := make([]job.ProductPayload, len(c.slots))
		var news []job.Envelope
		for i, s := range c.slots {
			s.product.Version++
			s.product.UpdatedAt = later(now, s.product.UpdatedAt)
			typ := webhook.ProductUpdated
			if s.fresh != nil {
				typ = webhook.ProductCreated
				s.product.CreatedAt = now
			}
			products[i] = *s.product
			payloads[i] = job.ProductPayload{Product: s.product.ID, Version: s.product.Version}
			news = append(news, r.s.tellProduct(ctx, heard, typ, s.product)...)
		}
		if len(products) == 0 {
			return nil
		}
		if err := tx.Products.Save(ctx, products...); err != nil {
			return err
		}
		return tx.Jobs.Add(ctx, append(r.s.indexJobs(ctx, payloads...), news...)...)
	})
	if err != nil {
		return nil, err
	}
	for p := range c.led {
		r.led[p] = true
	}
	r.report.Note(c.notes...)
	switch {
	case r.trial != nil:
		r.trial.remember(c.slots)
	case len(c.slots) > 0:
		changed := make([]catalog.Product, len(c.slots))
		for i, s := range c.slots {
			changed[i] = *s.product
		}
		r.s.Caches.ProductsChanged(ctx, mark, changed...)
	}
	if err := r.stock(ctx, c); err != nil {
		return nil, err
	}
	for _, t := range c.taken {
		switch {
		case t.refused: // counted with the rejects
		case t.outcome == feed.Created:
			r.report.Created++
		case t.outcome == feed.Updated:
			r.report.Updated++
		default:
			r.report.Unchanged++
		}
	}
	return c.rejects, nil
}

// load locks the products the lines are about.
func (c *chunk) load(ctx context.Context, tx ports.CatalogTx, lines []prepared) error {
	skus := make([]id.SKU, len(lines))
	var families []string
	for i, l := range lines {
		skus[i] = l.SKU
		if l.Family != "" {
			families = append(families, l.Family)
		}
	}
	slices.Sort(families)
	found, err := tx.Products.ForUpdateByFeed(ctx, skus, slices.Compact(families))
	if err != nil {
		return err
	}
	for i := range found {
		p := &found[i]
		if c.run.trial != nil {
			c.run.trial.complete(p)
		}
		c.know(&slot{product: p})
	}
	if c.run.trial != nil {
		for _, family := range families {
			if p, ok := c.run.trial.families[family]; ok && c.byFamily[family] == nil {
				stored := p
				c.know(&slot{product: &stored})
			}
		}
	}
	return nil
}

func (c *chunk) know(s *slot) {
	for i := range s.product.Variants {
		c.bySKU[s.product.Variants[i].SKU.Fold()] = s
	}
	if s.product.Family != "" && c.byFamily[s.product.Family] == nil {
		c.byFamily[s.product.Family] = s
	}
}

// take brings one line in. A SKU stays in the product where it is; a new one
// goes to its family's product if it can be told apart there, else it is a
// product of its own.
func (c *chunk) take(line prepared) {
	l := line.Line
	home := c.bySKU[l.SKU.Fold()]
	family := c.byFamily[l.Family]
	if home != nil && family != nil && home != family {
		l = alone(l)
	}
	if home != nil && l.Clashes(home.product) {
		c.reject(l.Reject("duplicate", "another variant of the product has the same options"))
		return
	}
	if home == nil && family != nil {
		if why := apart(l, family.product); why != "" {
			c.notes = append(c.notes, fmt.Sprintf("line %d, sku %s: %s: it is a product of its own", l.Number, l.SKU, why))
			l = alone(l)
		} else {
			home = family
		}
	}
	res := feed.Resolved{Line: l, Brand: line.brand, Category: c.categoryOf(line, home)}
	if home == nil || home.product.Variant(l.SKU) == nil || l.Has(feed.MemberAttributes) {
		var reject *feed.Reject
		if res.Values, reject = c.values(line, res.Category); reject != nil {
			c.reject(reject)
			return
		}
	}
	if home == nil {
		p := feed.NewProduct(id.Product{UUID: c.run.s.ids.New()}, "", res)
		home = &slot{product: &p, fresh: l}
	}
	outcome := res.Merge(home.product, c.leads(home), c.run.s.ids.New)
	c.led[home.product.ID] = true
	c.bySKU[l.SKU.Fold()] = home
	if home.product.Family != "" && c.byFamily[home.product.Family] == nil {
		c.byFamily[home.product.Family] = home
	}
	if outcome != feed.Unchanged && !home.changed {
		home.changed = true
		c.slots = append(c.slots, home)
	}
	c.taken = append(c.taken, taken{line: l, product: home, outcome: outcome})
}

// alone is the line without its family.
func alone(l *feed.Line) *feed.Line {
	own := *l
	own.Family = ""
	return &own
}

// apart says why a line cannot be a variant of its family's product; "" if it can.
func apart(l *feed.Line, p *catalog.Product) string {
	switch {
	case len(p.Variants) >= catalog.MaxVariants:
		return "its family has 2000 variants"
	case !l.SameOptionNames(p):
		return "its options have other names than those of its family"
	case l.Clashes(p):
		return "another variant of its family has the same options"
	}
	return ""
}

// leads reports whether the next line of a product is its first in the feed.
func (c *chunk) leads(s *slot) bool { return !c.led[s.product.ID] && !c.run.led[s.product.ID] }

// categoryOf returns the category whose definitions a line's values have.
func (c *chunk) categoryOf(l prepared, home *slot) id.Category {
	if home != nil && (!c.leads(home) || !l.Has(feed.MemberCategory)) {
		return home.product.Category
	}
	return l.category
}

// values are a line's in the category of its product, mostly the one it names.
func (c *chunk) values(l prepared, category id.Category) (catalog.Attributes, *feed.Reject) {
	if category == l.category {
		return l.values, l.reject
	}
	return c.run.values(l.Line, category)
}

func (c *chunk) reject(r *feed.Reject) { c.rejects = append(c.rejects, *r) }

// nameNew finds a slug for each new product: what its line asks for or its
// name, told apart by its SKU where that is taken.
func (c *chunk) nameNew(ctx context.Context, tx ports.CatalogTx) error {
	var nameless []*slot
	for _, s := range c.slots {
		if s.fresh != nil {
			nameless = append(nameless, s)
		}
	}
	chosen := make(map[string]bool, len(nameless))
	for choice := 0; choice < 2 && len(nameless) > 0; choice++ { // of all at once, as it is enough for nearly all
		wanted := make([]string, len(nameless))
		for i, s := range nameless {
			wanted[i] = slugFor(s, choice)
		}
		busy, err := tx.Slugs.Taken(ctx, slices.Compact(slices.Sorted(slices.Values(wanted))))
		if err != nil {
			return err
		}
		left := nameless[:0]
		for i, s := range nameless {
			if _, used := busy[wanted[i]]; used || chosen[wanted[i]] {
				left = append(left, s)
				continue
			}
			s.product.Slug, chosen[wanted[i]] = wanted[i], true
		}
		nameless = left
	}
	for _, s := range nameless {
		slug, err := freeSlug(ctx, tx.Slugs, wish(s), string(s.fresh.SKU), chosen)
		if err != nil {
			return err
		}
		s.product.Slug, chosen[slug] = slug, true
	}
	return nil
}

// wish is what a new product's slug is made of: the one it came with, or its name.
func wish(s *slot) string {
	if s.fresh.Has(feed.MemberSlug) {
		return s.fresh.Slug
	}
	return s.product.Name
}

// slugFor returns a choice for a new product; 0 is its first.
func slugFor(s *slot, choice int) string {
	for slug := range catalog.Slugs(wish(s), string(s.fresh.SKU)) {
		if choice == 0 {
			return slug
		}
		choice--
	}
	return "" // Slugs never ends
}

// trial is what an import that writes nothing would have written, as far as
// later lines must know of it.
type trial struct{ families map[string]catalog.Product }

func newTrial() *trial { return &trial{families: map[string]catalog.Product{}} }

func (t *trial) remember(slots []*slot) {
	for _, s := range slots {
		if s.product.Family != "" {
			t.families[s.product.Family] = *s.product
		}
	}
}

// complete adds to a stored product the variants it would have by now.
func (t *trial) complete(p *catalog.Product) {
	if tried, ok := t.families[p.Family]; ok && p.Family != "" {
		for _, v := range tried.Variants {
			if p.Variant(v.SKU) == nil {
				p.Variants = append(p.Variants, v)
			}
		}
	}
}
