package core_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"

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

// sellTee opens a shop in the current directory, puts a T-shirt on its shelf
// and sells one.
func sellTee(ctx context.Context) (placed core.Placed, err error) {
	db, err := sqlite.Open(ctx, "shop.db")
	if err != nil {
		return placed, err
	}
	defer db.Close()
	shop, err := core.New(core.Deps{
		Catalog: db.Catalog(), Orders: db.Orders(), Identity: db.Identity(), Search: memsearch.New(),
		Files: files.Dir("media"), Mail: files.Mail("mail"), Payments: core.Providers{"sandbox": sandbox.New("sandbox.log")},
	}, nil)
	if err != nil {
		return placed, err
	}
	ctx, stop := context.WithCancel(ctx)
	worked := make(chan error)
	go func() { worked <- jobs.New(shop, db.Jobs()).Run(ctx) }() // builds the index, then handlers, sweeper, reconciler
	defer func() { stop(); err = errors.Join(err, <-worked) }()  // what is under way finishes before the store closes

	by := account.System("my-service")
	if _, err := shop.Catalog.Create(ctx, core.CreateProduct{
		By: by, Name: "Tee", Variants: []core.NewVariant{{SKU: "TEE-S", Price: money.New(1500, "EUR")}},
	}); err != nil {
		return placed, err
	}
	if _, err := shop.Inventory.Receive(ctx, core.ReceiveStock{By: by, SKU: "TEE-S", Quantity: 10}); err != nil {
		return placed, err
	}

	cart, err := shop.Carts.Open(ctx, core.OpenCart{By: by})
	if err != nil {
		return placed, err
	}
	cart, err = shop.Carts.SetLine(ctx, core.SetCartLine{By: by, Cart: cart.ID, Version: cart.Version, SKU: "TEE-S", Quantity: 1})
	if err != nil {
		return placed, err
	}
	address := order.Address{LastName: "Lovelace", Line1: "1 Main St", City: "Berlin", PostalCode: "10115", Country: "DE"}
	quote, err := shop.Checkout.Quote(ctx, core.QuoteCheckout{By: by, Cart: cart.ID, ShipTo: address})
	if err != nil {
		return placed, err
	}
	return shop.Checkout.Place(ctx, core.PlaceOrder{
		By: by, Key: "order-1", Cart: cart.ID, Email: "ada@example.com", ShipTo: address, Expect: quote.Total,
		Pay: core.Pay{Provider: "sandbox", Token: sandbox.TokenOK},
	})
}

// A service that embeds the shop: no server, no other process.
func Example() {
	defer inEmptyDirectory()()
	placed, err := sellTee(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(placed.Status, placed.Totals.Total, placed.Payment.Status)
	// Output: confirmed 15.00 EUR authorized
}

// inEmptyDirectory changes to a new directory and returns the way back.
func inEmptyDirectory() (back func()) {
	before, err := os.Getwd()
	if err != nil {
		log.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "example")
	if err == nil {
		err = os.Chdir(dir)
	}
	if err != nil {
		log.Fatal(err)
	}
	return func() {
		if err := os.Chdir(before); err != nil {
			log.Fatal(err)
		}
		os.RemoveAll(dir)
	}
}
