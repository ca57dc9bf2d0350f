package postgres

import (
	"crypto/rand"
	"path/filepath"
	"testing"

	"github.com/bodega-commerce/bodega/adapters/files"
	"github.com/bodega-commerce/bodega/adapters/memsearch"
	"github.com/bodega-commerce/bodega/adapters/sandbox"
	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/core/order"
)

// The sum of what a checkout waits for is what a shopper waits for.
func TestCheckout_RoundTrips(t *testing.T) {
	t.Parallel()
	w := &wire{}
	db := openWith(t, Config{dial: w.dial})
	dir := t.TempDir()
	shop, err := core.New(core.Deps{
		Catalog: db.Catalog(), Orders: db.Orders(), Identity: db.Identity(), Search: memsearch.New(), Files: files.Dir(dir), Mail: files.Mail(dir),
		Payments: core.Providers{"sandbox": sandbox.New(filepath.Join(dir, "sandbox.log"))},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, by := t.Context(), account.System("test")
	if _, err := shop.Catalog.Create(ctx, core.CreateProduct{
		By: by, Name: "Tee", Variants: []core.NewVariant{{SKU: "TEE-S", Price: money.New(1500, "EUR")}},
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := shop.Inventory.Receive(ctx, core.ReceiveStock{By: by, SKU: "TEE-S", Quantity: 100}); err != nil {
		t.Fatal(err)
	}
	shipTo := order.Address{LastName: "Lovelace", Line1: "1 Road", City: "Berlin", PostalCode: "10115", Country: "DE"}
	const want = 5
	for i := range 5 {
		c, err := shop.Carts.Open(ctx, core.OpenCart{By: by})
		if err != nil {
			t.Fatal(err)
		}
		if c, err = shop.Carts.SetLine(ctx, core.SetCartLine{By: by, Cart: c.ID, Version: c.Version, SKU: "TEE-S", Quantity: 1}); err != nil {
			t.Fatal(err)
		}
		q, err := shop.Checkout.Quote(ctx, core.QuoteCheckout{By: by, Cart: c.ID, ShipTo: shipTo})
		if err != nil {
			t.Fatal(err)
		}
		before := w.trips.Load()
		if _, err := shop.Checkout.Place(ctx, core.PlaceOrder{
			By: by, Key: rand.Text(), Cart: c.ID, Email: "ada@example.org", ShipTo: shipTo, Expect: q.Total, Pay: core.Pay{Provider: "sandbox", Token: sandbox.TokenOK},
		}); err != nil {
			t.Fatal(err)
		}
		if got := w.trips.Load() - before; i == 4 && got > want { // by then everything is prepared
			t.Errorf("a checkout waits %d times for the database, want at most %d", got, want)
		}
	}
}
