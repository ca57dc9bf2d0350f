package cached

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/ports"
)

// The generations that values belong to. Every change of a product raises
// anyProduct, its own and that of its slug. All lists share anyProduct: a list
// knows neither what it left out nor what was moved out of it.
const anyProduct = "gen:products"

func oneProduct(p id.Product) string { return "gen:product:" + p.String() }
func oneSlug(slug string) string     { return "gen:slug:" + slug }

var (
	detailLife = life{4 * time.Minute, 5 * time.Minute}
	listLife   = life{time.Minute, 5 * time.Minute}
)

type products struct {
	ports.Products // Walk reads everything once: it goes past the shelf
	s              *shelf
	details        codec[catalog.Product]
	lists          codec[listed]
}

func (c *products) BySlug(ctx context.Context, slug string, after ports.Mark) (catalog.Product, error) {
	return read(ctx, c.s, query[catalog.Product]{
		key:   "product_detail:" + slug,
		basis: func() []string { return []string{oneSlug(slug)} },
		life:  detailLife,
		load: func(ctx context.Context, at ports.Mark) (catalog.Product, error) {
			return c.Products.BySlug(ctx, slug, at)
		},
		// Its own generation as well as the slug's: under an old slug it is
		// found by its id alone.
		generations: func(p catalog.Product) []string { return []string{oneProduct(p.ID), oneSlug(slug)} },
		along:       forItsPage,
		absent: func() []string {
			if !catalog.ValidSlug(slug) {
				return nil // there is no end of these
			}
			return []string{anyProduct}
		},
		codec: c.details,
	}, after)
}

// forItsPage names the generations of what a product is shown with.
func forItsPage(p catalog.Product) []string {
	if len(p.Variants) > few {
		return []string{theTree, anyStock}
	}
	names := append(make([]string, 0, 1+len(p.Variants)), theTree)
	for i := range p.Variants {
		names = append(names, stockOf(p.Variants[i].SKU))
	}
	return names
}

// listed is a page and the categories it was asked for: a key names only the
// first, and what is below it changes.
type listed struct {
	Categories []id.Category
	Page       catalog.Page
}

func (c *products) Page(ctx context.Context, l catalog.Listing, after ports.Mark) (catalog.Page, error) {
	found, err := read(ctx, c.s, query[listed]{
		key:   listKey(l),
		basis: func() []string { return []string{anyProduct} },
		life:  listLife,
		load: func(ctx context.Context, at ports.Mark) (listed, error) {
			page, err := c.Products.Page(ctx, l, at)
			return listed{slices.Clone(l.Categories), page}, err
		},
		generations: func(listed) []string { return []string{anyProduct} },
		along:       func(listed) []string { return []string{theTree, anyStock} },
		weight:      func(v listed) int { return 1 + len(v.Page.Products) },
		fits:        func(v listed) bool { return slices.Equal(v.Categories, l.Categories) },
		codec:       c.lists,
	}, after)
	if err != nil {
		return catalog.Page{}, err
	}
	page := found.Page
	page.Products = append(make([]catalog.Product, 0, len(page.Products)), page.Products...)
	return page, nil
}

// listKey is product_list:{category}:{page} for the view a shopper sees first;
// other views add what is different about them.
func listKey(l catalog.Listing) string {
	b := append(make([]byte, 0, 128), "product_list:"...)
	if len(l.Categories) == 0 {
		b = append(b, "all"...)
	} else {
		b = append(b, l.Categories[0].String()...)
	}
	b = strconv.AppendInt(append(b, ':'), int64(l.Page), 10)
	if l.Sort != catalog.Newest {
		b = append(append(b, ":sort="...), l.Sort...)
	}
	if l.PerPage != catalog.DefaultPerPage {
		b = strconv.AppendInt(append(b, ":per_page="...), int64(l.PerPage), 10)
	}
	if !l.Brand.IsZero() {
		b = append(append(b, ":brand="...), l.Brand.String()...)
	}
	if l.Featured != nil {
		b = strconv.AppendBool(append(b, ":featured="...), *l.Featured)
	}
	return string(b)
}

// ByIDs takes from the shelf what is there and reads the rest at once. Products
// read this way are not exchanged between processes: it would take a round trip
// for each.
func (c *products) ByIDs(ctx context.Context, ids []id.Product, after ports.Mark) ([]catalog.Product, error) {
	items, err := c.heldByID(ctx, ids, after)
	if err != nil {
		return past(ctx, c.s, "product", func(ctx context.Context, at ports.Mark) ([]catalog.Product, error) {
			return c.Products.ByIDs(ctx, ids, at)
		}, after, err)
	}
	var rest []id.Product
	for i, it := range items {
		if it == nil {
			rest = append(rest, ids[i])
		}
	}
	var stored map[id.Product]catalog.Product
	if len(rest) > 0 {
		stored, err = c.storedByID(ctx, rest, after)
		if errors.As(err, new(bypass)) {
			return past(ctx, c.s, "product", func(ctx context.Context, at ports.Mark) ([]catalog.Product, error) {
				return c.Products.ByIDs(ctx, ids, at)
			}, after, err)
		}
		if err != nil {
			return nil, err
		}
	}
	all := make([]catalog.Product, 0, len(ids))
	for i, it := range items {
		if it != nil {
			p, _ := it.value.(catalog.Product)
			all = append(all, p)
		} else if p, ok := stored[ids[i]]; ok {
			all = append(all, p)
		}
	}
	return all, nil
}

func idKey(p id.Product) string { return string(p.UUID[:]) }

// heldByID returns the items that the shelf may serve, each in the place of its
// id, nil for the others.
func (c *products) heldByID(ctx context.Context, ids []id.Product, after ports.Mark) ([]*item, error) {
	items := make([]*item, len(ids))
	latest, err := c.s.cache.ask(ctx, []string{anyProduct}, []string{theTree, anyStock})
	if err != nil {
		return nil, bypass{err}
	}
	clock, calm := c.s.now(), latest[0].Number
	var names []string // of those that a change may have been about
	var doubtful []int
	for i, p := range ids {
		it := c.s.held.get(idKey(p))
		switch {
		case it == nil || c.s.early(it, clock):
		case it.calm.Load() != calm:
			names, doubtful = append(names, it.names...), append(doubtful, i) // of one name each
			items[i] = it
		case c.s.serves(it, after, clock):
			items[i] = it
		}
	}
	if len(doubtful) == 0 {
		return items, nil
	}
	now, err := c.s.generations(ctx, append(names, anyProduct))
	if err != nil {
		return nil, err
	}
	calm = now[len(now)-1].Number
	for n, i := range doubtful {
		if unchanged(items[i].seen, now[n:n+1]) && c.s.serves(items[i], after, clock) {
			items[i].calm.Store(calm)
		} else {
			items[i] = nil
		}
	}
	return items, nil
}

// storedByID reads products from the store and holds them.
func (c *products) storedByID(ctx context.Context, ids []id.Product, after ports.Mark) (map[id.Product]catalog.Product, error) {
	names := make([]string, len(ids))
	for i, p := range ids {
		names[i] = oneProduct(p)
	}
	basis, err := c.s.generations(ctx, names)
	if err != nil {
		return nil, err
	}
	at := after
	for _, g := range basis {
		at = newest(at, g.After)
	}
	began := c.s.now()
	found, err := c.Products.ByIDs(ctx, ids, at)
	if err != nil {
		return nil, err
	}
	cost := max(c.s.now().Sub(began)/time.Duration(max(1, len(found))), time.Microsecond)
	names = names[:0]
	byID := make(map[id.Product]catalog.Product, len(found))
	for _, p := range found {
		names, byID[p.ID] = append(names, oneProduct(p.ID)), p
	}
	now, err := c.s.generations(ctx, names)
	if err != nil {
		return byID, nil //nolint:nilerr // they are read; only holding them failed
	}
	for i, p := range found {
		if includes(at, now[i].After) {
			c.s.held.put(idKey(p.ID), &item{
				value: p, names: names[i : i+1 : i+1], seen: now[i : i+1 : i+1], at: at, born: began, cost: cost, life: detailLife, weight: 1,
			})
		}
	}
	return byID, nil
}
