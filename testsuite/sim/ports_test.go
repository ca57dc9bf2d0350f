package sim

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/cart"
	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/core/order"
	"github.com/bodega-commerce/bodega/core/payment"
	"github.com/bodega-commerce/bodega/core/search"
	"github.com/bodega-commerce/bodega/ports"
	"github.com/bodega-commerce/bodega/testsuite/porttest"
)

// under puts the scheduler before every port that a sale, its payment, its mail
// or its way into the index passes.
func (w *world) under(d core.Deps) core.Deps {
	d.Catalog.Tx = transactor[ports.CatalogTx]{w, "commit to the catalogue", d.Catalog.Tx}
	d.Catalog.Offers = offers{w, d.Catalog.Offers}
	d.Orders.Tx = transactor[ports.OrderTx]{w, "commit", d.Orders.Tx}
	d.Orders.Carts = carts{w, d.Orders.Carts}
	d.Orders.Keys = keys{w, d.Orders.Keys}
	d.Orders.Orders = orders{d.Orders.Orders, w}
	d.Orders.Payments = payments{d.Orders.Payments, w}
	d.Orders.Expired = expired{d.Orders.Expired, w}
	d.Mail = mailer{w, d.Mail}
	d.Search = engine{d.Search, w}
	banks := core.Providers{}
	for code, p := range d.Payments {
		banks[code] = provider{w, p}
	}
	d.Payments = banks
	return d
}

func read[T any](ctx context.Context, w *world, what string, do func() (T, error)) (T, error) {
	return reach(ctx, w, what, reads, do)
}

func write[T any](ctx context.Context, w *world, what string, do func() (T, error)) (T, error) {
	return reach(ctx, w, what, writes, do)
}

// transactor lets transactions happen, not happen, and not say which. To happen
// twice is to be run again after the first run was rolled back: the port's
// promise is no more than that.
type transactor[T any] struct {
	w    *world
	name string
	tx   ports.Transactor[T]
}

func (x transactor[T]) InTx(ctx context.Context, fn func(context.Context, T) error) (ports.Mark, error) {
	again := false
	return write(ctx, x.w, x.name, func() (ports.Mark, error) {
		tx := x.tx
		if !again && x.w.rng.IntN(8) == 0 {
			tx = porttest.Replay(tx)
		}
		again = true
		return tx.InTx(ctx, fn)
	})
}

type carts struct {
	w *world
	ports.Carts
}

func (x carts) Cart(ctx context.Context, c id.Cart) (cart.Cart, error) {
	return read(ctx, x.w, "read the cart", func() (cart.Cart, error) { return x.Carts.Cart(ctx, c) })
}

func (x carts) Update(ctx context.Context, c id.Cart, fn func(*cart.Cart) error) (ports.Mark, error) {
	return write(ctx, x.w, "change the cart", func() (ports.Mark, error) { return x.Carts.Update(ctx, c, fn) })
}

type keys struct {
	w *world
	ports.Keys
}

func (x keys) Claim(ctx context.Context, c ports.Claim) (ports.Claimed, error) {
	return reach(ctx, x.w, "claim key "+c.Key, claims, func() (ports.Claimed, error) { return x.Keys.Claim(ctx, c) })
}

func (x keys) Release(ctx context.Context, k ports.KeyRef) error {
	_, err := write(ctx, x.w, "release key "+k.Key, func() (struct{}, error) { return struct{}{}, x.Keys.Release(ctx, k) })
	return err
}

type orders struct {
	ports.OrderRecords
	w *world
}

func (x orders) Order(ctx context.Context, o id.Order) (order.Order, error) {
	return read(ctx, x.w, "read the order", func() (order.Order, error) { return x.OrderRecords.Order(ctx, o) })
}

type payments struct {
	ports.Payments
	w *world
}

func (x payments) Payment(ctx context.Context, p id.Payment) (payment.Payment, error) {
	return read(ctx, x.w, "read the payment", func() (payment.Payment, error) { return x.Payments.Payment(ctx, p) })
}

func (x payments) PaymentOf(ctx context.Context, o id.Order) (payment.Payment, error) {
	return read(ctx, x.w, "read the order's payment", func() (payment.Payment, error) { return x.Payments.PaymentOf(ctx, o) })
}

func (x payments) DueForCheck(ctx context.Context, now time.Time, limit int) ([]payment.Payment, error) {
	return read(ctx, x.w, "look for payments in doubt", func() ([]payment.Payment, error) { return x.Payments.DueForCheck(ctx, now, limit) })
}

type expired struct {
	ports.Expired
	w *world
}

func (x expired) ExpiredReservations(ctx context.Context, now time.Time, limit int) ([]id.Order, error) {
	return read(ctx, x.w, "look for expired reservations", func() ([]id.Order, error) { return x.Expired.ExpiredReservations(ctx, now, limit) })
}

type offers struct {
	w    *world
	next ports.Offers
}

func (x offers) Offers(ctx context.Context, skus []id.SKU) (map[string]catalog.Offer, error) {
	return read(ctx, x.w, "read the offers", func() (map[string]catalog.Offer, error) { return x.next.Offers(ctx, skus) })
}

// provider is the way to the bank and back.
type provider struct {
	w    *world
	bank ports.PaymentProvider
}

// ask reaches the bank unless it is away.
func (x provider) ask(ctx context.Context, what string, kinds []fate, do func() (payment.State, error)) (payment.State, error) {
	return reach(ctx, x.w, what, kinds, func() (payment.State, error) {
		if err := x.w.away(); err != nil {
			return payment.State{}, err
		}
		return do()
	})
}

func (x provider) Authorize(ctx context.Context, r payment.Request) (payment.State, error) {
	return x.ask(ctx, "ask the bank to authorize", asks, func() (payment.State, error) { return x.bank.Authorize(ctx, r) })
}

func (x provider) Lookup(ctx context.Context, p payment.Ref) (payment.State, error) {
	return x.ask(ctx, "ask the bank how it stands", lookups, func() (payment.State, error) { return x.bank.Lookup(ctx, p) })
}

func (x provider) Capture(ctx context.Context, p payment.Ref, a money.Amount) (payment.State, error) {
	return x.ask(ctx, "ask the bank to capture", asks, func() (payment.State, error) { return x.bank.Capture(ctx, p, a) })
}

func (x provider) Void(ctx context.Context, p payment.Ref) (payment.State, error) {
	return x.ask(ctx, "ask the bank to void", asks, func() (payment.State, error) { return x.bank.Void(ctx, p) })
}

func (x provider) Refund(ctx context.Context, p payment.Ref, r id.Refund, a money.Amount) (payment.State, error) {
	return x.ask(ctx, "ask the bank to refund", asks, func() (payment.State, error) { return x.bank.Refund(ctx, p, r, a) })
}

type mailer struct {
	w    *world
	post ports.Mailer
}

func (x mailer) Send(ctx context.Context, m ports.Message) error {
	_, err := reach(ctx, x.w, "hand over the mail: "+m.Subject, asks, func() (struct{}, error) { return struct{}{}, x.post.Send(ctx, m) })
	return err
}

// index knows what it was told last of each SKU, by its version.
type index struct {
	ports.SearchEngine // nobody searches
	docs               map[id.SKU]search.Document
	gullible           bool // believes whoever comes last
}

func (x *index) Define(context.Context, search.Schema) error { return nil }

func (x *index) Entries(_ context.Context, after string, limit int) ([]search.Entry, error) {
	entries := []search.Entry{}
	for sku, d := range x.docs {
		if key := sku.Fold(); key > after && !d.Deleted {
			entries = append(entries, search.Entry{Key: key, Version: d.Version, Digest: d.Digest()})
		}
	}
	slices.SortFunc(entries, func(a, b search.Entry) int { return strings.Compare(a.Key, b.Key) })
	return entries[:min(limit, len(entries))], nil
}

func (x *index) Held(context.Context, []search.Document) ([]bool, error) { return nil, nil }

func (x *index) Index(_ context.Context, docs []search.Document) ([]search.Outcome, error) {
	for _, d := range docs {
		if before, there := x.docs[d.SKU]; !there || before.Version < d.Version || x.gullible {
			x.docs[d.SKU] = d
		}
	}
	return make([]search.Outcome, len(docs)), nil
}

type engine struct {
	ports.SearchEngine
	w *world
}

func (x engine) Index(ctx context.Context, docs []search.Document) ([]search.Outcome, error) {
	return reach(ctx, x.w, "index", asks, func() ([]search.Outcome, error) { return x.SearchEngine.Index(ctx, docs) })
}
