package chaos

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bodega-commerce/bodega/adapters/files"
	"github.com/bodega-commerce/bodega/adapters/postgres"
	"github.com/bodega-commerce/bodega/adapters/sandbox"
	"github.com/bodega-commerce/bodega/adapters/sqlite"
	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
	orders "github.com/bodega-commerce/bodega/core/order"
	"github.com/bodega-commerce/bodega/core/pricing"
	"github.com/bodega-commerce/bodega/ports"
	"github.com/bodega-commerce/bodega/testsuite/containers"
)

// noIndex stands where nobody searches.
type noIndex struct{ ports.SearchEngine }

// realms are a store, as a till needs it.
type realms interface {
	Catalog() ports.CatalogStore
	Orders() ports.OrderStore
	Identity() ports.IdentityStore
	Violations(ctx context.Context) ([]ports.Violation, error)
}

// tills are two shops on one store: two servers on PostgreSQL, two users of one
// file on SQLite.
type tills struct {
	t     *testing.T
	db    [2]realms
	shop  [2]*core.Shop
	ahead atomic.Int64 // how far their clocks are in the future

	postgres bool
	raw      func(ctx context.Context, sql string) error // another program's way to the store
}

// onEachStore runs a test on both stores.
func onEachStore(t *testing.T, test func(*testing.T, *tills)) {
	t.Helper()
	t.Parallel()
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "shop.db")
		db, err := sqlite.Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close() })
		w := openTills(t, [2]realms{db, db})
		w.raw = rawSQLite(path)
		test(t, w)
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		url := containers.Postgres(t)
		w := openTills(t, [2]realms{openPostgres(t, url), openPostgres(t, url)})
		w.postgres, w.raw = true, rawPostgres(url)
		test(t, w)
		if n := deadlocks(t, url); n > 0 {
			t.Errorf("%d deadlocks", n)
		}
	})
}

func openPostgres(t *testing.T, url string) *postgres.DB {
	t.Helper()
	db, err := postgres.Open(t.Context(), postgres.Config{URL: url, Migrate: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// deadlocks returns how many PostgreSQL had to break. Sessions report what they
// met when they have been idle for a moment.
func deadlocks(t *testing.T, url string) (n int) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }() // it was only read from
	if err := conn.QueryRow(t.Context(), "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// openTills opens the shops, with something between the first one and its store
// or nothing.
func openTills(t *testing.T, db [2]realms, between ...func(*core.Deps)) *tills {
	t.Helper()
	w := &tills{t: t, db: db}
	now := func() time.Time { return time.Now().Add(time.Duration(w.ahead.Load())) }
	dir := t.TempDir()
	bank := sandbox.New(filepath.Join(dir, "sandbox.log"))
	bank.Now = now
	t.Cleanup(func() { _ = bank.Close() })
	for i, db := range db {
		deps := core.Deps{
			Catalog: db.Catalog(), Orders: db.Orders(), Identity: db.Identity(), Search: noIndex{}, Files: files.Dir(dir), Mail: files.Mail(dir),
			Payments: core.Providers{"sandbox": bank}, Sandbox: bank, Now: now,
		}
		if i == 0 {
			for _, wrap := range between {
				wrap(&deps)
			}
		}
		var err error
		if w.shop[i], err = core.New(deps, &core.Options{Secrets: [][]byte{[]byte("a secret")}}); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

var home = orders.Address{LastName: "Doe", Line1: "Main Street 1", City: "Berlin", PostalCode: "10115", Country: "DE"}

// operator is who fills shelves.
var operator = account.System("test")

// sell puts a product at 15 euros on the shelf.
func (w *tills) sell(sku id.SKU, units int) {
	w.t.Helper()
	ctx := w.t.Context()
	p, err := w.shop[0].Catalog.Create(ctx, core.CreateProduct{
		By: operator, Name: "Tee " + string(sku), Variants: []core.NewVariant{{SKU: sku, Price: money.New(1500, "EUR")}},
	})
	if err == nil {
		_, err = w.shop[0].Catalog.Publish(ctx, core.PublishProduct{By: operator, Product: p.ID, Version: p.Version})
	}
	if err == nil {
		_, err = w.shop[0].Inventory.Receive(ctx, core.ReceiveStock{By: operator, SKU: sku, Quantity: units})
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// mustAddUp lets time run out for whoever is still undecided, and holds what is
// left and sold of each SKU against what there was.
func (w *tills) mustAddUp(units map[id.SKU]int) (sold map[string]int) {
	w.t.Helper()
	for range 3 {
		w.ahead.Add(int64(time.Hour))
		w.sweep(w.shop[0])
	}
	broken, err := w.db[1].Violations(w.t.Context())
	if err != nil || len(broken) > 0 {
		w.t.Errorf("broken: %+v, %v", broken, err)
	}
	levels, err := w.shop[1].Inventory.Levels(w.t.Context(), core.ShowLevels{By: operator, SKUs: slices.Collect(maps.Keys(units))})
	if err != nil {
		w.t.Fatal(err)
	}
	left := map[string]int{}
	for _, l := range levels {
		if l.Reserved != 0 {
			w.t.Errorf("%d of %s are still held", l.Reserved, l.SKU)
		}
		left[l.SKU.Fold()] = l.OnHand
	}
	sold = w.sold()
	for sku, n := range units {
		if left[sku.Fold()]+sold[sku.Fold()] != n {
			w.t.Errorf("%d of %s are left and %d sold, of %d", left[sku.Fold()], sku, sold[sku.Fold()], n)
		}
	}
	return sold
}

// Shoppers of two servers fight over five SKUs, in carts of one to three lines,
// in any order; some press the button twice, some change their cart meanwhile,
// some are declined, of some nobody hears whether they paid. Sweepers and
// reconcilers of both servers are at work all the time. In the end every unit is
// on the shelf or in exactly one order that was paid for.
func TestRush_TwoServers(t *testing.T) { onEachStore(t, rushTwoServers) }

func rushTwoServers(t *testing.T, w *tills) {
	t.Helper()
	const each, shoppers, visits = 40, 24, 8
	skus, units := []id.SKU{"A", "b", "C", "d", "E"}, map[id.SKU]int{}
	for _, sku := range skus {
		w.sell(sku, each)
		units[sku] = each
	}
	stop := w.work()
	var crowd sync.WaitGroup
	var confirmed atomic.Int32
	for n := range shoppers {
		crowd.Go(func() {
			for visit := range visits {
				confirmed.Add(w.visit(w.shop[(n+visit)%2], skus, fmt.Sprintf("%d-%d", n, visit)))
			}
		})
	}
	crowd.Wait()
	stop()
	w.mustAddUp(units)
	if confirmed.Load() == 0 {
		t.Error("nobody bought anything")
	}
}

// work lets sweepers and reconcilers of both shops run until it is stopped.
func (w *tills) work() (stop func()) {
	over := make(chan struct{})
	var staff sync.WaitGroup
	for _, shop := range w.shop {
		staff.Go(func() {
			for {
				w.sweep(shop)
				select {
				case <-over:
					return
				case <-time.After(50 * time.Millisecond):
				}
			}
		})
	}
	return func() {
		close(over)
		staff.Wait()
	}
}

// again does what a client does that is told that the shop is too busy: the same
// once more. Nothing was done then, or it is done once.
func again[T any](do func() (T, error)) (v T, err error) {
	for began := time.Now(); ; {
		if v, err = do(); !fault.Is(err, fault.Unavailable) || time.Since(began) > startTime {
			return v, err
		}
	}
}

// sweep does what a server's loops do.
func (w *tills) sweep(shop *core.Shop) {
	ctx := context.WithoutCancel(w.t.Context())
	_, err := again(func() (int, error) { return shop.Checkout.Expire(ctx, 100) })
	_, err2 := again(func() (int, error) { return shop.Payments.Reconcile(ctx, 100) })
	if err := errors.Join(err, err2); err != nil {
		w.t.Error(err)
	}
}

// visit is a shopper's way to the till; it returns how many orders came of it.
func (w *tills) visit(shop *core.Shop, skus []id.SKU, name string) (confirmed int32) {
	ctx := w.t.Context()
	by := operator
	c, err := again(func() (core.CartView, error) { return shop.Carts.Open(ctx, core.OpenCart{By: by}) })
	for range 1 + rand.IntN(3) {
		if err == nil {
			add := core.SetCartLine{By: by, Cart: c.ID, Version: c.Version, SKU: skus[rand.IntN(len(skus))], Quantity: 1 + rand.IntN(2)}
			c, err = again(func() (core.CartView, error) { return shop.Carts.SetLine(ctx, add) })
		}
	}
	if err != nil {
		if !fault.Is(err, fault.Exhausted) {
			w.t.Errorf("%s: %v", name, err)
		}
		return 0
	}
	q, err := again(func() (pricing.Quote, error) {
		return shop.Checkout.Quote(ctx, core.QuoteCheckout{By: by, Cart: c.ID, ShipTo: home})
	})
	if err != nil {
		w.t.Errorf("%s: %v", name, err)
		return 0
	}
	place := core.PlaceOrder{
		By: by, Key: name, Cart: c.ID, Email: "a@example.com", ShipTo: home, Expect: q.Total,
		Pay: core.Pay{Provider: "sandbox", Token: []string{"tok_ok", "tok_ok", "tok_declined", "tok_timeout"}[rand.IntN(4)]},
	}
	var bought sync.Map
	var all sync.WaitGroup
	for i := range 1 + rand.IntN(2) { // twice, with the same key or another
		place := place
		place.Key += fmt.Sprint("-", i*rand.IntN(2))
		all.Go(func() {
			placed, err := again(func() (core.Placed, error) { return w.shop[i].Checkout.Place(ctx, place) })
			switch {
			case err == nil && placed.Order.Status == orders.Confirmed:
				bought.Store(placed.Order.ID, true)
			case err == nil, fault.Is(err, fault.Conflict, fault.Exhausted, fault.Declined):
			default:
				w.t.Errorf("%s: %v", name, err)
			}
		})
	}
	if rand.IntN(4) == 0 {
		all.Go(func() {
			change := core.SetCartLine{By: by, Cart: c.ID, Version: c.Version, SKU: skus[0], Quantity: 1}
			_, err := again(func() (core.CartView, error) { return shop.Carts.SetLine(ctx, change) })
			if err != nil && !fault.Is(err, fault.Conflict, fault.Stale, fault.Exhausted) {
				w.t.Errorf("%s: %v", name, err)
			}
		})
	}
	all.Wait()
	bought.Range(func(any, any) bool {
		confirmed++
		return true
	})
	if confirmed > 1 {
		w.t.Errorf("%s: %d orders of one cart", name, confirmed)
	}
	return confirmed
}

// sold adds up what paid orders took, by folded SKU.
func (w *tills) sold() map[string]int {
	sold := map[string]int{}
	f := orders.Filter{Limit: 100}
	for {
		page, _, err := w.db[0].Orders().Orders.BrowseOrders(w.t.Context(), f)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, o := range page {
			if o.ConfirmedAt.IsZero() || o.Dead() {
				continue
			}
			for _, l := range o.Lines {
				sold[l.SKU.Fold()] += l.Quantity
			}
		}
		if len(page) < f.Limit {
			return sold
		}
		f.Before = page[len(page)-1].ID
	}
}
