package chaos

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"
)

// Fifty units, a hundred and fifty buyers at once, each with the whole way to
// go: cart, line, quote, checkout.
func TestRush(t *testing.T) {
	t.Parallel()
	const units, buyers = 50, 150
	s := serve(t, t.TempDir())
	s.sell("LAST", units)

	var wait sync.WaitGroup
	gate := make(chan struct{})
	results := make([]string, buyers)
	anyone := s.anyone()
	for n := range buyers {
		wait.Go(func() {
			<-gate
			results[n] = buyOne(t.Context(), anyone, buyer(n))
		})
	}
	close(gate)
	wait.Wait()

	counts := map[string]int{}
	for _, r := range results {
		counts[r]++
	}
	if counts["confirmed"] != units || counts["out_of_stock"] != buyers-units {
		t.Errorf("want %d confirmed and %d out_of_stock, got %v", units, buyers-units, counts)
	}
	s.settle(30 * time.Second)
	if onHand, reserved := s.stock("LAST"); onHand != 0 || reserved != 0 {
		t.Errorf("%d units are left, %d are held", onHand, reserved)
	}
	mails := s.confirmations()
	for _, o := range s.orders() {
		if o.Status != "confirmed" || o.Payment.Status != "captured" || len(mails[o.Number]) != 1 {
			t.Errorf("order %s is %s and %s, its mails are %v", o.Number, o.Status, o.Payment.Status, mails[o.Number])
		}
	}
	if len(mails) != units {
		t.Errorf("mails for %d orders", len(mails))
	}
	s.operate("check")
}

// buyOne buys one unit of LAST and returns what came of it: the order's status,
// or the code of the refusal.
func buyOne(ctx context.Context, anyone *client, email string) string {
	s, a, err := anyone.enter(ctx)
	if err == nil && a.status == http.StatusCreated {
		a, err = s.put(ctx, line{"LAST", 1})
	}
	var c checkout
	if err == nil && a.status == http.StatusOK {
		c, a, err = s.checkout(ctx, "tok_ok", email)
	}
	if err == nil && a.status == http.StatusOK {
		a, err = s.place(ctx, c)
	}
	switch {
	case err != nil:
		return err.Error()
	case a.status == http.StatusCreated:
		return orderOf(a).Status
	case a.status == http.StatusConflict:
		return a.code()
	}
	return fmt.Sprint(a)
}
