package sim

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/cart"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/inventory"
	"github.com/bodega-commerce/bodega/core/job"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/core/order"
	"github.com/bodega-commerce/bodega/core/payment"
	"github.com/bodega-commerce/bodega/core/pricing"
	"github.com/bodega-commerce/bodega/ports"
)

// bug is a mistake that somebody might make, planted between the shop and its
// ports. The zero bug is none.
type bug struct {
	name    string
	deps    func(*world, *core.Deps)
	source  func(*world, ports.JobSource) ports.JobSource
	without string // a loop that nobody turns

	publisher func(ports.Publisher) ports.Publisher

	gullible bool   // the index knows no versions
	rare     uint64 // how many histories it may survive, if more than enough
}

func deadOf(task string) job.DeadFilter { return job.DeadFilter{Task: task, Limit: 10} }

// enough is how many histories a bug may survive.
const enough = 400

// Each mistake of the list shows within a bounded number of histories: a
// simulation that finds nothing in the shop would have found these.
func TestBugs_AreFound(t *testing.T) {
	t.Parallel()
	stock(t)
	for _, b := range bugs {
		t.Run(strings.ReplaceAll(b.name, " ", "_"), func(t *testing.T) {
			t.Parallel()
			dir := folder(t)
			for seed := uint64(1); seed <= max(enough, b.rare); seed++ {
				if h := play(t, dir, seed, b); len(h.faults) > 0 {
					t.Logf("found by seed %d: %s", seed, h.faults[0])
					return
				}
			}
			t.Errorf("not found in %d histories", max(enough, b.rare))
		})
	}
}

var bugs = []bug{
	{name: "what was read before the lock decides", rare: 2000, deps: func(_ *world, d *core.Deps) { d.Orders.Tx = unlocked{d.Orders.Tx} }},
	{name: "answered before it is stored", deps: func(w *world, d *core.Deps) { d.Orders.Tx = writeBehind{w, d.Orders.Tx} }},
	{name: "jobs are added after the commit", deps: func(_ *world, d *core.Deps) { d.Orders.Tx = jobsLater{d.Orders.Tx} }},
	{name: "units go back outside the transaction", deps: func(_ *world, d *core.Deps) { d.Orders.Tx = restockLater{d.Orders.Tx} }},
	{name: "units of a payment in doubt are released", deps: func(_ *world, d *core.Deps) { d.Orders.Expired = eager{d.Orders.Expired, d.Orders.Tx} }},
	{name: "a held key is taken", deps: func(_ *world, d *core.Deps) { d.Orders.Keys = greedy{d.Orders.Keys} }},
	{name: "no answer is a refusal", deps: bank1(func(b ports.PaymentProvider) ports.PaymentProvider { return impatient{b} })},
	{name: "asking again is another payment", deps: func(w *world, d *core.Deps) {
		bank1(func(b ports.PaymentProvider) ports.PaymentProvider { return doubling{b, w} })(w, d)
	}},
	{name: "asking again is another refund", deps: func(w *world, d *core.Deps) {
		bank1(func(b ports.PaymentProvider) ports.PaymentProvider { return generous{b, w} })(w, d)
	}},
	{name: "a refund that came back is counted", deps: func(w *world, d *core.Deps) {
		bank1(func(b ports.PaymentProvider) ports.PaymentProvider { return hopeful{b} })(w, d)
	}},
	{name: "asking again is another return", deps: inTx(func(tx *ports.OrderTx) { tx.Orders = renaming{tx.Orders} })},
	{name: "a part is taken whole", deps: bank1(func(b ports.PaymentProvider) ports.PaymentProvider { return grasping{b} })},
	{name: "what others gave back is not heard", deps: bank1(func(b ports.PaymentProvider) ports.PaymentProvider { return proud{b} })},
	{name: "units go on the shelf as often as their job comes", rare: 2000, deps: inTx(func(tx *ports.OrderTx) { tx.Inbox = forgetful{} })},
	{name: "sending again is another mail", deps: func(w *world, d *core.Deps) { d.Mail = anew{w, d.Mail} }},
	{name: "the index believes whoever comes last", rare: 2000, gullible: true, without: "compare the index"},
	{name: "acknowledged before it is done", source: func(_ *world, s ports.JobSource) ports.JobSource { return hasty{s} }},
	{name: "given up at the first failure", source: func(_ *world, s ports.JobSource) ports.JobSource { return faint{s} }},
	{name: "what is on its way to the broker has arrived", publisher: func(p ports.Publisher) ports.Publisher { return trusting{p} }},
	{name: "coupons are counted without their lock", deps: inTx(func(tx *ports.OrderTx) { tx.Coupons = uncounted{tx.Coupons} })},
	{name: "uses of dead orders stay used", deps: inTx(func(tx *ports.OrderTx) { tx.Coupons = stingy{tx.Coupons} })},
	{name: "nobody sweeps", without: "sweep checkouts"},
}

// bank1 plants something before the bank.
func bank1(plant func(ports.PaymentProvider) ports.PaymentProvider) func(*world, *core.Deps) {
	return func(_ *world, d *core.Deps) { d.Payments = core.Providers{"bank": plant(d.Payments["bank"])} }
}

type orderTx = ports.Transactor[ports.OrderTx]

var errRehearsal = errors.New("the rehearsal is over")

// unlocked reads an order, its cart and payment in one transaction and writes
// them in another.
type unlocked struct{ orderTx }

func (x unlocked) InTx(ctx context.Context, fn func(context.Context, ports.OrderTx) error) (ports.Mark, error) {
	r := &readBefore{}
	if _, err := x.orderTx.InTx(ctx, func(ctx context.Context, tx ports.OrderTx) error {
		r.OrderWriter = tx.Orders
		tx.Orders = r
		_ = fn(ctx, tx)
		return errRehearsal
	}); !errors.Is(err, errRehearsal) {
		return ports.Mark{}, err
	}
	return x.orderTx.InTx(ctx, func(ctx context.Context, tx ports.OrderTx) error {
		r.OrderWriter = tx.Orders
		tx.Orders = r
		return fn(ctx, tx)
	})
}

type readBefore struct {
	ports.OrderWriter
	read    bool
	known   bool
	cart    cart.Cart
	order   order.Order
	payment payment.Payment
}

func (r *readBefore) CheckoutForUpdate(ctx context.Context, c id.Cart, o id.Order, p id.Payment) (cart.Cart, order.Order, payment.Payment, error) {
	if !r.read {
		var err error
		if r.cart, r.order, r.payment, err = r.OrderWriter.CheckoutForUpdate(ctx, c, o, p); err != nil {
			return r.cart, r.order, r.payment, err
		}
		r.read = true
	}
	return r.cart, r.order, r.payment, nil
}

func (r *readBefore) LockCheckout(ctx context.Context, c cart.Cart, o order.Order, p payment.Payment) error {
	if !r.known {
		if err := r.OrderWriter.LockCheckout(ctx, c, o, p); err != nil {
			return err
		}
		r.known = true
	}
	return nil
}

// writeBehind answers, and stores a moment later.
type writeBehind struct {
	w *world
	orderTx
}

func (x writeBehind) InTx(ctx context.Context, fn func(context.Context, ports.OrderTx) error) (ports.Mark, error) {
	var failed error
	if _, err := x.orderTx.InTx(ctx, func(ctx context.Context, tx ports.OrderTx) error {
		failed = fn(ctx, tx)
		return errRehearsal
	}); failed != nil || !errors.Is(err, errRehearsal) {
		return ports.Mark{}, errors.Join(failed, err)
	}
	x.w.start(&party{name: partyOf(ctx).name + ": what is still to be stored", process: partyOf(ctx).process}, func(ctx context.Context) {
		_, _ = x.orderTx.InTx(ctx, fn)
	})
	return ports.Mark{}, nil
}

// jobsLater adds jobs once what causes them is stored.
type jobsLater struct{ orderTx }

func (x jobsLater) InTx(ctx context.Context, fn func(context.Context, ports.OrderTx) error) (ports.Mark, error) {
	var later collected
	mark, err := x.orderTx.InTx(ctx, func(ctx context.Context, tx ports.OrderTx) error {
		later = nil
		tx.Jobs = &later
		return fn(ctx, tx)
	})
	if err != nil || len(later) == 0 {
		return mark, err
	}
	return x.orderTx.InTx(ctx, func(ctx context.Context, tx ports.OrderTx) error { return tx.Jobs.Add(ctx, later...) })
}

type collected []job.Envelope

func (c *collected) Add(_ context.Context, jobs ...job.Envelope) error {
	*c = append(*c, jobs...)
	return nil
}

// restockLater puts units back as often as the transaction ran that said so.
type restockLater struct{ orderTx }

func (x restockLater) InTx(ctx context.Context, fn func(context.Context, ports.OrderTx) error) (ports.Mark, error) {
	var back []inventory.Adjustment
	mark, err := x.orderTx.InTx(ctx, func(ctx context.Context, tx ports.OrderTx) error {
		tx.Stock = noting{tx.Stock, &back}
		return fn(ctx, tx)
	})
	for i, a := range back {
		a.Unique, a.ID = false, id.Movement{UUID: a.ID.Derive(fmt.Sprint(i))}
		_, _ = x.orderTx.InTx(ctx, func(ctx context.Context, tx ports.OrderTx) error {
			_, err := tx.Stock.Adjust(ctx, a)
			return err
		})
	}
	return mark, err
}

type noting struct {
	ports.StockWriter
	adjusted *[]inventory.Adjustment
}

func (n noting) Adjust(_ context.Context, as ...inventory.Adjustment) ([]inventory.Change, error) {
	*n.adjusted = append(*n.adjusted, as...)
	return nil, nil
}

// eager frees what is held beyond its time without a look at the payment.
type eager struct {
	ports.Expired
	tx orderTx
}

func (x eager) ExpiredReservations(ctx context.Context, now time.Time, limit int) ([]id.Order, error) {
	late, err := x.Expired.ExpiredReservations(ctx, now, limit)
	if err != nil {
		return nil, err
	}
	for _, o := range late {
		if _, err := x.tx.InTx(ctx, func(ctx context.Context, tx ports.OrderTx) error {
			_, err := tx.Stock.Release(ctx, o, now)
			return err
		}); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// greedy goes on with a key that somebody holds.
type greedy struct{ ports.Keys }

func (x greedy) Claim(ctx context.Context, c ports.Claim) (ports.Claimed, error) {
	got, err := x.Keys.Claim(ctx, c)
	if got.State == ports.ClaimInProgress {
		got.State = ports.ClaimContinued
	}
	return got, err
}

// impatient takes no answer for a no.
type impatient struct{ ports.PaymentProvider }

func (x impatient) Authorize(ctx context.Context, r payment.Request) (payment.State, error) {
	state, err := x.PaymentProvider.Authorize(ctx, r)
	if fault.Is(err, fault.Unknown) {
		return payment.State{Status: payment.Failed, DeclineCode: "no_answer"}, nil
	}
	return state, err
}

// doubling asks for another payment when the first did not answer.
type doubling struct {
	ports.PaymentProvider
	w *world
}

func (x doubling) Authorize(ctx context.Context, r payment.Request) (payment.State, error) {
	state, err := x.PaymentProvider.Authorize(ctx, r)
	if fault.Is(err, fault.Unknown) {
		r.ID = id.Payment{UUID: r.ID.Derive(fmt.Sprint(x.w.steps))}
		return x.PaymentProvider.Authorize(ctx, r)
	}
	return state, err
}

// generous makes a refund anew each time it is asked for one, of a bank that
// does not mind.
type generous struct {
	ports.PaymentProvider
	w *world
}

func (x generous) Refund(ctx context.Context, p payment.Ref, r id.Refund, amount money.Amount) (payment.State, error) {
	if a := x.w.bank.accounts[p.ID]; a != nil {
		a.lenient = true
	}
	return x.PaymentProvider.Refund(ctx, p, id.Refund{UUID: r.Derive(fmt.Sprint(x.w.steps))}, amount)
}

// hopeful tells of no refund that failed.
type hopeful struct{ ports.PaymentProvider }

func (x hopeful) Lookup(ctx context.Context, p payment.Ref) (payment.State, error) {
	state, err := x.PaymentProvider.Lookup(ctx, p)
	for i := range state.Refunds {
		state.Refunds[i].Failed = false
	}
	return state, err
}

// renaming stores returns and parcels under ids of its own.
type renaming struct{ ports.OrderWriter }

func (x renaming) SaveOrder(ctx context.Context, o order.Order) error {
	o.Returns, o.Shipments = slices.Clone(o.Returns), slices.Clone(o.Shipments)
	for i := range o.Returns {
		o.Returns[i].ID.UUID = o.ID.Derive(fmt.Sprint("return ", i))
	}
	for i := range o.Shipments {
		o.Shipments[i].ID.UUID = o.ID.Derive(fmt.Sprint("parcel ", i))
	}
	return x.OrderWriter.SaveOrder(ctx, o)
}

// grasping takes all that is held, whatever it was asked for.
type grasping struct{ ports.PaymentProvider }

func (x grasping) Capture(ctx context.Context, p payment.Ref, _ money.Amount) (payment.State, error) {
	return x.PaymentProvider.Capture(ctx, p, p.Amount)
}

// proud tells of no refund that it was not asked for.
type proud struct{ ports.PaymentProvider }

func (x proud) Lookup(ctx context.Context, p payment.Ref) (payment.State, error) {
	state, err := x.PaymentProvider.Lookup(ctx, p)
	state.Refunds = slices.DeleteFunc(state.Refunds, func(r order.ToldRefund) bool { return r.ID.IsZero() })
	return state, err
}

// forgetful takes every job for a new one.
type forgetful struct{}

func (forgetful) First(context.Context, string, id.Job) (bool, error) { return true, nil }

// anew gives a mail another id each time it is sent.
type anew struct {
	w *world
	ports.Mailer
}

func (x anew) Send(ctx context.Context, m ports.Message) error {
	m.ID = fmt.Sprintf("%d.%s", x.w.steps, m.ID)
	return x.Mailer.Send(ctx, m)
}

// hasty acknowledges jobs and does them then.
type hasty struct{ ports.JobSource }

func (x hasty) Receive(ctx context.Context, task string, b ports.Batch, handle func(context.Context, []job.Delivery) []job.Verdict) (int, error) {
	var taken []job.Delivery
	var inside context.Context
	n, err := x.JobSource.Receive(ctx, task, b, func(ctx context.Context, ds []job.Delivery) []job.Verdict {
		taken, inside = ds, context.WithoutCancel(ctx)
		return make([]job.Verdict, len(ds))
	})
	if len(taken) > 0 {
		handle(inside, taken)
	}
	return n, err
}

// faint buries what failed once.
type faint struct{ ports.JobSource }

func (x faint) Receive(ctx context.Context, task string, b ports.Batch, handle func(context.Context, []job.Delivery) []job.Verdict) (int, error) {
	return x.JobSource.Receive(ctx, task, b, func(ctx context.Context, ds []job.Delivery) []job.Verdict {
		verdicts := handle(ctx, ds)
		for i, v := range verdicts {
			if v.IsRetry() {
				verdicts[i] = job.Dead(v.Reason)
			}
		}
		return verdicts
	})
}

// inTx plants something within transactions.
func inTx(plant func(*ports.OrderTx)) func(*world, *core.Deps) {
	return func(_ *world, d *core.Deps) { d.Orders.Tx = planted{d.Orders.Tx, plant} }
}

type planted struct {
	orderTx
	plant func(*ports.OrderTx)
}

func (x planted) InTx(ctx context.Context, fn func(context.Context, ports.OrderTx) error) (ports.Mark, error) {
	return x.orderTx.InTx(ctx, func(ctx context.Context, tx ports.OrderTx) error {
		x.plant(&tx)
		return fn(ctx, tx)
	})
}

// trusting does not wait for the broker to say that it has taken a job over.
type trusting struct{ ports.Publisher }

func (x trusting) Publish(ctx context.Context, jobs []job.Envelope) ([]bool, error) {
	_, err := x.Publisher.Publish(ctx, jobs)
	arrived := make([]bool, len(jobs))
	for i := range arrived {
		arrived[i] = true
	}
	return arrived, err
}

// uncounted lets whoever saw a use left have it.
type uncounted struct{ ports.CouponWriter }

func (x uncounted) Redeem(ctx context.Context, r pricing.Redemption) error {
	if err := x.CouponWriter.Redeem(ctx, r); !fault.Is(err, fault.Exhausted) {
		return err
	}
	return nil
}

// stingy gives no use of a coupon back.
type stingy struct{ ports.CouponWriter }

func (stingy) GiveBack(context.Context, id.Order) error { return nil }
