package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"
)

// stock makes the synthetic catalogue once and returns a copy of its data
// directory.
func (b *bench) stock(ctx context.Context) (string, error) {
	if b.stocked == "" {
		b.say("stocking a shop with %d products in %d variants", productsOfShop, productsOfShop*sizesOfProduct)
		feed, err := goods(productsOfShop)
		if err != nil {
			return "", err
		}
		dir := b.newDir("stocked")
		if err := b.imported(ctx, dir, "application/x-ndjson", feed); err != nil {
			return "", err
		}
		b.stocked = dir
	}
	return b.copyOf(b.stocked)
}

// imported makes a data directory of a feed.
func (b *bench) imported(ctx context.Context, dir, kind string, feed []byte, more ...string) (err error) {
	s, err := startShop(ctx, dir, more...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	if err := s.load(ctx, kind, feed); err != nil {
		return err
	}
	return s.quiet(ctx)
}

func (b *bench) copyOf(dir string) (string, error) {
	to := b.newDir(filepath.Base(dir) + "-copy")
	return to, os.CopyFS(to, os.DirFS(dir))
}

// overHTTP measures a whole shop by a load generator.
func (b *bench) overHTTP(ctx context.Context) (err error) {
	dir, err := b.stock(ctx)
	if err != nil {
		return err
	}
	s, err := startShop(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	reads, err := b.readings(ctx, s)
	if err != nil {
		return err
	}
	for _, r := range reads {
		if b.wants(r.name) {
			if err := b.read(ctx, s, r); err != nil {
				return fmt.Errorf("%s: %w", r.name, err)
			}
		}
	}
	for _, j := range []struct {
		name, journey, what string
		peer                float64
	}{
		{"carts", "cart", "carts of three lines", 19},
		{"http-checkout", "checkout", "sessions up to a paid order", 8.5},
	} {
		if b.wants(j.name) {
			if err := b.journeys(ctx, s, j.name, j.journey, j.what, j.peer); err != nil {
				return fmt.Errorf("%s: %w", j.name, err)
			}
		}
	}
	return nil
}

// reading is something to read over HTTP.
type reading struct {
	name, what string
	paths      []string
	goal       float64 // of the ratio to a bare handler
	peer       float64 // what the best open peer did a second
}

func (b *bench) readings(ctx context.Context, s *shop) ([]reading, error) {
	details, err := productPaths(ctx, s)
	if err != nil {
		return nil, err
	}
	categories, err := categoryPaths(ctx, s)
	if err != nil {
		return nil, err
	}
	var lists []string
	for page := 1; page <= 50; page++ { // further than that nobody may leaf
		for _, sort := range []string{"newest", "price_asc"} {
			lists = append(lists, fmt.Sprintf("/v1/products?per_page=20&page=%d&sort=%s", page, sort))
		}
	}
	return []reading{
		{"detail", "product details", details, 0.5, 88},
		{"list", "lists of 20 with variants", lists, 0.5, 14},
		{"category", "category pages with facets", categories, 0.4, 76},
		{"search", "searches with facets", searches(), 0.4, 3},
	}, nil
}

// productPaths walks the catalogue for the address of every product.
func productPaths(ctx context.Context, s *shop) (paths []string, err error) {
	for cursor := ""; ; {
		var page struct {
			Items []struct{ Slug string }
			Next  *string `json:"next_cursor"`
		}
		if err := s.fetch(ctx, http.MethodGet, "/v1/products?limit=100&cursor="+cursor, "", nil, &page); err != nil {
			return nil, err
		}
		for _, p := range page.Items {
			paths = append(paths, "/v1/products/"+p.Slug)
		}
		if page.Next == nil {
			break
		}
		cursor = *page.Next
	}
	if len(paths) != productsOfShop {
		return nil, fmt.Errorf("the shop has %d products", len(paths))
	}
	return paths, nil
}

// categoryPaths are the first two pages of every category.
func categoryPaths(ctx context.Context, s *shop) (paths []string, err error) {
	var facets struct {
		Facets []struct {
			Name   string
			Values []struct{ Value string }
		}
	}
	if err := s.fetch(ctx, http.MethodGet, "/v1/search?per_page=1", "", nil, &facets); err != nil {
		return nil, err
	}
	i := slices.IndexFunc(facets.Facets, func(f struct {
		Name   string
		Values []struct{ Value string }
	},
	) bool {
		return f.Name == "category"
	})
	if i < 0 {
		return nil, errors.New("the shop has no facet of categories")
	}
	for _, v := range facets.Facets[i].Values {
		for page := 1; page <= 2; page++ {
			paths = append(paths, "/v1/search?category="+v.Value+"&per_page=20&page="+strconv.Itoa(page))
		}
	}
	return paths, nil
}

// read compares reading over HTTP with a bare handler that answers the same.
func (b *bench) read(ctx context.Context, s *shop, r reading) (err error) {
	limit, err := b.startBare(ctx, s, r.paths)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, limit.stop()) }()
	plan := plan{Journey: "read", Paths: r.paths, Users: b.users, For: b.slice}
	plan.Addr = addr(s.URL)
	ours := b.loaded(s.child, plan)
	plan.Addr = addr(limit.URL)
	theirs := b.loaded(limit.child, plan)
	if _, err := ours(ctx); err != nil { // caches fill
		return err
	}
	p, err := alternate(ctx, b.rounds, ours, theirs)
	if err != nil {
		return err
	}
	b.addPair(r.what, "", p, r.goal)
	b.addScale("  beside open peers", "", p.ours, r.peer)
	return b.profiled(ctx, s, r.name, ours)
}

// journeys measures what shoppers do that is stored.
func (b *bench) journeys(ctx context.Context, s *shop, name, journey, what string, peer float64) error {
	run := b.loaded(s.child, plan{Addr: addr(s.URL), Journey: journey, SKUs: skus(), Users: b.users, For: b.slice})
	var all []sample
	for range b.rounds {
		got, err := run(ctx)
		if err != nil {
			return err
		}
		all = append(all, got)
	}
	took := middle(all)
	b.addScale(what, "", took, peer)
	if journey == "checkout" {
		b.addTail(took.tally)
	}
	if err := b.profiled(ctx, s, name, run); err != nil {
		return err
	}
	began := time.Now()
	if err := s.quiet(ctx); err != nil {
		return err
	}
	b.say("%s: the jobs they left were done %s later", name, short(time.Since(began)))
	return nil
}
