package chaos

import (
	"context"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/core/payment"
	"github.com/bodega-commerce/bodega/ports"
	"github.com/bodega-commerce/bodega/testsuite/stack"
)

// Everything outside fails now and then: before it does what it was asked to,
// or after, so that its answer is lost. Shoppers send the same request again.
func TestMoodyWorld(t *testing.T) {
	t.Parallel()
	moods := &moods{seen: map[string]bool{}}
	shop := stack.Start(t, stack.Env("BODEGA_RESERVATION_TTL", "6s"), stack.Wrap(func(d *core.Deps) {
		d.Mail = moodyMailer{d.Mail, moods}
		d.Payments["sandbox"] = moodyProvider{d.Payments["sandbox"], moods}
	}))
	s := &server{t: t, dir: shop.DataDir, url: shop.URL, ops: shop.OpsURL, key: shop.AdminKey}
	x := &storm{t: t, server: s, stock: map[string]int{"PLENTY": 1000, "SCARCE": 30}}
	for sku, units := range x.stock {
		s.sell(sku, units)
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 12 {
				x.persist(t.Context())
			}
		})
	}
	all.Wait()
	x.act()
	s.settle(90 * time.Second)
	x.verify()
}

// persist is a shopper who tries until there is an answer.
func (x *storm) persist(ctx context.Context) {
	s, a, err := x.server.anyone().enter(ctx)
	if err != nil || s == nil {
		x.t.Errorf("%s, %v", a, err)
		return
	}
	for _, sku := range []string{"PLENTY", "SCARCE"}[:1+rand.N(2)] {
		if a, err := s.put(ctx, line{sku, 1}); err != nil || a.status != http.StatusOK && a.code() != "out_of_stock" {
			x.t.Errorf("%s, %v", a, err)
			return
		}
	}
	y := &try{shopper: s, token: tokens[rand.N(len(tokens))], email: buyer(rand.Int())}
	if y.checkout, a, err = s.checkout(ctx, y.token, y.email); err != nil || a.status != http.StatusOK {
		x.t.Errorf("%s, %v", a, err)
		return
	}
	x.mu.Lock()
	x.tries = append(x.tries, y)
	x.mu.Unlock()
	for deadline := time.Now().Add(startTime); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		a, err := y.shopper.place(ctx, y.checkout)
		switch {
		case err != nil:
			x.t.Errorf("%s: %v", y.email, err)
			return
		case a.status == http.StatusServiceUnavailable && a.code() == "payment_unavailable":
		case a.status == http.StatusCreated, a.code() == "payment_declined", a.code() == "out_of_stock":
			y.told = append(y.told, a)
			return
		default:
			x.t.Errorf("%s: %s", y.email, a)
			return
		}
	}
	x.t.Errorf("%s: no answer", y.email)
}

// moods decides what fails. Everything fails once at most, so that it ends.
type moods struct {
	mu   sync.Mutex
	seen map[string]bool
}

// try makes a call that, when it is made for the first time, may fail before
// it, as not done, or after it, as nobody knows what.
func (m *moods) try(call string, do func() error) error {
	m.mu.Lock()
	mood := rand.N(3)
	if m.seen[call] {
		mood = 0
	}
	m.seen[call] = true
	m.mu.Unlock()
	if mood == 1 {
		return fault.New(fault.Unavailable, "", "in no mood")
	}
	if err := do(); err != nil || mood == 0 {
		return err
	}
	return fault.New(fault.Unknown, "", "in no mood to say")
}

type moodyMailer struct {
	ports.Mailer
	*moods
}

func (m moodyMailer) Send(ctx context.Context, message ports.Message) error {
	return m.try("send "+message.ID, func() error { return m.Mailer.Send(ctx, message) })
}

type moodyProvider struct {
	ports.PaymentProvider
	*moods
}

func (m moodyProvider) Authorize(ctx context.Context, r payment.Request) (state payment.State, err error) {
	err = m.try("authorize "+r.ID.String(), func() error { state, err = m.PaymentProvider.Authorize(ctx, r); return err })
	return state, err
}

func (m moodyProvider) Lookup(ctx context.Context, p payment.Ref) (state payment.State, err error) {
	err = m.try("lookup "+p.ID.String(), func() error { state, err = m.PaymentProvider.Lookup(ctx, p); return err })
	return state, err
}

func (m moodyProvider) Capture(ctx context.Context, p payment.Ref, amount money.Amount) (state payment.State, err error) {
	err = m.try("capture "+p.ID.String(), func() error { state, err = m.PaymentProvider.Capture(ctx, p, amount); return err })
	return state, err
}

func (m moodyProvider) Void(ctx context.Context, p payment.Ref) (state payment.State, err error) {
	err = m.try("void "+p.ID.String(), func() error { state, err = m.PaymentProvider.Void(ctx, p); return err })
	return state, err
}
