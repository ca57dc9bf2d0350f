package core_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/adapters/files"
	"github.com/bodega-commerce/bodega/adapters/sandbox"
	"github.com/bodega-commerce/bodega/adapters/sqlite"
	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/cart"
	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/job"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/core/order"
	"github.com/bodega-commerce/bodega/core/payment"
	"github.com/bodega-commerce/bodega/core/pricing"
	"github.com/bodega-commerce/bodega/ports"
)

// till is a shop on the embedded adapters whose time, provider and crashes are
// the test's. Every transaction runs twice, the first run thrown away.
type till struct {
	t    *testing.T
	shop *core.Shop
	db   *sqlite.DB
	bank *bank
	post *post
	out  *receiver
	ids  *id.Source

	mu       sync.Mutex
	now      time.Time
	deadline func()            // called at every step that could be the last one; nil: none
	commit   func(error) error // turns what a transaction answers into what is heard of it; nil: the same
}

// noIndex stands where the till has no use for an index.
type noIndex struct{ ports.SearchEngine }

var shopkeeper = account.System("test")

func eur(minor int64) money.Amount { return money.New(minor, "EUR") }

// openTill opens a shop that ships for 4.90 and whose prices contain 19 %.
func openTill(t *testing.T, changes ...func(*core.Options)) *till {
	t.Helper()
	dir := t.TempDir()
	db, err := sqlite.Open(t.Context(), filepath.Join(dir, "shop.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	w := &till{t: t, db: db, post: &post{}, out: &receiver{}, now: time.Date(2025, 3, 1, 9, 0, 0, 0, time.UTC)}
	provider := sandbox.New(filepath.Join(dir, "sandbox.log"))
	provider.Now, provider.WebhookSecrets = w.clock, []string{webhookSecret}
	t.Cleanup(func() { _ = provider.Close() })
	w.bank = &bank{Provider: provider, step: w.step}
	w.ids = id.NewSource(w.clock, rand.Reader)
	options := core.Options{
		ShippingFlat: 490, TaxRates: []pricing.TaxRate{{Name: "VAT", Country: "DE", BasisPoints: 1900}},
		Secrets: [][]byte{[]byte("new secret"), []byte("old secret")}, StorefrontURL: "https://shop.example",
	}
	for _, change := range changes {
		change(&options)
	}
	w.shop, err = core.New(core.Deps{
		Catalog: db.Catalog(), Orders: w.store(db.Orders()), Identity: db.Identity(), Search: noIndex{}, Files: files.Dir(dir), Mail: w.post,
		Payments: core.Providers{"sandbox": w.bank}, Sandbox: w.bank, Notifiers: map[string]ports.Notifier{"sandbox": w.bank}, Now: w.clock, Sender: w.out,
	}, &options)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *till) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *till) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// step is passed before and after everything that reaches outside.
func (w *till) step() {
	w.mu.Lock()
	deadline := w.deadline
	w.mu.Unlock()
	if deadline != nil {
		deadline()
	}
}

// errKilled is what a process says that was killed.
var errKilled = errors.New("killed")

// dying runs do in a process that dies at its n-th step, and reports whether it
// got that far.
func (w *till) dying(n int, do func()) (died bool) {
	taken := 0
	w.mu.Lock()
	w.deadline = func() {
		if taken++; taken == n {
			panic(errKilled)
		}
	}
	w.mu.Unlock()
	defer func() {
		w.mu.Lock()
		w.deadline = nil
		w.mu.Unlock()
		if v := recover(); v != nil {
			if v != any(errKilled) {
				panic(v)
			}
			died = true
		}
	}()
	do()
	return false
}

// store runs every transaction twice and passes steps around those that change
// something.
func (w *till) store(s ports.OrderStore) ports.OrderStore {
	s.Tx = steppedTx{twice[ports.OrderTx]{s.Tx}, w}
	s.Carts = twiceCarts{s.Carts}
	s.Keys = steppedKeys{s.Keys, w.step}
	s.Queue = unsettled{s.Queue, w.out}
	return s
}

var errThrownAway = errors.New("thrown away")

type twice[T any] struct{ ports.Transactor[T] }

func (x twice[T]) InTx(ctx context.Context, fn func(context.Context, T) error) (ports.Mark, error) {
	_, _ = x.Transactor.InTx(ctx, func(ctx context.Context, tx T) error {
		_ = fn(ctx, tx)
		return errThrownAway
	})
	return x.Transactor.InTx(ctx, fn)
}

type twiceCarts struct{ ports.Carts }

func (x twiceCarts) Update(ctx context.Context, c id.Cart, fn func(*cart.Cart) error) (ports.Mark, error) {
	_, _ = x.Carts.Update(ctx, c, func(k *cart.Cart) error {
		_ = fn(k)
		return errThrownAway
	})
	return x.Carts.Update(ctx, c, fn)
}

type steppedTx struct {
	ports.Transactor[ports.OrderTx]
	w *till
}

func (x steppedTx) InTx(ctx context.Context, fn func(context.Context, ports.OrderTx) error) (ports.Mark, error) {
	x.w.step()
	defer x.w.step()
	mark, err := x.Transactor.InTx(ctx, fn)
	if x.w.commit != nil {
		err = x.w.commit(err)
	}
	return mark, err
}

type steppedKeys struct {
	ports.Keys
	step func()
}

func (x steppedKeys) Claim(ctx context.Context, c ports.Claim) (ports.Claimed, error) {
	x.step()
	defer x.step()
	return x.Keys.Claim(ctx, c)
}

// bank is the sandbox with a say in what reaches it.
type bank struct {
	*sandbox.Provider
	step func()

	mu    sync.Mutex
	down  bool                    // nothing reaches it
	curt  bool                    // its webhooks name payments by its own references
	onAsk func(call string) error // before each call; an error is the answer
	calls []string
}

func (b *bank) ask(call string) error {
	b.mu.Lock()
	b.calls = append(b.calls, call)
	down, onAsk := b.down, b.onAsk
	b.mu.Unlock()
	if onAsk != nil {
		if err := onAsk(call); err != nil {
			return err
		}
	}
	if down {
		return fault.New(fault.Unavailable, "", "the line is dead")
	}
	return nil
}

func (b *bank) set(change func(*bank)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	change(b)
}

// asked returns how often a call was made.
func (b *bank) asked(call string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := 0
	for _, c := range b.calls {
		if c == call {
			n++
		}
	}
	return n
}

func (b *bank) call(name string, do func() (payment.State, error)) (payment.State, error) {
	b.step()
	defer b.step()
	if err := b.ask(name); err != nil {
		return payment.State{}, err
	}
	return do()
}

func (b *bank) Authorize(ctx context.Context, r payment.Request) (payment.State, error) {
	return b.call("authorize", func() (payment.State, error) { return b.Provider.Authorize(ctx, r) })
}

func (b *bank) Lookup(ctx context.Context, p payment.Ref) (payment.State, error) {
	return b.call("lookup", func() (payment.State, error) { return b.Provider.Lookup(ctx, p) })
}

func (b *bank) Capture(ctx context.Context, p payment.Ref, a money.Amount) (payment.State, error) {
	return b.call("capture", func() (payment.State, error) { return b.Provider.Capture(ctx, p, a) })
}

func (b *bank) Void(ctx context.Context, p payment.Ref) (payment.State, error) {
	return b.call("void", func() (payment.State, error) { return b.Provider.Void(ctx, p) })
}

func (b *bank) Refund(ctx context.Context, p payment.Ref, r id.Refund, a money.Amount) (payment.State, error) {
	return b.call("refund", func() (payment.State, error) { return b.Provider.Refund(ctx, p, r, a) })
}

func (b *bank) Notice(header func(string) string, body []byte) (payment.Notice, error) {
	n, err := b.Provider.Notice(header, body)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.curt && err == nil {
		n.Reference = "of another shop"
		if st, err := b.Provider.Lookup(context.Background(), payment.Ref{ID: n.Payment}); err == nil {
			n.Reference = st.Reference
		}
		n.Payment = id.Payment{}
	}
	return n, err
}

// post keeps what was mailed.
type post struct {
	mu   sync.Mutex
	sent []ports.Message
}

func (p *post) Send(_ context.Context, m ports.Message) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sent = append(p.sent, m)
	return nil
}

func (p *post) all() []ports.Message {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]ports.Message{}, p.sent...)
}

// sell puts a product with one variant on the shelf.
func (w *till) sell(sku id.SKU, price int64, units int) catalog.Product {
	w.t.Helper()
	now := w.clock()
	p := catalog.Product{
		ID: id.Product{UUID: w.ids.New()}, Slug: "product-" + sku.Fold(), Name: "Product " + string(sku), Status: catalog.Active, BasePrice: eur(price),
		Attributes: catalog.Attributes{}, Images: []catalog.Image{}, Version: 1, CreatedAt: now, UpdatedAt: now,
		Variants: []catalog.Variant{{
			ID: id.Variant{UUID: w.ids.New()}, SKU: sku, Options: []catalog.Option{}, Attributes: catalog.Attributes{}, Status: catalog.VariantActive,
			Images: []catalog.Image{}, EAN: []string{},
		}},
	}
	w.save(p)
	if units > 0 {
		if _, err := w.shop.Inventory.Receive(w.t.Context(), core.ReceiveStock{By: shopkeeper, SKU: sku, Quantity: units}); err != nil {
			w.t.Fatal(err)
		}
	}
	return p
}

func (w *till) save(p catalog.Product) {
	w.t.Helper()
	if _, err := w.db.Catalog().Tx.InTx(w.t.Context(), func(ctx context.Context, tx ports.CatalogTx) error { return tx.Products.Save(ctx, p) }); err != nil {
		w.t.Fatal(err)
	}
}

// shopper is a guest with a cart.
type shopper struct {
	w    *till
	by   account.Actor
	cart id.Cart
}

// want is so many of a SKU.
type want struct {
	sku   id.SKU
	units int
}

// enter lets a guest fill a cart.
func (w *till) enter(wants ...want) *shopper {
	w.t.Helper()
	c, err := w.shop.Carts.Open(w.t.Context(), core.OpenCart{})
	if err != nil {
		w.t.Fatal(err)
	}
	s := &shopper{w: w, by: account.Guest(c.Token), cart: c.ID}
	for _, l := range wants {
		if _, err := s.put(l.sku, l.units); err != nil {
			w.t.Fatal(err)
		}
	}
	return s
}

func (s *shopper) put(sku id.SKU, units int) (core.CartView, error) {
	return s.w.shop.Carts.SetLine(s.w.t.Context(), core.SetCartLine{By: s.by, Cart: s.cart, SKU: sku, Quantity: units})
}

func (s *shopper) view() core.CartView {
	s.w.t.Helper()
	v, err := s.w.shop.Carts.Find(s.w.t.Context(), core.FindCart{By: s.by, Cart: s.cart})
	if err != nil {
		s.w.t.Fatal(err)
	}
	return v
}

var berlin = order.Address{LastName: "Lovelace", Line1: "Ring 1", City: "Berlin", PostalCode: "10115", Country: "DE"}

// command is what the shopper sends to pay with a token what the cart costs now.
func (s *shopper) command(key, token string) core.PlaceOrder {
	s.w.t.Helper()
	q, err := s.w.shop.Checkout.Quote(s.w.t.Context(), core.QuoteCheckout{By: s.by, Cart: s.cart, ShipTo: berlin})
	if err != nil {
		s.w.t.Fatal(err)
	}
	return core.PlaceOrder{
		By: s.by, Key: key, Cart: s.cart, Email: "Ada@Example.com", ShipTo: berlin, Expect: q.Total, Pay: core.Pay{Provider: "sandbox", Token: token},
	}
}

func (s *shopper) pay(key, token string) (core.Placed, error) {
	s.w.t.Helper()
	return s.w.shop.Checkout.Place(s.w.t.Context(), s.command(key, token))
}

// buy orders and pays, and must succeed.
func (s *shopper) buy() core.Placed {
	s.w.t.Helper()
	p, err := s.pay(rand.Text(), sandbox.TokenOK)
	if err != nil {
		s.w.t.Fatal(err)
	}
	return p
}

func (w *till) order(o id.Order) core.OrderView {
	w.t.Helper()
	v, err := w.shop.Orders.Find(w.t.Context(), core.FindOrder{By: shopkeeper, Order: o})
	if err != nil {
		w.t.Fatal(err)
	}
	return v
}

// stock returns what is on hand and reserved of a SKU.
func (w *till) stock(sku id.SKU) (onHand, reserved int) {
	w.t.Helper()
	levels, err := w.shop.Inventory.Levels(w.t.Context(), core.ShowLevels{By: shopkeeper, SKUs: []id.SKU{sku}})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, l := range levels {
		onHand += l.OnHand
		reserved += l.Reserved
	}
	return onHand, reserved
}

func (w *till) mustHave(sku id.SKU, onHand, reserved int) {
	w.t.Helper()
	if h, r := w.stock(sku); h != onHand || r != reserved {
		w.t.Errorf("%s: %d on hand, %d reserved, want %d and %d", sku, h, r, onHand, reserved)
	}
}

// loseReservation releases an order's units behind the shop's back.
func (w *till) loseReservation(o id.Order) {
	w.t.Helper()
	if _, err := w.db.Orders().Tx.InTx(w.t.Context(), func(ctx context.Context, tx ports.OrderTx) error {
		_, err := tx.Stock.Release(ctx, o, w.clock())
		return err
	}); err != nil {
		w.t.Fatal(err)
	}
}

// work does all jobs that are waiting and returns how many there were of a task.
// What fails is tried again later.
func (w *till) work() map[string]int {
	w.t.Helper()
	done := map[string]int{}
	for again := true; again; {
		again = false
		for _, task := range job.Tasks() {
			n, err := w.db.Jobs().Receive(w.t.Context(), task, ports.Batch{Max: 50}, func(ctx context.Context, batch []job.Delivery) []job.Verdict {
				verdicts := make([]job.Verdict, len(batch))
				for i, d := range batch {
					if err := w.do(ctx, d); err != nil {
						verdicts[i] = job.Retry(time.Hour, err.Error())
					}
				}
				return verdicts
			})
			if err != nil {
				w.t.Fatal(err)
			}
			done[task] += n
			again = again || n > 0
		}
	}
	return done
}

func (w *till) do(ctx context.Context, d job.Delivery) error {
	switch d.Task {
	case job.AdjustInventory:
		return w.shop.Inventory.ApplyJob(ctx, d.Envelope)
	case job.CountSale:
		p, err := job.Decode[job.OrderPayload](d.Envelope)
		if err != nil {
			return err
		}
		return w.shop.Search.CountSales(ctx, []id.Order{p.Order})
	case job.SendOrderConfirmation, job.SendOrderLink:
		p, err := job.Decode[job.OrderPayload](d.Envelope)
		if err != nil {
			return err
		}
		if d.Task == job.SendOrderLink {
			return w.shop.Mails.SendLink(ctx, d.ID, p.Order)
		}
		return w.shop.Mails.SendConfirmation(ctx, d.ID, p.Order)
	case job.CapturePayment, job.VoidPayment, job.RefundPayment:
		p, err := job.Decode[job.PaymentPayload](d.Envelope)
		if err != nil {
			return err
		}
		switch d.Task {
		case job.RefundPayment:
			err = w.shop.Payments.SendRefunds(ctx, core.SendRefunds{By: shopkeeper, Payment: p.Payment})
		case job.VoidPayment:
			_, err = w.shop.Payments.Void(ctx, core.VoidPayment{By: shopkeeper, Payment: p.Payment})
		default:
			_, err = w.shop.Payments.Capture(ctx, core.CapturePayment{By: shopkeeper, Payment: p.Payment})
		}
		return err
	case job.ProcessWebhook:
		p, err := job.Decode[job.WebhookPayload](d.Envelope)
		if err != nil {
			return err
		}
		return w.shop.Webhooks.Process(ctx, core.ProcessWebhook{By: shopkeeper, Provider: p.Provider, Event: p.Event})
	default:
		return nil // search.index_product: the index is another test's
	}
}

// settle lets time pass and everybody who looks after things look after them,
// until nothing is left to do.
func (w *till) settle() {
	w.t.Helper()
	for range 12 {
		w.work()
		if _, err := w.shop.Payments.Reconcile(w.t.Context(), 100); err != nil {
			w.t.Logf("reconcile: %v", err)
		}
		if _, err := w.shop.Checkout.Expire(w.t.Context(), 100); err != nil {
			w.t.Logf("expire: %v", err)
		}
		w.pass(2 * time.Minute)
	}
	w.work()
	w.audit()
}

// audit checks the invariants by queries that know nothing of this package.
func (w *till) audit() {
	w.t.Helper()
	broken, err := w.db.Violations(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	for _, v := range broken {
		w.t.Errorf("broken: %s: %s %s", v.Invariant, v.Subject, v.Detail)
	}
}

// mustFail checks an error's kind and code and returns its Data.
func mustFail[T any](t *testing.T, err error, kind fault.Kind, code string) T {
	t.Helper()
	var data T
	e, ok := errors.AsType[*fault.Error](err)
	if !ok || e.Kind != kind || e.Code != code {
		t.Fatalf("got %v (%s %s), want %s %s", err, fault.KindOf(err), fault.CodeOf(err), kind, code)
	}
	if e.Data != nil {
		if data, ok = e.Data.(T); !ok {
			t.Fatalf("%s carries %T", code, e.Data)
		}
	}
	return data
}

func describe(o core.OrderView) string {
	return fmt.Sprintf("order %s, payment %s", o.Status, o.Payment.Status)
}

func mustStand(t *testing.T, o core.OrderView, status order.Status, paid payment.Status) {
	t.Helper()
	if o.Status != status || o.Payment.Status != paid {
		t.Fatalf("got %s, want order %s, payment %s", describe(o), status, paid)
	}
}
