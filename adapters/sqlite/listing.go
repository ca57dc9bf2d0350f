package sqlite

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"maps"

	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/ports"
)

// sorting is how a list is sorted: the terms, and the index that has them, or
// begins with them.
type sorting struct{ terms, index string }

var sortings = map[catalog.Sort]sorting{
	catalog.Newest:       {"newest DESC, id", "products_newest"},
	catalog.PriceAsc:     {"price, id", "products_price"},
	catalog.PriceDesc:    {"price DESC, id", "products_price"},
	catalog.ByRating:     {"rating DESC, ratings DESC, id", "products_rating"},
	catalog.ByPopularity: {"popularity DESC, id", "products_popularity"},
}

func (ps products) Page(ctx context.Context, l catalog.Listing, _ ports.Mark) (catalog.Page, error) {
	if err := l.Validate(); err != nil {
		return catalog.Page{}, err
	}
	counts, err := ps.db.activeCounts(ctx)
	if err != nil {
		return catalog.Page{}, err
	}
	page := catalog.Page{Products: []catalog.Product{}}
	err = ps.db.snapshot(ctx, func(s *session) error {
		q, err := selection(l)
		if err != nil {
			return err
		}
		if page.Total = counts.total(l); page.Total < 0 {
			if err := s.query("SELECT count(*) FROM products INDEXED BY "+q.index+q.where, func(r row) error {
				page.Total = r.int(0)
				return nil
			}, q.args...); err != nil {
				return err
			}
		}
		skip := (l.Page - 1) * l.PerPage
		if skip >= page.Total {
			return nil
		}
		by := sortings[l.Sort]
		// Walking the whole list in its order finds a page soon if much of it
		// matches; else it is cheaper to sort what matches. A step of the walk
		// costs about three of the sort: it looks at the product itself.
		if 3*(skip+l.PerPage)*counts.all < page.Total*page.Total {
			q.index = by.index
		}
		seqs := make([]int64, 0, l.PerPage)
		if err := s.query("SELECT seq FROM products INDEXED BY "+q.index+q.where+" ORDER BY "+by.terms+" LIMIT ?4 OFFSET ?5", func(r row) error {
			seqs = append(seqs, r.int64(0))
			return nil
		}, append(q.args, l.PerPage, skip)...); err != nil {
			return err
		}
		page.Products = make([]catalog.Product, 0, len(seqs))
		for _, seq := range seqs { // after the sort, so that it need not carry documents
			if err := s.query("SELECT doc FROM products WHERE seq = ?1", s.products(&page.Products), seq); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return catalog.Page{}, err
	}
	page.Products, err = shown(page.Products, nil)
	return page, err
}

// selected is which products a list is of, and the index that finds them best.
type selected struct {
	index string
	where string
	args  []any // ?1 to ?3
}

// selection builds one of a few texts, so that they stay prepared.
func selection(l catalog.Listing) (selected, error) {
	q := selected{index: sortings[l.Sort].index, where: " WHERE status = 'active'", args: []any{nil, l.Brand.UUID, nil}}
	switch len(l.Categories) {
	case 0:
	case 1:
		q.index, q.where, q.args[0] = "products_category", q.where+" AND category = ?1", l.Categories[0].UUID
	default:
		hexes := make([]string, len(l.Categories))
		for i, c := range l.Categories {
			hexes[i] = hex.EncodeToString(c.UUID[:])
		}
		list, err := json.Marshal(hexes)
		if err != nil {
			return q, fault.Wrap(fault.Internal, "sqlite.Page", err)
		}
		q.index, q.where, q.args[0] = "products_category", q.where+" AND category IN (SELECT unhex(value) FROM json_each(?1))", string(list)
	}
	if !l.Brand.IsZero() {
		q.index, q.where = "products_brand", q.where+" AND brand = ?2"
	}
	if l.Featured != nil {
		if *l.Featured {
			q.index, q.where = "products_featured", q.where+" AND featured = 1"
		} else {
			q.where += " AND featured = 0"
		}
	}
	return q, nil
}

// activeCounts counts active products by their own category; the zero id holds
// those without.
type activeCounts struct {
	in  map[id.Category]int
	all int
}

// total returns how many products a list has; -1 if that has to be counted.
func (c activeCounts) total(l catalog.Listing) int {
	if !l.Brand.IsZero() || l.Featured != nil {
		return -1
	}
	if len(l.Categories) == 0 {
		return c.all
	}
	n := 0
	seen := make(map[id.Category]bool, len(l.Categories))
	for _, category := range l.Categories {
		if !seen[category] && !category.IsZero() {
			seen[category] = true
			n += c.in[category]
		}
	}
	return n
}

func (db *DB) activeCounts(ctx context.Context) (activeCounts, error) {
	return db.derived.counts.get(func() (activeCounts, error) {
		c := activeCounts{in: map[id.Category]int{}}
		err := db.view(ctx, func(s *session) error {
			return s.query("SELECT category, count(*) FROM products INDEXED BY products_category WHERE status = 'active' GROUP BY category", func(r row) error {
				n := r.int(1)
				c.in[id.Category{UUID: r.uuid(0)}] = n
				c.all += n
				return nil
			})
		})
		return c, err
	})
}

func (t taxonomies) ActiveCounts(ctx context.Context, _ ports.Mark) (map[id.Category]int, error) {
	counts, err := t.db.activeCounts(ctx)
	if err != nil {
		return nil, err
	}
	in := maps.Clone(counts.in)
	delete(in, id.Category{})
	return in, nil
}
