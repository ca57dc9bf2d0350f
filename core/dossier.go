package core

import (
	"context"
	"time"

	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/cart"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/inventory"
	"github.com/bodega-commerce/bodega/core/job"
	"github.com/bodega-commerce/bodega/core/order"
	"github.com/bodega-commerce/bodega/core/payment"
	"github.com/bodega-commerce/bodega/ports"
)

// dossier is an order with what moves along with it.
type dossier struct {
	order   order.Order
	payment payment.Payment // zero ID: nothing is to be paid
	cart    cart.Cart       // filled only while it is locked, or if fresh; zero ID: it is gone
	fresh   bool            // stored by this very checkout: it need not be read to be locked
	outcome []byte          // what the last move stored under the checkout's key; nil: nothing
}

// dossier reads an order and its payment.
func (s *shared) dossier(ctx context.Context, o id.Order) (dossier, error) {
	var d dossier
	var err error
	if d.order, err = s.Orders.Orders.Order(ctx, o); err != nil {
		return dossier{}, err
	}
	if d.payment, err = s.Orders.Payments.PaymentOf(ctx, o); err != nil && !fault.Is(err, fault.NotFound) {
		return dossier{}, err
	}
	return d, nil
}

// dossierOf reads a payment and its order.
func (s *shared) dossierOf(ctx context.Context, p id.Payment) (dossier, error) {
	found, err := s.Orders.Payments.Payment(ctx, p)
	if err != nil {
		return dossier{}, err
	}
	o, err := s.Orders.Orders.Order(ctx, found.Order)
	return dossier{order: o, payment: found}, err
}

// ref is how the provider finds the dossier's payment.
func (d *dossier) ref() payment.Ref {
	return payment.Ref{
		ID: d.payment.ID, Order: d.order.ID, OrderNumber: d.order.Number, Amount: d.payment.Amount, Reference: d.payment.Reference,
	}
}

// view is what callers see of a dossier. Whoever gets it may hand on its token.
func (s *shared) view(d dossier, mark ports.Mark) OrderView {
	return OrderView{Order: d.order, Payment: d.payment, Token: s.orderToken(d.order.ID), Mark: mark}
}

// effects are what a step does beside changing the dossier's rows.
type effects struct {
	jobs    []job.Envelope
	outcome []byte // finishes the key of the checkout; nil: it stays as it is
	coupons bool   // the order's can be used again
	stock   func(ctx context.Context, tx ports.StockWriter) ([]inventory.Change, error)
}

// move runs a step on a dossier, locked, and stores what it leaves. The step
// decides by its argument alone, because it may run again. Rows are locked and
// written in the order of ports.OrderTx, stock last, so that moves never
// deadlock and hold hot stock for the shortest time; products whose
// availability flipped are found on the shelves and indexed.
func (s *shared) move(ctx context.Context, d dossier, shelves shelves, t *turn, step func(*dossier) (effects, error)) (dossier, ports.Mark, error) {
	var after dossier
	run := func(ctx context.Context, tx ports.OrderTx) error {
		before, err := lock(ctx, tx, d)
		if err != nil {
			return err
		}
		after = before
		after.fresh = false
		e, err := step(&after)
		if err != nil {
			return err
		}
		after.outcome = e.outcome
		e.jobs = append(e.jobs, t.tellOrder(&after, len(before.order.Timeline))...)
		e.coupons = after.order.Dead() && !before.order.Dead() && len(after.order.Coupons()) > 0
		if after.sold() != before.sold() {
			e.jobs = append(e.jobs, t.job(job.CountSale, "", job.OrderPayload{Order: after.order.ID}))
		}
		if after.cart.Version != before.cart.Version {
			if err := tx.Carts.SaveCart(ctx, after.cart); err != nil {
				return err
			}
		}
		if after.order.Version != before.order.Version {
			if err := tx.Orders.SaveOrder(ctx, after.order); err != nil {
				return err
			}
		}
		if after.payment != before.payment {
			if err := tx.Payments.SavePayment(ctx, after.payment); err != nil {
				return err
			}
		}
		return e.carryOut(ctx, tx, after.order.ID, shelves, t)
	}
	mark, err := s.Orders.Tx.InTx(ctx, run)
	if d.fresh && fault.Is(err, fault.Stale) { // somebody else has been there
		d.fresh = false
		mark, err = s.Orders.Tx.InTx(ctx, run)
	}
	if err != nil {
		return dossier{}, ports.Mark{}, err
	}
	return after, mark, nil
}

func lock(ctx context.Context, tx ports.OrderTx, d dossier) (dossier, error) {
	if d.fresh {
		return d, tx.Orders.LockCheckout(ctx, d.cart, d.order, d.payment)
	}
	c, o, p, err := tx.Orders.CheckoutForUpdate(ctx, d.order.Cart, d.order.ID, d.payment.ID)
	return dossier{order: o, payment: p, cart: c}, err
}

func (e effects) carryOut(ctx context.Context, tx ports.OrderTx, o id.Order, shelves shelves, t *turn) error {
	if e.outcome != nil {
		if err := tx.Keys.SettleOrder(ctx, o, e.outcome); err != nil {
			return err
		}
	}
	if len(e.jobs) > 0 {
		if err := tx.Jobs.Add(ctx, e.jobs...); err != nil {
			return err
		}
	}
	if e.coupons {
		if err := tx.Coupons.GiveBack(ctx, o); err != nil {
			return err
		}
	}
	if e.stock == nil {
		return nil
	}
	changes, err := e.stock(ctx, tx.Stock)
	if err != nil {
		return err
	}
	return shelves.index(ctx, tx.Jobs, changes, t)
}

// turn is one try to do something: its time, who is at it, and the ids it makes,
// which stay the same however often a transaction runs.
type turn struct {
	s     *shared
	now   time.Time
	by    account.Role
	trace string
	heard *audience
	ids   map[string]id.UUID
}

func (s *shared) turn(ctx context.Context, by account.Role) *turn {
	return &turn{s: s, now: s.Now(), by: by, trace: s.Trace(ctx), heard: s.listeners(ctx), ids: make(map[string]id.UUID)}
}

// id returns the id this turn made for something, and makes it the first time.
func (t *turn) id(what string) id.UUID {
	made, ok := t.ids[what]
	if !ok {
		made = t.s.ids.New()
		t.ids[what] = made
	}
	return made
}

// made returns the id of what an order gets on a request: under a key the same
// one however often it is sent, so that who goes on for a dead server finds what
// was done; without one, an id of this turn.
func (t *turn) made(o id.Order, what, key string) id.UUID {
	if key == "" {
		return t.id(what)
	}
	return o.Derive(what + " on request " + key)
}

// job returns a job of this turn; what tells jobs of one task apart.
func (t *turn) job(task, what string, payload any) job.Envelope {
	return job.New(id.Job{UUID: t.id(task + what)}, task, payload, t.now, t.trace)
}

func (t *turn) step(message string) order.Step { return t.stepOf(t.by, message) }

// stepOf is a step that somebody else made the turn take.
func (t *turn) stepOf(by account.Role, message string) order.Step {
	return order.Step{At: t.now, By: by, Message: message, TraceID: t.trace}
}

// sales makes the ids of an order's lines in the ledger. They are not the turn's
// to keep: nobody refers to them.
func (t *turn) sales(o order.Order) []id.Movement {
	made := make([]id.Movement, len(o.Lines))
	for i := range made {
		made[i].UUID = t.s.ids.New()
	}
	return made
}

func (t *turn) consume(o order.Order) func(context.Context, ports.StockWriter) ([]inventory.Change, error) {
	return func(ctx context.Context, stock ports.StockWriter) ([]inventory.Change, error) {
		return nil, stock.Consume(ctx, o.ID, t.sales(o), t.now)
	}
}

// takeAgain reserves and consumes an order's units after its reservation was lost.
func (t *turn) takeAgain(o order.Order) func(context.Context, ports.StockWriter) ([]inventory.Change, error) {
	return func(ctx context.Context, stock ports.StockWriter) ([]inventory.Change, error) {
		held, err := stock.Reserve(ctx, reservation(o, t.now, t.s.ReservationTTL))
		if err != nil {
			return nil, err
		}
		return held, stock.Consume(ctx, o.ID, t.sales(o), t.now)
	}
}

func (t *turn) release(o id.Order) func(context.Context, ports.StockWriter) ([]inventory.Change, error) {
	return func(ctx context.Context, stock ports.StockWriter) ([]inventory.Change, error) {
		return stock.Release(ctx, o, t.now)
	}
}

// shelve returns the jobs that put units on the shelf again; what names what brought
// them back, and each job does it once.
func (t *turn) shelve(what string, units []order.ShipmentLine) []job.Envelope {
	jobs := make([]job.Envelope, len(units))
	for i, u := range units {
		jobs[i] = t.job(job.AdjustInventory, u.SKU.Fold(), job.AdjustmentPayload{
			SKU: u.SKU, Delta: u.Quantity, Reason: string(inventory.Returned), Reference: what,
		})
	}
	return jobs
}

// restock puts the units of a cancelled order back on the shelf. The ledger
// takes them once for each order, whatever happens.
func (t *turn) restock(o order.Order) func(context.Context, ports.StockWriter) ([]inventory.Change, error) {
	back := make([]inventory.Adjustment, 0, len(o.Lines))
	for _, l := range o.Lines {
		back = append(back, inventory.Adjustment{
			ID: id.Movement{UUID: t.id("restock" + l.SKU.Fold())}, SKU: l.SKU, Location: id.Main, Delta: l.Quantity - l.Returned,
			Reason: inventory.Returned, Note: "order " + o.Number + " canceled", Reference: "order:" + o.ID.String(), By: string(t.by), Unique: true, At: t.now,
		})
	}
	return func(ctx context.Context, stock ports.StockWriter) ([]inventory.Change, error) {
		return stock.Adjust(ctx, back...)
	}
}

func reservation(o order.Order, now time.Time, ttl time.Duration) inventory.Reservation {
	r := inventory.Reservation{Order: o.ID, ExpiresAt: now.Add(ttl), At: now}
	for _, l := range o.Lines {
		r.Lines = append(r.Lines, inventory.Line{SKU: l.SKU, Location: id.Main, Quantity: l.Quantity})
	}
	return r
}
