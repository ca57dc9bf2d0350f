package chaos

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"
)

// The server is killed with kill -9 in the middle of a storm of checkouts, again
// and again. Some shoppers come back with their key, some never do, some had
// clicked twice.
func TestKill(t *testing.T) {
	t.Parallel()
	n := rounds(t, 3)
	x := &storm{t: t, stock: map[string]int{"PLENTY": 100_000, "SCARCE": 12 * n, "RARE": 3 * n}}
	x.server = serve(t, t.TempDir(), "BODEGA_RESERVATION_TTL=8s")
	for sku, units := range x.stock {
		x.server.sell(sku, units)
	}
	for range n {
		x.rage(x.server.kill)
		x.restart()
		x.comeBack(x.tries)
	}
	x.act()
	x.server.settle(2 * time.Minute)
	x.verify()
}

// The sandbox's tokens, as often as they are drawn.
var tokens = []string{"tok_ok", "tok_ok", "tok_ok", "tok_ok", "tok_declined", "tok_timeout", "tok_requires_action"}

// storm is many shoppers and what each was told.
type storm struct {
	t        *testing.T
	server   *server
	reopen   func() *server // starts what was killed; nil: a server like that
	patience time.Duration  // how long a key may be held by the dead; zero: not longer than a start takes
	stock    map[string]int // received, by SKU

	mu    sync.Mutex
	tries []*try
}

// try is a checkout, which may be sent more than once.
type try struct {
	shopper  *shopper
	checkout checkout
	email    string // of this try only
	token    string
	lost     bool // its shopper never comes back
	acted    bool // the payment that required action was completed

	mu   sync.Mutex
	told []answer // what ended the key, each time it was sent
}

// rage lets shoppers buy and ends the server in the midst of it. Whatever is to
// happen while it ends happens beside.
func (x *storm) rage(end func(), beside ...func()) {
	ctx, stop := context.WithCancel(x.t.Context())
	defer stop()
	var all sync.WaitGroup
	for range 24 {
		all.Go(func() {
			for ctx.Err() == nil && x.shop(ctx) {
			}
		})
	}
	before := len(x.answered())
	for deadline := time.Now().Add(startTime); len(x.answered()) < before+10 && time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
	}
	time.Sleep(rand.N(500 * time.Millisecond)) // the moment is the point
	for _, do := range beside {
		all.Go(do)
	}
	end()
	all.Wait()
}

// answered returns the tries that were answered by now.
func (x *storm) answered() []*try {
	x.mu.Lock()
	defer x.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(x.tries), func(y *try) bool {
		y.mu.Lock()
		defer y.mu.Unlock()
		return len(y.told) == 0
	})
}

// shop is one shopper's whole way. It reports whether the server still answers.
func (x *storm) shop(ctx context.Context) bool {
	s, a, err := x.server.anyone().enter(ctx)
	if err != nil || s == nil {
		return err == nil && x.refuse(a)
	}
	empty := true
	for sku := range x.stock { // one or more, in no order
		a, err := s.put(ctx, line{sku, 1 + rand.N(2)})
		switch {
		case err != nil:
			return false
		case a.status == http.StatusOK:
			empty = false
		case a.code() != "out_of_stock":
			return x.refuse(a)
		}
		if rand.N(2) == 0 {
			break
		}
	}
	if empty {
		return true
	}
	y := &try{shopper: s, token: tokens[rand.N(len(tokens))], email: buyer(rand.Int()), lost: rand.N(4) == 0}
	if y.checkout, a, err = s.checkout(ctx, y.token, y.email); err != nil || a.status != http.StatusOK {
		return err == nil && x.refuse(a)
	}
	x.mu.Lock()
	x.tries = append(x.tries, y)
	x.mu.Unlock()
	var clicks sync.WaitGroup
	if rand.N(5) == 0 {
		clicks.Go(func() { _, _ = x.send(ctx, y) }) // whether it arrives does not matter
	}
	_, err = x.send(ctx, y)
	clicks.Wait()
	return err == nil
}

// refuse fails the test for an answer that no shopper should get.
func (x *storm) refuse(a answer) bool {
	x.t.Errorf("refused: %s", a)
	return true
}

// send sends a checkout and remembers the answer if it ends the key.
func (x *storm) send(ctx context.Context, y *try) (final bool, err error) {
	a, err := y.shopper.place(ctx, y.checkout)
	if err != nil {
		return false, err
	}
	switch code := a.code(); {
	case a.status == http.StatusCreated, code == "payment_declined", code == "out_of_stock":
		y.mu.Lock()
		y.told = append(y.told, a)
		y.mu.Unlock()
		return true, nil
	case code == "idempotency_in_progress":
		return false, nil
	default:
		x.t.Errorf("%s: %s", y.email, a)
		return true, nil
	}
}

// restart starts the server again; now and then it is killed while it starts.
func (x *storm) restart() {
	if x.reopen != nil {
		x.server = x.reopen()
		return
	}
	if rand.N(3) == 0 {
		s := launch(x.t, x.server.dir, x.server.environ...)
		time.Sleep(rand.N(200 * time.Millisecond)) // anywhere in its start
		s.kill()
	}
	x.server = x.server.again()
	for _, y := range x.tries {
		y.shopper.url = x.server.url
	}
}

// comeBack lets shoppers ask again, with the key they had: those who never got
// an answer, and those who did.
func (x *storm) comeBack(tries []*try) {
	x.t.Helper()
	queue := make(chan *try)
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			for y := range queue {
				x.insist(y)
			}
		})
	}
	for _, y := range tries {
		if !y.lost {
			queue <- y
		}
	}
	close(queue)
	all.Wait()
}

func (x *storm) insist(y *try) {
	for deadline := time.Now().Add(cmp.Or(x.patience, 20*time.Second)); ; time.Sleep(50 * time.Millisecond) {
		final, err := x.send(x.t.Context(), y)
		switch {
		case err != nil:
			x.t.Errorf("%s: %v", y.email, err)
			return
		case final:
			return
		case time.Now().After(deadline):
			x.t.Errorf("%s: the key is still in progress", y.email)
			return
		}
	}
}

// act completes half of the payments that wait for their shopper; the other
// half are left to expire.
func (x *storm) act() {
	for i, y := range x.tries {
		if y.token != "tok_requires_action" || len(y.told) == 0 || y.told[0].status != http.StatusCreated || i%2 == 0 {
			continue
		}
		a, err := y.shopper.send(x.t.Context(), http.MethodPost, "/v1/sandbox/payments/"+orderOf(y.told[0]).Payment.ID+"/complete", []byte(`{"result":"ok"}`))
		if err != nil || a.status != http.StatusOK && a.status != http.StatusConflict {
			x.t.Errorf("%s: completing: %s, %v", y.email, a, err)
		}
		y.acted = a.status == http.StatusOK
	}
}

// verify looks at everything once the dust has settled.
func (x *storm) verify() {
	x.t.Helper()
	s := x.server
	s.mustBeSound()
	mails := s.confirmations()
	bought := map[string][]order{}
	sold := map[string]int{}
	for _, o := range s.orders() {
		bought[o.Email] = append(bought[o.Email], o)
		switch {
		case o.Status == "confirmed":
			for _, l := range o.Lines {
				sold[l.SKU] += l.Quantity
			}
			if o.Payment.Status != "captured" || len(mails[o.Number]) != 1 {
				x.t.Errorf("order %s is confirmed and %s, its mails are %v", o.Number, o.Payment.Status, mails[o.Number])
			}
		case o.Status != "canceled" && o.Status != "payment_failed",
			o.Payment.Status == "authorized", o.Payment.Status == "captured", len(mails[o.Number]) > 0:
			x.t.Errorf("order %s is %s and %s, its mails are %v", o.Number, o.Status, o.Payment.Status, mails[o.Number])
		}
	}
	for sku, received := range x.stock {
		if onHand, reserved := s.stock(sku); onHand != received-sold[sku] || reserved != 0 {
			x.t.Errorf("%s: %d received, %d sold, %d left, %d held", sku, received, sold[sku], onHand, reserved)
		}
	}
	outcomes := map[string]int{}
	for _, y := range x.tries {
		outcomes[x.judge(y, bought[y.email])]++
	}
	x.t.Logf("%d checkouts: %v", len(x.tries), outcomes)
	if outcomes["201 confirmed"] == 0 {
		x.t.Error("nobody bought anything: this proves nothing")
	}
}

// judge holds what became of a try against what its shopper was told.
func (x *storm) judge(y *try, orders []order) (outcome string) {
	x.t.Helper()
	confirmed := 0
	ids := map[string]string{}
	for _, o := range orders {
		ids[o.ID] = o.Status
		if o.Status == "confirmed" {
			confirmed++
		}
	}
	if confirmed > 1 {
		x.t.Errorf("%s bought %d times", y.email, confirmed)
	}
	if len(y.told) == 0 {
		return fmt.Sprintf("never answered, %d confirmed", confirmed)
	}
	first := y.told[0]
	for _, a := range y.told[1:] {
		if a.status != first.status || !bytes.Equal(a.body, first.body) {
			x.t.Errorf("%s was told two things:\n%s\n%s", y.email, first, a)
		}
	}
	if first.status != http.StatusCreated {
		if confirmed != 0 {
			x.t.Errorf("%s bought although told %s", y.email, first)
		}
		return first.code()
	}
	status := ids[orderOf(first).ID]
	want := "confirmed"
	switch {
	case y.token == "tok_declined": // told to wait, because the provider's answer was lost
		want = "payment_failed"
	case y.token == "tok_requires_action" && !y.acted:
		want = "canceled"
	}
	if status != want {
		x.t.Errorf("%s was told %s, and with %s the order is %q, not %s", y.email, orderOf(first).Status, y.token, status, want)
	}
	return "201 " + status
}
