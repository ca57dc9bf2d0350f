package postgres

import (
	"context"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/ports"
)

// explainer is a transaction that has every statement explained before it runs:
// as it is planned for these arguments, and for any.
type explainer struct {
	pgx.Tx
	t     *testing.T
	plans []string
}

func (e *explainer) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	e.explain(ctx, sql, args)
	return e.Tx.Exec(ctx, sql, args...)
}

func (e *explainer) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	e.explain(ctx, sql, args)
	return e.Tx.Query(ctx, sql, args...)
}

func (e *explainer) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	e.explain(ctx, sql, args)
	return e.Tx.QueryRow(ctx, sql, args...)
}

func (e *explainer) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	for _, q := range b.QueuedQueries {
		e.explain(ctx, q.SQL, q.Arguments)
	}
	return e.Tx.SendBatch(ctx, b)
}

func (e *explainer) explain(ctx context.Context, sql string, args []any) {
	e.t.Helper()
	if !strings.Contains(sql, "catalog.") {
		return // begins, ends or locks
	}
	if len(args) > 0 {
		if _, always := args[0].(pgx.QueryExecMode); always { // planned anew for its arguments
			e.plan(ctx, "EXPLAIN "+sql, args[1:]...)
			return
		}
	}
	e.plan(ctx, "EXPLAIN "+sql, args...)
	nulls := strings.TrimSuffix(strings.Repeat("NULL, ", len(args)), ", ")
	if len(args) > 0 {
		nulls = "(" + nulls + ")"
	}
	for _, sql := range []string{"SET LOCAL plan_cache_mode = force_generic_plan", "PREPARE explained AS " + sql} {
		if _, err := e.Tx.Conn().PgConn().Exec(ctx, sql).ReadAll(); err != nil {
			e.t.Fatalf("%s: %v", sql, err)
		}
	}
	e.plan(ctx, "EXPLAIN EXECUTE explained"+nulls)
	if _, err := e.Tx.Conn().PgConn().Exec(ctx, "DEALLOCATE explained; SET LOCAL plan_cache_mode = auto").ReadAll(); err != nil {
		e.t.Fatal(err)
	}
}

func (e *explainer) plan(ctx context.Context, sql string, args ...any) {
	e.t.Helper()
	rows, err := e.Tx.Query(ctx, sql, append([]any{pgx.QueryExecModeDescribeExec}, args...)...)
	if err != nil {
		e.t.Fatalf("%s: %v", sql, err)
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		e.t.Fatalf("%s: %v", sql, err)
	}
	e.plans = append(e.plans, sql+"\n"+strings.Join(lines, "\n"))
}

// TestCatalogStore_PlansUseTheirIndexes holds every statement that shoppers,
// operators and jobs wait for to its index, however the server plans it.
func TestCatalogStore_PlansUseTheirIndexes(t *testing.T) {
	t.Parallel()
	s := newShelf(t, open(t))
	categories, brands, products := s.stock(4000)
	s.must(discard(s.db.catalog.primary.pool.Exec(t.Context(), "VACUUM ANALYZE catalog.products")),
		discard(s.db.catalog.primary.pool.Exec(t.Context(), "VACUUM ANALYZE catalog.skus")),
		discard(s.db.catalog.primary.pool.Exec(t.Context(), "VACUUM ANALYZE catalog.product_slugs")))
	one, some := categories[1].ID, []id.Category{categories[0].ID, categories[1].ID, categories[4].ID}
	yes, no := true, false
	p := products[17]
	in := func(fn func(context.Context, ports.CatalogTx) error) func(context.Context, ports.CatalogStore) error {
		return func(ctx context.Context, store ports.CatalogStore) error { return discard(store.Tx.InTx(ctx, fn)) }
	}
	page := func(l catalog.Listing) func(context.Context, ports.CatalogStore) error {
		l.Page, l.PerPage = 2, 24
		return func(ctx context.Context, store ports.CatalogStore) error {
			return discard(store.Products.Page(ctx, l, ports.Mark{}))
		}
	}
	browse := func(b catalog.Browse) func(context.Context, ports.CatalogStore) error {
		b.Limit, b.Count = 24, b.Query != "usual" // to count them all, all are read
		return func(ctx context.Context, store ports.CatalogStore) error {
			found, _, err := store.Records.Browse(ctx, b)
			if err == nil && len(found) > 0 {
				b.After = b.Key(&found[len(found)-1])
				_, _, err = store.Records.Browse(ctx, b)
			}
			return err
		}
	}
	for name, c := range map[string]struct {
		index string // used by each of its plans
		run   func(context.Context, ports.CatalogStore) error
	}{
		"by slug": {"product_slugs_slug", func(ctx context.Context, store ports.CatalogStore) error {
			return discard(store.Products.BySlug(ctx, p.Slug, ports.Mark{}))
		}},
		"by ids": {"products_id", func(ctx context.Context, store ports.CatalogStore) error {
			return discard(store.Products.ByIDs(ctx, []id.Product{p.ID, products[3].ID}, ports.Mark{}))
		}},
		"walk": {"products_id", func(ctx context.Context, store ports.CatalogStore) error {
			return discard(store.Products.Walk(ctx, time.Time{}, p.ID, 100, ports.Mark{}))
		}},
		"walk since": {"products_updated", func(ctx context.Context, store ports.CatalogStore) error {
			return discard(store.Products.Walk(ctx, products[3900].UpdatedAt, p.ID, 100, ports.Mark{}))
		}},
		"offers": {"skus_sku", func(ctx context.Context, store ports.CatalogStore) error {
			return discard(store.Offers.Offers(ctx, []id.SKU{p.Variants[0].SKU, products[3].Variants[0].SKU}))
		}},
		"record": {"products_id", func(ctx context.Context, store ports.CatalogStore) error {
			return discard(store.Records.Product(ctx, p.ID))
		}},
		"records": {"products_id", func(ctx context.Context, store ports.CatalogStore) error {
			return discard(store.Records.ProductsByID(ctx, []id.Product{p.ID, products[3].ID}))
		}},
		"by sku": {"skus_sku", func(ctx context.Context, store ports.CatalogStore) error {
			return discard(store.Records.ProductsBySKU(ctx, []id.SKU{p.Variants[0].SKU}))
		}},
		"newest":                {"products_newest", page(catalog.Listing{Sort: catalog.Newest})},
		"cheapest":              {"products_by_price", page(catalog.Listing{Sort: catalog.PriceAsc})},
		"dearest":               {"products_by_price", page(catalog.Listing{Sort: catalog.PriceDesc})},
		"best":                  {"products_rating", page(catalog.Listing{Sort: catalog.ByRating})},
		"most popular":          {"products_popularity", page(catalog.Listing{Sort: catalog.ByPopularity})},
		"newest of one":         {"products_category_newest", page(catalog.Listing{Sort: catalog.Newest, Categories: []id.Category{one}})},
		"newest of some":        {"products_category_newest", page(catalog.Listing{Sort: catalog.Newest, Categories: some})},
		"cheapest of some":      {"products_category_price", page(catalog.Listing{Sort: catalog.PriceAsc, Categories: some})},
		"dearest of some":       {"products_category_price", page(catalog.Listing{Sort: catalog.PriceDesc, Categories: some})},
		"best of some":          {"products_category_rating", page(catalog.Listing{Sort: catalog.ByRating, Categories: some})},
		"most popular of some":  {"products_category_popularity", page(catalog.Listing{Sort: catalog.ByPopularity, Categories: some})},
		"featured":              {"products_featured", page(catalog.Listing{Sort: catalog.Newest, Featured: &yes})},
		"not featured":          {"products_newest", page(catalog.Listing{Sort: catalog.Newest, Featured: &no})},
		"of a brand":            {"products_by_brand", page(catalog.Listing{Sort: catalog.Newest, Brand: brands[1].ID})},
		"browse":                {"products_id", browse(catalog.Browse{})},
		"browse by name":        {"products_by_name", browse(catalog.Browse{Sort: catalog.BrowseByName})},
		"browse by price, down": {"products_by_price", browse(catalog.Browse{Sort: catalog.BrowseByPrice, Descending: true})},
		"browse by time":        {"products_updated", browse(catalog.Browse{Sort: catalog.BrowseByUpdatedAt})},
		"browse a category":     {"products_by_category", browse(catalog.Browse{Category: one})},
		"find a usual name":     {"products_by_name", browse(catalog.Browse{Query: "usual", Sort: catalog.BrowseByName})},
		"find a name":           {"products_find", browse(catalog.Browse{Query: "number 1234", Status: catalog.Active, Sort: catalog.BrowseByName})},
		"lock":                  {"products_id", in(func(ctx context.Context, tx ports.CatalogTx) error { return discard(tx.Products.ForUpdate(ctx, p.ID)) })},
		"lock by feed": {"products_by_family", in(func(ctx context.Context, tx ports.CatalogTx) error {
			return discard(tx.Products.ForUpdateByFeed(ctx, []id.SKU{p.Variants[0].SKU}, []string{"family 5"}))
		})},
		"save": {"", in(func(ctx context.Context, tx ports.CatalogTx) error { return tx.Products.Save(ctx, p) })},
		"taken": {"product_slugs_slug", in(func(ctx context.Context, tx ports.CatalogTx) error {
			return discard(tx.Slugs.Taken(ctx, []string{p.Slug}))
		})},
		"raise": {"", in(func(ctx context.Context, tx ports.CatalogTx) error { return discard(tx.Versions.Raise(ctx, p.ID)) })},
		"products in": {"products_by_category", in(func(ctx context.Context, tx ports.CatalogTx) error {
			return discard(tx.Categories.ProductsIn(ctx, one))
		})},
		"products of": {"products_by_brand", in(func(ctx context.Context, tx ports.CatalogTx) error {
			return discard(tx.Brands.ProductsOf(ctx, brands[1].ID))
		})},
	} {
		t.Run(name, func(t *testing.T) {
			tx, err := s.db.catalog.primary.pool.Begin(t.Context())
			s.must(err)
			defer tx.Rollback(t.Context()) //nolint:errcheck // nothing of it is kept
			e := &explainer{Tx: tx, t: t}
			if err := c.run(t.Context(), Join(e).Catalog()); err != nil {
				t.Fatal(err)
			}
			for _, plan := range e.plans {
				for _, table := range []string{"products", "skus", "product_slugs"} {
					if regexp.MustCompile(`Seq Scan on ` + table + `\b`).MatchString(plan) {
						t.Errorf("reads all %s:\n%s", table, plan)
					}
				}
				if !strings.Contains(plan, c.index) {
					t.Errorf("does without %s:\n%s", c.index, plan)
				}
			}
			if len(e.plans) == 0 {
				t.Error("nothing was read")
			}
		})
	}
}

// discard leaves out a result.
func discard[T any](_ T, err error) error { return err }
