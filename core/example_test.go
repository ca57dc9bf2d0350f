package core_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/bodega-commerce/bodega/adapters/files"
	"github.com/bodega-commerce/bodega/adapters/jobs"
	"github.com/bodega-commerce/bodega/adapters/memsearch"
	"github.com/bodega-commerce/bodega/adapters/sandbox"
	"github.com/bodega-commerce/bodega/adapters/sqlite"
	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/core/order"
)

// A whole shop inside another program: a product is put up for sale, received
// into stock and sold once.
func Example() {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	check := func(err error) {
		if err != nil {
			log.Fatal(err)
		}
	}
	dir, err := os.MkdirTemp("", "shop")
	check(err)
	defer os.RemoveAll(dir)

	db, err := sqlite.Open(ctx, filepath.Join(dir, "shop.db"))
	check(err)
	defer db.Close()
	shop, err := core.New(core.Deps{
		Catalog: db.Catalog(), Orders: db.Orders(), Identity: db.Identity(), Search: memsearch.New(),
		Files: files.Dir(filepath.Join(dir, "media")), Mail: files.Mail(filepath.Join(dir, "mail")),
		Payments: core.Providers{"sandbox": sandbox.New(filepath.Join(dir, "sandbox.log"))},
	}, nil)
	check(err)
	worker := make(chan struct{})
	go func() {
		defer close(worker)
		_ = jobs.New(shop, db.Jobs()).Run(ctx) // builds the index, then handlers, sweeper, reconciler
	}()

	by := account.System("my-service")
	_, err = shop.Catalog.Create(ctx, core.CreateProduct{
		By: by, Name: "Tee", Variants: []core.NewVariant{{SKU: "TEE-S", Price: money.New(1500, "EUR")}},
	})
	check(err)
	_, err = shop.Inventory.Receive(ctx, core.ReceiveStock{By: by, SKU: "TEE-S", Quantity: 10})
	check(err)

	c, err := shop.Carts.Open(ctx, core.OpenCart{By: by})
	check(err)
	c, err = shop.Carts.SetLine(ctx, core.SetCartLine{By: by, Cart: c.ID, Version: c.Version, SKU: "TEE-S", Quantity: 1})
	check(err)

	addr := order.Address{LastName: "Lovelace", Line1: "Ring 1", City: "Berlin", PostalCode: "10115", Country: "DE"}
	q, err := shop.Checkout.Quote(ctx, core.QuoteCheckout{By: by, Cart: c.ID, ShipTo: addr})
	check(err)

	key, mail, token := "order-1", "ada@example.com", core.Pay{Provider: "sandbox", Token: "tok_ok"}
	o, err := shop.Checkout.Place(ctx, core.PlaceOrder{By: by, Key: key, Cart: c.ID, Email: mail, ShipTo: addr, Expect: q.Total, Pay: token})
	check(err)
	again, err := shop.Checkout.Place(ctx, core.PlaceOrder{By: by, Key: key, Cart: c.ID, Email: mail, ShipTo: addr, Expect: q.Total, Pay: token})
	check(err)
	levels, err := shop.Inventory.Levels(ctx, core.ShowLevels{By: by, SKUs: c.SKUs()})
	check(err)
	fmt.Println(o.Status, o.Totals.Total, o.Lines[0].Name)
	fmt.Println("asked twice, ordered once:", again.ID == o.ID)
	fmt.Println(levels[0].Available(), "left")

	stop()
	<-worker
	// Output:
	// confirmed 15.00 EUR Tee
	// asked twice, ordered once: true
	// 9 left
}
