package postgres_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/bodega-commerce/bodega/adapters/files"
	"github.com/bodega-commerce/bodega/adapters/memsearch"
	"github.com/bodega-commerce/bodega/adapters/postgres"
	"github.com/bodega-commerce/bodega/adapters/sandbox"
	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/ports"
	"github.com/bodega-commerce/bodega/testsuite/containers"
)

// embedder is a program with a table of its own beside the shop's.
type embedder struct {
	*testing.T
	conn *pgx.Conn
	db   *postgres.DB
	by   account.Actor
}

func newEmbedder(t *testing.T) *embedder {
	t.Helper()
	url := containers.Postgres(t)
	db, err := postgres.Open(t.Context(), postgres.Config{URL: url, Migrate: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	if _, err := conn.Exec(t.Context(), "CREATE TABLE deliveries (sku text)"); err != nil {
		t.Fatal(err)
	}
	e := &embedder{T: t, conn: conn, db: db, by: account.System("embedder")}
	shop := e.shop(db.Catalog(), db.Orders(), db.Identity())
	if _, err := shop.Catalog.Create(t.Context(), core.CreateProduct{
		By: e.by, Name: "Tee", Variants: []core.NewVariant{{SKU: "TEE-S", Price: money.New(1500, "EUR")}},
	}); err != nil {
		t.Fatal(err)
	}
	return e
}

func (e *embedder) shop(catalog ports.CatalogStore, orders ports.OrderStore, identity ports.IdentityStore) *core.Shop {
	e.Helper()
	dir := e.TempDir()
	shop, err := core.New(core.Deps{
		Catalog: catalog, Orders: orders, Identity: identity, Search: memsearch.New(),
		Files: files.Dir(dir), Mail: files.Mail(dir), Payments: core.Providers{"sandbox": sandbox.New(filepath.Join(dir, "sandbox.log"))},
	}, nil)
	if err != nil {
		e.Fatal(err)
	}
	return shop
}

// within runs fn with a shop inside a transaction, which commits unless fn fails.
func (e *embedder) within(fn func(tx pgx.Tx, shop *core.Shop) error) error {
	e.Helper()
	return pgx.BeginFunc(e.Context(), e.conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(e.Context(), "INSERT INTO deliveries VALUES ('TEE-S')"); err != nil {
			return err
		}
		joined := postgres.Join(tx)
		return fn(tx, e.shop(joined.Catalog(), joined.Orders(), joined.Identity()))
	})
}

// mustHave compares what was delivered and what is on hand.
func (e *embedder) mustHave(deliveries, onHand int) {
	e.Helper()
	var n int
	if err := e.conn.QueryRow(e.Context(), "SELECT count(*) FROM deliveries").Scan(&n); err != nil || n != deliveries {
		e.Errorf("%d deliveries, %v, want %d", n, err, deliveries)
	}
	levels, err := e.db.Orders().Stock.Levels(e.Context(), []id.SKU{"TEE-S"})
	got := 0
	if len(levels) == 1 {
		got = levels[0].OnHand
	}
	if err != nil || got != onHand {
		e.Errorf("%d on hand, %v, want %d", got, err, onHand)
	}
}

func TestJoin(t *testing.T) {
	t.Parallel()
	receive := func(e *embedder, shop *core.Shop, n int) error {
		_, err := shop.Inventory.Receive(e.Context(), core.ReceiveStock{By: e.by, SKU: "TEE-S", Quantity: n})
		return err
	}

	t.Run("HappensWithTheRestOrNotAtAll", func(t *testing.T) {
		t.Parallel()
		e := newEmbedder(t)
		stop := fault.New(fault.Internal, "stop", "stop")
		if err := e.within(func(_ pgx.Tx, shop *core.Shop) error {
			if err := receive(e, shop, 3); err != nil {
				return err
			}
			return stop
		}); err != error(stop) { //nolint:errorlint // as it is
			t.Fatal(err)
		}
		e.mustHave(0, 0)
		if err := e.within(func(_ pgx.Tx, shop *core.Shop) error { return receive(e, shop, 3) }); err != nil {
			t.Fatal(err)
		}
		e.mustHave(1, 3)
	})

	t.Run("AVerbThatFailsUndoesOnlyItself", func(t *testing.T) {
		t.Parallel()
		e := newEmbedder(t)
		if err := e.within(func(_ pgx.Tx, shop *core.Shop) error {
			if err := receive(e, shop, 3); err != nil {
				return err
			}
			// The variant's SKU is taken: the statement breaks a unique index.
			_, err := shop.Catalog.Create(e.Context(), core.CreateProduct{
				By: e.by, Name: "Cup", Variants: []core.NewVariant{{SKU: "TEE-S", Price: money.New(1, "EUR")}},
			})
			if !fault.Is(err, fault.Exists) {
				t.Errorf("got %v", err)
			}
			return receive(e, shop, 2)
		}); err != nil {
			t.Fatal(err)
		}
		e.mustHave(1, 5)
	})

	t.Run("WhatAsksAProviderIsRefused", func(t *testing.T) {
		t.Parallel()
		e := newEmbedder(t)
		if err := e.within(func(_ pgx.Tx, shop *core.Shop) error {
			for name, ask := range map[string]func() error{
				"Place": func() error {
					_, err := shop.Checkout.Place(e.Context(), core.PlaceOrder{By: e.by, Key: "k"})
					return err
				},
				"Expire":    func() error { _, err := shop.Checkout.Expire(e.Context(), 1); return err },
				"Refresh":   func() error { _, err := shop.Payments.Refresh(e.Context(), core.RefreshPayment{By: e.by}); return err },
				"Settle":    func() error { _, err := shop.Payments.Settle(e.Context(), core.SettlePayment{By: e.by}); return err },
				"Reconcile": func() error { _, err := shop.Payments.Reconcile(e.Context(), 1); return err },
				"Capture":   func() error { _, err := shop.Payments.Capture(e.Context(), core.CapturePayment{By: e.by}); return err },
				"Void":      func() error { _, err := shop.Payments.Void(e.Context(), core.VoidPayment{By: e.by}); return err },
				"Complete":  func() error { _, err := shop.Payments.Complete(e.Context(), core.CompletePayment{}); return err },
			} {
				if err := ask(); !fault.Is(err, fault.Invalid) {
					t.Errorf("%s: %v", name, err)
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	})
}
