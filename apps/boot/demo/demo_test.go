package demo

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/adapters/files"
	"github.com/bodega-commerce/bodega/adapters/imaging"
	"github.com/bodega-commerce/bodega/adapters/memsearch"
	"github.com/bodega-commerce/bodega/adapters/sandbox"
	"github.com/bodega-commerce/bodega/adapters/sqlite"
	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/ports"
)

func newShop(t *testing.T, currency money.Currency) *core.Shop {
	t.Helper()
	dir := t.TempDir()
	db, err := sqlite.Open(t.Context(), filepath.Join(dir, "shop.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	shop, err := core.New(core.Deps{
		Catalog: db.Catalog(), Orders: db.Orders(), Identity: db.Identity(), Search: memsearch.New(), Imager: imaging.New(),
		Files: files.Dir(filepath.Join(dir, "media")), Mail: files.Mail(filepath.Join(dir, "mail")),
		Payments: core.Providers{"sandbox": sandbox.New(filepath.Join(dir, "sandbox.log"))},
	}, &core.Options{Currency: currency})
	if err != nil {
		t.Fatal(err)
	}
	return shop
}

func browse(t *testing.T, shop *core.Shop) []core.SavedProduct {
	t.Helper()
	list, err := shop.Catalog.Browse(t.Context(), core.BrowseProducts{
		By: account.System("test"), Browse: catalog.Browse{Sort: catalog.BrowseByID, Limit: 100},
	})
	if err != nil {
		t.Fatal(err)
	}
	return list.Products
}

func fill(t *testing.T, shop *core.Shop) (said []string) {
	t.Helper()
	began := time.Now()
	if err := Fill(t.Context(), shop, func(line string) { said = append(said, line) }); err != nil {
		t.Fatal(err)
	}
	t.Logf("filled in %v", time.Since(began).Round(time.Millisecond))
	return said
}

func TestFill(t *testing.T) {
	t.Parallel()
	shop := newShop(t, "EUR")
	if said := fill(t, shop); len(said) == 0 {
		t.Error("nobody was told")
	}
	products := browse(t, shop)
	reduced, shared := 0, 0
	for _, p := range products {
		if len(p.Images) == 0 || p.Images[0].Alt == "" {
			t.Errorf("%s has no picture, or none for who cannot see it", p.Slug)
		}
		if p.Status != catalog.Active || p.Brand == nil || len(p.Path) == 0 {
			t.Errorf("%s is not on a shelf", p.Slug)
		}
		if !p.CompareAt.IsNone() {
			reduced++
		}
		for _, v := range p.Variants {
			if len(v.Images) > 0 && v.Images[0].ID != p.Images[0].ID {
				shared++
			}
		}
	}
	if reduced != len(formerPrices()) {
		t.Errorf("%d products are reduced, want %d", reduced, len(formerPrices()))
	}
	if shared < 30 {
		t.Errorf("%d variants have pictures of their own", shared)
	}
	tree, err := shop.Catalog.Categories(t.Context(), ports.Marks{})
	if err != nil {
		t.Fatal(err)
	}
	if n := dressed(t, tree); n != len(shelves()) {
		t.Errorf("%d categories, want %d", n, len(shelves()))
	}
	before := products
	fill(t, shop)
	after := browse(t, shop)
	for i := range before {
		if after[i].ID != before[i].ID || after[i].Version != before[i].Version {
			t.Errorf("filling it again changed %s", before[i].Slug)
		}
	}
}

// dressed returns how many categories there are, and complains of bare ones.
func dressed(t *testing.T, tree []core.CategoryNode) int {
	t.Helper()
	n := len(tree)
	for _, c := range tree {
		if c.Description == "" || c.Image == nil || c.ProductCount == 0 {
			t.Errorf("the category %s is bare", c.Slug)
		}
		n += dressed(t, c.Children)
	}
	return n
}

func TestFill_OtherCurrency(t *testing.T) {
	t.Parallel()
	shop := newShop(t, "JPY")
	fill(t, shop)
	for _, p := range browse(t, shop) {
		if p.BasePrice.Currency() != "JPY" {
			t.Errorf("%s costs %v", p.Slug, p.BasePrice)
		}
	}
}

func TestFill_WhatTheWelcomeTries(t *testing.T) {
	t.Parallel()
	shop := newShop(t, "EUR")
	fill(t, shop)
	view, err := shop.Catalog.ProductsBySKU(t.Context(), []id.SKU{"CER-MUG-CRE"}, ports.Marks{})
	if err != nil || len(view) != 1 {
		t.Fatalf("the diner mug is not there: %v", err)
	}
	if view[0].Available["cer-mug-cre"] < 2 {
		t.Errorf("%d mugs are left", view[0].Available["cer-mug-cre"])
	}
}
