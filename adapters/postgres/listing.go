package postgres

import (
	"context"
	"slices"
	"strconv"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/ports"
)

// sorting is how a list is sorted: by these columns, in these terms.
type sorting struct{ columns, terms string }

var sortings = map[catalog.Sort]sorting{
	catalog.Newest:       {"newest", "newest DESC, id"},
	catalog.PriceAsc:     {"price", "price, id"},
	catalog.PriceDesc:    {"price", "price DESC, id"},
	catalog.ByRating:     {"rating, ratings", "rating DESC, ratings DESC, id"},
	catalog.ByPopularity: {"popularity", "popularity DESC, id"},
}

// Page is contracted by ports.Products.
func (ps products) Page(ctx context.Context, l catalog.Listing, after ports.Mark) (page catalog.Page, err error) {
	if err := l.Validate(); err != nil {
		return catalog.Page{}, err
	}
	sql, args := listing(l)
	err = ps.r.readAfter(ctx, after, func(q querier) error {
		page.Products, page.Total, err = counted(ctx, q, sql, args...)
		return err
	})
	if err != nil {
		return catalog.Page{}, err
	}
	hideInactive(page.Products)
	return page, nil
}

// listing builds one of a few texts, so that they stay prepared. Each is one
// statement, so that the page and the total are of one state.
//
// A page of all or of categories is a walk along the index of its order, in each
// of the categories; the numbers of products are kept beside them. Of a brand, or
// what is featured, there is little: it is read whole, counted and sorted.
func listing(l catalog.Listing) (string, arguments) {
	var args arguments
	by := sortings[l.Sort]
	skip := (l.Page - 1) * l.PerPage
	where, in := "status = 'active'", ""
	categories := categoryUUIDs(l.Categories)
	switch len(categories) {
	case 0:
	case 1: // by itself, so that any category is planned as this one
		in = " AND category = " + args.add(categories[0])
	default:
		in = " AND category = ANY(" + args.add(categories) + ")"
	}
	paged := " ORDER BY " + by.terms + " LIMIT " + strconv.Itoa(l.PerPage) + " OFFSET " + strconv.Itoa(skip)

	if l.Brand.IsZero() && (l.Featured == nil || !*l.Featured) {
		total := "SELECT coalesce(sum(n), 0) FROM catalog.product_counts WHERE status = 'active'" + in
		if l.Featured != nil {
			where += " AND NOT featured"
			total = "(" + total + ") - (SELECT count(*) FROM catalog.products WHERE status = 'active' AND featured" + in + ")"
		}
		from := "SELECT id, " + by.columns + " FROM catalog.products WHERE " + where
		if len(categories) > 1 {
			from = "SELECT ranked.* FROM unnest($1::uuid[]) AS one (category) CROSS JOIN LATERAL (" +
				from + " AND category = one.category ORDER BY " + by.terms + " LIMIT " + strconv.Itoa(skip+l.PerPage) + ") AS ranked"
		} else {
			from += in
		}
		return "WITH page AS (" + from + paged + ") " + counting(total, by.terms), args
	}

	where += in
	if !l.Brand.IsZero() {
		where += " AND brand = " + args.add(uuid(l.Brand.UUID))
	}
	if l.Featured != nil && *l.Featured {
		where += " AND featured"
	} else if l.Featured != nil {
		where += " AND NOT featured"
	}
	return "WITH matching AS MATERIALIZED (SELECT id, " + by.columns + " FROM catalog.products WHERE " + where + "), page AS (SELECT * FROM matching" + paged + ") " +
		counting("SELECT count(*) FROM matching", by.terms), args
}

// counting selects the documents of a page (a query before it) in its order,
// with a total beside each; if there are none, with the total alone.
func counting(total, terms string) string {
	return "SELECT all_of_it.n::bigint, found.doc FROM (SELECT (" + total + ") AS n) AS all_of_it LEFT JOIN " +
		"(SELECT p.doc, page.* FROM page JOIN catalog.products p USING (id)) AS found ON true ORDER BY " + terms
}

// counted returns the products and the total of a statement made by counting.
func counted(ctx context.Context, q querier, sql string, args ...any) ([]catalog.Product, int, error) {
	rows, err := q.Query(ctx, sql, args...)
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close()
	found, total := []catalog.Product{}, 0
	for rows.Next() {
		var doc pgtype.DriverBytes // valid until the next row
		if err := rows.Scan(&total, &doc); err != nil {
			return nil, 0, err
		}
		if doc == nil {
			continue
		}
		p, err := document(doc)
		if err != nil {
			return nil, 0, err
		}
		found = append(found, p)
	}
	return found, total, rows.Err()
}

// ActiveCounts is contracted by ports.Taxonomies.
func (t *taxonomies) ActiveCounts(ctx context.Context, after ports.Mark) (counts map[id.Category]int, err error) {
	err = t.r.readAfter(ctx, after, func(q querier) error {
		rows, err := q.Query(ctx, `SELECT category, sum(n) FROM catalog.product_counts
			WHERE status = 'active' AND category <> '00000000-0000-0000-0000-000000000000' GROUP BY category HAVING sum(n) <> 0`)
		if err != nil {
			return err
		}
		defer rows.Close()
		counts = map[id.Category]int{}
		for rows.Next() {
			var category uuid
			var n int
			if err := rows.Scan(&category, &n); err != nil {
				return err
			}
			counts[id.Category{UUID: id.UUID(category)}] = n
		}
		return rows.Err()
	})
	if err != nil {
		return nil, err
	}
	return counts, nil
}

// arguments are those of a statement that is put together from parts.
type arguments []any

// add takes an argument in and returns its name.
func (a *arguments) add(v any) string {
	*a = append(*a, v)
	return "$" + strconv.Itoa(len(*a))
}

// categoryUUIDs returns each category once.
func categoryUUIDs(cs []id.Category) []uuid {
	all := uuids(cs, func(c id.Category) id.UUID { return c.UUID })
	slices.SortFunc(all, func(a, b uuid) int { return slices.Compare(a[:], b[:]) })
	return slices.Compact(all)
}
