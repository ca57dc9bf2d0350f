package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/bodega-commerce/bodega/adapters/cached"
	"github.com/bodega-commerce/bodega/adapters/files"
	"github.com/bodega-commerce/bodega/adapters/memory"
	"github.com/bodega-commerce/bodega/adapters/memsearch"
	"github.com/bodega-commerce/bodega/adapters/sandbox"
	"github.com/bodega-commerce/bodega/adapters/sqlite"
	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/order"
	"github.com/bodega-commerce/bodega/testsuite/bench/baseline"
)

// embedded is a shop as a Go program embeds it: core on the same adapters as
// the server, without HTTP. Nobody works its jobs off.
type embedded struct {
	*core.Shop
	index *memsearch.Index
	store *sqlite.DB
	pay   *sandbox.Provider
}

func embed(ctx context.Context, dir string, options core.Options) (*embedded, error) {
	db, err := sqlite.Open(ctx, filepath.Join(dir, "shop.db"))
	if err != nil {
		return nil, err
	}
	e := &embedded{store: db, index: memsearch.New(), pay: sandbox.New(filepath.Join(dir, "sandbox.log"))}
	catalogue, caches := cached.Catalog(db.Catalog(), memory.NewCache(16<<20, nil), cached.Options{})
	e.Shop, err = core.New(core.Deps{
		Catalog: catalogue, Orders: db.Orders(), Identity: db.Identity(), Search: e.index,
		Files: files.Dir(filepath.Join(dir, "media")), Mail: files.Mail(filepath.Join(dir, "mail")),
		Payments: core.Providers{"sandbox": e.pay}, Caches: caches,
	}, &options)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return e, nil
}

func (e *embedded) close() error { return errors.Join(e.pay.Close(), e.store.Close()) }

// till compares the verbs of the till with hand-written SQL for the same effect.
func (b *bench) till(ctx context.Context) (err error) {
	dir, err := b.stock(ctx)
	if err != nil {
		return err
	}
	shop, err := embed(ctx, dir, core.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, shop.close()) }()
	limit, err := baseline.OpenTill(filepath.Join(dir, "baseline.db"), skus())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, limit.Close()) }()
	t := &till{bench: b, shop: shop, limit: limit, products: productsOfShop}
	for _, c := range []struct {
		name, what  string
		ours, limit side
	}{
		{"checkout", "Checkout.Place", t.place, t.limitPlace(1)},
		{"session", "sessions up to a paid order", t.session, t.limitSession},
	} {
		if !b.wants(c.name) {
			continue
		}
		p, err := alternate(ctx, b.rounds, c.ours, c.limit)
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		b.addPair(c.what+" in core", "", p, 0.5)
		if c.name == "checkout" {
			b.addTail(p.ours.tally)
		}
		if err := b.profileHere(ctx, c.name, c.ours); err != nil {
			return err
		}
	}
	if b.wants("checkout") { // for comparison only: a loop that gathers writers as the shop does
		p, err := alternate(ctx, b.rounds, t.place, t.limitPlace(b.users))
		if err != nil {
			return err
		}
		b.addBound(fmt.Sprintf("  beside SQL with %d in one commit", b.users),
			fmt.Sprintf("%.2f (%s)", p.ratio, perSecond(p.limit.rate(), "")), "", told)
	}
	return nil
}

// till is both sides of the comparison. Each slice is the same work, prepared
// before it is timed.
type till struct {
	*bench
	shop     *embedded
	limit    *baseline.Till
	products int // of the shop
	sold     int // units, to take other goods each time
}

// basket returns what the next shopper buys.
func (t *till) basket() []string {
	all := make([]string, linesOfCart)
	for i := range all {
		all[i] = sku(t.sold*7%t.products, i%sizesOfProduct)
		t.sold++
	}
	return all
}

func (t *till) baskets() [][]string {
	all := make([][]string, t.work)
	for i := range all {
		all[i] = t.basket()
	}
	return all
}

// fill opens a cart as a guest and puts a basket into it.
func (t *till) fill(ctx context.Context, basket []string) (core.PlaceOrder, error) {
	cart, err := t.shop.Carts.Open(ctx, core.OpenCart{})
	if err != nil {
		return core.PlaceOrder{}, err
	}
	by := account.Guest(cart.Token)
	for _, s := range basket {
		if cart, err = t.shop.Carts.SetLine(ctx, core.SetCartLine{By: by, Cart: cart.ID, SKU: id.SKU(s), Quantity: 1}); err != nil {
			return core.PlaceOrder{}, err
		}
	}
	return core.PlaceOrder{
		By: by, Key: rand.Text(), Cart: cart.ID, Email: "ada@example.com", ShipTo: home(),
		Expect: cart.Subtotal, Pay: core.Pay{Provider: "sandbox", Token: sandbox.TokenOK},
	}, nil
}

func home() order.Address {
	return order.Address{FirstName: "Ada", LastName: "Tester", Line1: "Teststraße 1", City: "Berlin", PostalCode: "10115", Country: "DE"}
}

func (t *till) pay(ctx context.Context, c core.PlaceOrder) error {
	placed, err := t.shop.Checkout.Place(ctx, c)
	if err == nil && placed.Status != order.Confirmed {
		err = fmt.Errorf("a paid order is %s", placed.Status)
	}
	return err
}

// place is Checkout.Place alone, on carts that are full already.
func (t *till) place(ctx context.Context) (sample, error) {
	carts := make([]core.PlaceOrder, t.work)
	baskets := t.baskets()
	if _, err := atOnce(t.users, t.work, func(i int) (err error) {
		carts[i], err = t.fill(ctx, baskets[i])
		return err
	}); err != nil {
		return sample{}, err
	}
	return atOnce(t.users, t.work, func(i int) error { return t.pay(ctx, carts[i]) })
}

func (t *till) limitPlace(group int) side {
	return func(context.Context) (sample, error) {
		purchases := t.purchases()
		if err := t.limit.Carts(purchases); err != nil {
			return sample{}, err
		}
		groups := slices.Collect(slices.Chunk(purchases, group))
		s, err := atOnce(1, len(groups), func(i int) error { return t.limit.Place(groups[i]...) })
		s.Done = len(purchases)
		return s, err
	}
}

// session is all a shopper does: a cart, three lines, the quote, the order.
func (t *till) session(ctx context.Context) (sample, error) {
	baskets := t.baskets()
	return atOnce(t.users, t.work, func(i int) error {
		c, err := t.fill(ctx, baskets[i])
		if err != nil {
			return err
		}
		quote, err := t.shop.Checkout.Quote(ctx, core.QuoteCheckout{By: c.By, Cart: c.Cart, ShipTo: c.ShipTo})
		if err != nil {
			return err
		}
		c.Expect = quote.Total
		return t.pay(ctx, c)
	})
}

func (t *till) limitSession(context.Context) (sample, error) {
	purchases := t.purchases()
	return atOnce(1, len(purchases), func(i int) error { return t.limit.Session(purchases[i]) })
}

func (t *till) purchases() []baseline.Purchase {
	all := make([]baseline.Purchase, t.work)
	for i := range all {
		all[i].SKUs = t.basket()
	}
	return all
}

// atOnce does n things with so many goroutines and measures them.
func atOnce(callers, n int, do func(i int) error) (sample, error) {
	next := make(chan int, n)
	for i := range n {
		next <- i
	}
	close(next)
	waits, errs := make([][]time.Duration, callers), make([]error, callers)
	runtime.GC() // what the other side left is not this one's to clean up
	used, began := processorTime(), time.Now()
	var all sync.WaitGroup
	for c := range callers {
		all.Go(func() {
			for i := range next {
				asked := time.Now()
				if errs[c] = do(i); errs[c] != nil {
					return
				}
				waits[c] = append(waits[c], time.Since(asked))
			}
		})
	}
	all.Wait()
	s := sample{tally: tally{Took: time.Since(began)}, cpu: processorTime() - used}
	s.sum(slices.Concat(waits...))
	return s, errors.Join(errs...)
}

// processorTime is what this process has used.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// profileHere runs a side once more for a profile of this process, if any are wanted.
func (b *bench) profileHere(ctx context.Context, name string, run side) error {
	if b.profiles == "" {
		return nil
	}
	f, err := os.Create(filepath.Join(b.profiles, name+".pprof"))
	if err != nil {
		return err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return errors.Join(err, f.Close())
	}
	_, err = run(ctx)
	pprof.StopCPUProfile()
	return errors.Join(err, f.Close())
}
