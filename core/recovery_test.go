package core_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/adapters/sandbox"
	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/cart"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/order"
	"github.com/bodega-commerce/bodega/core/payment"
	"github.com/bodega-commerce/bodega/ports"
)

// A process is killed before or after each step of a checkout that reaches the
// store or the provider. Its client comes back with the same key, before or
// after the shop has looked after what was left lying.
func TestCheckout_Place_SurvivesEveryKill(t *testing.T) {
	t.Parallel()
	for _, token := range []string{sandbox.TokenOK, sandbox.TokenDeclined, sandbox.TokenRequiresAction, sandbox.TokenTimeout} {
		for _, comesBack := range []string{"AtOnce", "AfterTheDustSettled", "Never"} {
			t.Run(token+"/"+comesBack, func(t *testing.T) {
				t.Parallel()
				for n, died := 1, true; died; n++ {
					t.Run(fmt.Sprint(n), func(t *testing.T) { died = killAndReturn(t, n, token, comesBack) })
					if n > 40 {
						t.Fatal("a checkout without an end")
					}
				}
			})
		}
	}
}

func killAndReturn(t *testing.T, n int, token, comesBack string) (died bool) {
	w := openTill(t)
	w.sell("TEE", 1500, 5)
	w.sell("CUP", 800, 5)
	s := w.enter(want{"TEE", 2}, want{"CUP", 1})
	command := s.command("k1", token)
	died = w.dying(n, func() { _, _ = w.shop.Checkout.Place(t.Context(), command) })
	if died && comesBack != "Never" {
		if comesBack == "AtOnce" {
			if _, err := w.shop.Checkout.Place(t.Context(), command); err != nil && fault.CodeOf(err) != "idempotency_in_progress" && fault.CodeOf(err) != "payment_declined" {
				t.Fatalf("at once: %v", err)
			}
			w.pass(61 * time.Second)
		} else {
			w.settle()
		}
		p, err := w.shop.Checkout.Place(t.Context(), command)
		if err != nil {
			mustFail[payment.Declined](t, err, fault.Declined, "payment_declined")
		}
		if !p.Final {
			t.Errorf("came back to %+v, %v", p, err)
		}
		again, failed := w.shop.Checkout.Place(t.Context(), command)
		if again.ID != p.ID || (err == nil) != (failed == nil) || !again.Replayed {
			t.Errorf("told %s, %v and then %s, %v", p.ID, err, again.ID, failed)
		}
	}
	w.settle()
	w.mustBeOneOrNone(token, s)
	return died
}

// mustBeOneOrNone checks that a cart ended as one order that was paid, mailed
// and delivered from stock, or as none.
func (w *till) mustBeOneOrNone(token string, s *shopper) {
	w.t.Helper()
	page, err := w.shop.Orders.Browse(w.t.Context(), core.BrowseOrders{By: shopkeeper})
	if err != nil {
		w.t.Fatal(err)
	}
	sold := 0
	for _, o := range page.Orders {
		switch o.Status {
		case order.Confirmed:
			sold++
			mustStand(w.t, o, order.Confirmed, payment.Captured)
		case order.PaymentFailed, order.Canceled:
			if o.Payment.Paid() || o.Payment.InDoubt() {
				w.t.Errorf("money is left: %s", describe(o))
			}
		default:
			w.t.Errorf("left lying: %s", describe(o))
		}
	}
	if sold > 1 || len(page.Orders) > 1 {
		w.t.Errorf("%d of %d orders stand", sold, len(page.Orders))
	}
	if token == sandbox.TokenDeclined && sold > 0 {
		w.t.Error("sold to a declined card")
	}
	w.mustHave("TEE", 5-2*sold, 0)
	w.mustHave("CUP", 5-sold, 0)
	if v := s.view(); (v.Status == cart.Ordered) != (sold == 1) || sold == 0 && v.Status != cart.Open {
		w.t.Errorf("the cart is %s, %d sold", v.Status, sold)
	}
	mails := map[string]bool{}
	for _, m := range w.post.all() {
		mails[m.ID] = true
	}
	if len(mails) != sold {
		w.t.Errorf("%d mails for %d orders", len(mails), sold)
	}
}

// The store commits and its answer is lost: what happened is looked up, never
// undone, never done twice.
func TestCheckout_Place_UnknownCommits(t *testing.T) {
	t.Parallel()
	for _, token := range []string{sandbox.TokenOK, sandbox.TokenDeclined, sandbox.TokenRequiresAction} {
		for n := 1; n <= 2; n++ {
			t.Run(fmt.Sprint(token, "/", n), func(t *testing.T) {
				t.Parallel()
				w := openTill(t)
				w.sell("TEE", 1500, 5)
				w.sell("CUP", 800, 5)
				s := w.enter(want{"TEE", 2}, want{"CUP", 1})
				command := s.command("k1", token)
				commits := 0
				w.commit = func(err error) error {
					if commits++; commits == n {
						return fault.New(fault.Unknown, "", "the line went dead")
					}
					return err
				}
				p, err := w.shop.Checkout.Place(t.Context(), command)
				w.commit = nil
				if token == sandbox.TokenDeclined {
					mustFail[payment.Declined](t, err, fault.Declined, "payment_declined")
				} else if err != nil {
					t.Fatal(err)
				}
				if again, _ := w.shop.Checkout.Place(t.Context(), command); again.ID != p.ID || !again.Replayed {
					t.Errorf("told %s and then %s", p.ID, again.ID)
				}
				w.settle()
				w.mustBeOneOrNone(token, s)
			})
		}
	}
}

// A request takes longer than its key is held, its next holder has given the key
// back: it is told to try again, and then gets its order.
func TestCheckout_Place_KeyTakenAndReleased(t *testing.T) {
	t.Parallel()
	w := openTill(t)
	w.sell("TEE", 1500, 5)
	s := w.enter(want{"TEE", 2})
	command := s.command("k1", sandbox.TokenOK)
	steps := 0
	w.deadline = func() {
		if steps++; steps != 3 { // the key is claimed, nothing is stored
			return
		}
		if err := w.db.Orders().Keys.Release(t.Context(), ports.KeyRef{Owner: s.by.Owner(), Operation: core.OperationCheckout, Key: "k1"}); err != nil {
			t.Error(err)
		}
	}
	_, err := w.shop.Checkout.Place(t.Context(), command)
	mustFail[any](t, err, fault.Conflict, "idempotency_in_progress")
	w.deadline = nil
	p, err := w.shop.Checkout.Place(t.Context(), command)
	if err != nil {
		t.Fatal(err)
	}
	w.settle()
	mustStand(t, w.order(p.ID), order.Confirmed, payment.Captured)
	w.mustHave("TEE", 3, 0)
}

func TestCheckout_Expire(t *testing.T) {
	t.Parallel()

	t.Run("NobodyActed", func(t *testing.T) {
		t.Parallel()
		w := openTill(t, func(o *core.Options) { o.ReservationTTL = 5 * time.Minute })
		w.sell("TEE", 1500, 1)
		s := w.enter(want{"TEE", 1})
		p, err := s.pay("k1", sandbox.TokenRequiresAction)
		if err != nil {
			t.Fatal(err)
		}
		w.pass(4 * time.Minute)
		if n, err := w.shop.Checkout.Expire(t.Context(), 10); n != 0 || err != nil {
			t.Fatalf("expired %d in time, %v", n, err)
		}
		w.pass(2 * time.Minute)
		if n, err := w.shop.Checkout.Expire(t.Context(), 10); n != 1 || err != nil {
			t.Fatalf("expired %d, %v", n, err)
		}
		mustStand(t, w.order(p.ID), order.Canceled, payment.Canceled)
		w.mustHave("TEE", 1, 0)
		if _, err := w.shop.Payments.Complete(t.Context(), core.CompletePayment{Payment: p.Payment.ID, OK: true}); !fault.Is(err, fault.Conflict) {
			t.Errorf("paid late: %v", err)
		}
		if v := s.view(); v.Status != cart.Open {
			t.Errorf("the cart is %s", v.Status)
		}
		s.buy()
		w.settle()
	})
	t.Run("ProviderAwayKeepsTheStock", func(t *testing.T) {
		t.Parallel()
		w := openTill(t)
		w.sell("TEE", 1500, 1)
		p, err := w.enter(want{"TEE", 1}).pay("k1", sandbox.TokenTimeout)
		if err != nil {
			t.Fatal(err)
		}
		w.bank.set(func(b *bank) { b.down = true })
		for range 20 { // an hour and a half
			w.pass(5 * time.Minute)
			_, _ = w.shop.Checkout.Expire(t.Context(), 10)
			_, _ = w.shop.Payments.Reconcile(t.Context(), 10)
			w.mustHave("TEE", 1, 1)
			mustStand(t, w.order(p.ID), order.PendingPayment, payment.Processing)
		}
		late, err := w.shop.Payments.InDoubt(t.Context(), core.ListInDoubt{By: shopkeeper})
		if err != nil || len(late) != 1 || late[0].Checks < 5 {
			t.Errorf("in doubt: %+v, %v", late, err)
		}
		w.bank.set(func(b *bank) { b.down = false })
		w.settle()
		mustStand(t, w.order(p.ID), order.Confirmed, payment.Captured)
	})
	t.Run("SuccessOnADeadOrderGoesBack", func(t *testing.T) {
		t.Parallel()
		w := openTill(t)
		w.sell("TEE", 1500, 1)
		s := w.enter(want{"TEE", 1})
		p, err := s.pay("k1", sandbox.TokenRequiresAction)
		if err != nil {
			t.Fatal(err)
		}
		// The shopper pays right after the provider said that nobody had.
		w.bank.set(func(b *bank) {
			b.onAsk = func(call string) error {
				if call == "void" {
					if _, err := b.Provider.Complete(t.Context(), p.Payment.ID, true); err != nil && !fault.Is(err, fault.Conflict) {
						t.Error(err)
					}
				}
				return nil
			}
		})
		w.pass(8 * time.Minute)
		if _, err := w.shop.Orders.Cancel(t.Context(), core.CancelOrder{By: account.Guest(p.Token), Order: p.ID, Reason: "changed my mind"}); err != nil {
			t.Fatal(err)
		}
		mustStand(t, w.order(p.ID), order.Canceled, payment.Canceled)
		w.settle()
		w.mustHave("TEE", 1, 0)
	})
	t.Run("SoldOutMeanwhile", func(t *testing.T) {
		t.Parallel()
		w := openTill(t)
		w.sell("TEE", 1500, 1)
		p, err := w.enter(want{"TEE", 1}).pay("k1", sandbox.TokenTimeout)
		if err != nil {
			t.Fatal(err)
		}
		w.loseReservation(p.ID)
		w.enter(want{"TEE", 1}).buy()
		w.settle()
		mustStand(t, w.order(p.ID), order.Canceled, payment.Canceled)
		w.mustHave("TEE", 0, 0)
	})
	t.Run("ReservationLostButStillThere", func(t *testing.T) {
		t.Parallel()
		w := openTill(t)
		w.sell("TEE", 1500, 1)
		p, err := w.enter(want{"TEE", 1}).pay("k1", sandbox.TokenTimeout)
		if err != nil {
			t.Fatal(err)
		}
		w.loseReservation(p.ID)
		w.settle()
		mustStand(t, w.order(p.ID), order.Confirmed, payment.Captured)
		w.mustHave("TEE", 0, 0)
	})
}

// Confirmation, cancellation and expiry of one order meet: one of them wins, and
// stock and money agree with it.
func TestCheckout_OneWinner(t *testing.T) {
	t.Parallel()
	for i := range 12 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			w := openTill(t)
			w.sell("TEE", 1500, 1)
			s := w.enter(want{"TEE", 1})
			p, err := s.pay("k1", sandbox.TokenRequiresAction)
			if err != nil {
				t.Fatal(err)
			}
			w.pass(10*time.Minute - time.Second)
			var wg sync.WaitGroup
			wg.Go(func() { w.pass(2 * time.Second) })
			for _, act := range []func() error{
				func() error {
					_, err := w.shop.Payments.Complete(t.Context(), core.CompletePayment{Payment: p.Payment.ID, OK: true})
					return err
				},
				func() error {
					_, err := w.shop.Orders.Cancel(t.Context(), core.CancelOrder{By: account.Guest(p.Token), Order: p.ID})
					return err
				},
				func() error { _, err := w.shop.Checkout.Expire(t.Context(), 10); return err },
				func() error {
					_, err := w.shop.Payments.Refresh(t.Context(), core.RefreshPayment{By: account.Guest(p.Token), Order: p.ID})
					return err
				},
				func() error { _, err := w.shop.Payments.Reconcile(t.Context(), 10); return err },
			} {
				wg.Go(func() {
					if err := act(); err != nil && !fault.Is(err, fault.Conflict) {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			w.settle()
			switch o := w.order(p.ID); o.Status {
			case order.Confirmed:
				mustStand(t, o, order.Confirmed, payment.Captured)
				w.mustHave("TEE", 0, 0)
			case order.Canceled, order.PaymentFailed:
				if o.Payment.Paid() || o.Payment.InDoubt() {
					t.Errorf("money is left: %s", describe(o))
				}
				w.mustHave("TEE", 1, 0)
			default:
				t.Errorf("left lying: %s", describe(o))
			}
		})
	}
}

// Every refusal of an answer, at every call, ends well.
func TestPayments_LostAnswers(t *testing.T) {
	t.Parallel()
	for _, call := range []string{"authorize", "lookup", "capture", "void", "refund"} {
		for name, kind := range map[string]fault.Kind{"Lost": fault.Unknown, "Away": fault.Unavailable, "Slow": fault.Canceled, "Odd": fault.Internal} {
			t.Run(call+"/"+name, func(t *testing.T) {
				t.Parallel()
				w := openTill(t)
				w.sell("TEE", 1500, 5)
				s := w.enter(want{"TEE", 2})
				left := 2
				w.bank.set(func(b *bank) {
					b.onAsk = func(asked string) error {
						if asked == call && left > 0 {
							left--
							return fault.New(kind, "", "no answer")
						}
						return nil
					}
				})
				command := s.command("k1", sandbox.TokenOK)
				p, err := w.shop.Checkout.Place(t.Context(), command)
				for range 2 {
					if fault.CodeOf(err) == "payment_unavailable" {
						p, err = w.shop.Checkout.Place(t.Context(), command)
					}
				}
				if err != nil {
					t.Fatal(err)
				}
				w.work()
				_, err = w.shop.Orders.Cancel(t.Context(), core.CancelOrder{By: shopkeeper, Order: p.ID})
				if err != nil {
					t.Fatal(err)
				}
				w.settle()
				w.settle()
				o := w.order(p.ID)
				if o.Status != order.Canceled || o.Payment.Paid() || o.Payment.InDoubt() || !o.Payment.NextCheckAt.IsZero() {
					t.Errorf("ended as %s, next look at %s", describe(o), o.Payment.NextCheckAt)
				}
				w.mustHave("TEE", 5, 0)
			})
		}
	}
}

func TestPayments_Reconcile_TakesWhatAJobForgot(t *testing.T) {
	t.Parallel()
	w := openTill(t)
	w.sell("TEE", 1500, 1)
	p := w.enter(want{"TEE", 1}).buy()
	w.pass(30 * time.Second)
	if n, err := w.shop.Payments.Reconcile(t.Context(), 10); n != 0 || err != nil {
		t.Fatalf("looked at %d, %v", n, err)
	}
	w.pass(time.Minute)
	if n, err := w.shop.Payments.Reconcile(t.Context(), 10); n != 1 || err != nil {
		t.Fatalf("looked at %d, %v", n, err)
	}
	mustStand(t, w.order(p.ID), order.Confirmed, payment.Captured)
	w.work()
	if n := w.bank.asked("capture"); n != 1 {
		t.Errorf("captured %d times", n)
	}
}

func TestPayments_CaptureAt(t *testing.T) {
	t.Parallel()
	for at, paid := range map[core.CaptureAt][2]payment.Status{
		core.CaptureOnConfirm: {payment.Captured, payment.Captured}, core.CaptureOnShip: {payment.Authorized, payment.Captured},
		core.CaptureManually: {payment.Authorized, payment.Authorized},
	} {
		t.Run(string(at), func(t *testing.T) {
			t.Parallel()
			w := openTill(t, func(o *core.Options) { o.CaptureAt = at })
			w.sell("TEE", 1500, 1)
			p := w.enter(want{"TEE", 1}).buy()
			w.settle()
			mustStand(t, w.order(p.ID), order.Confirmed, paid[0])
			if _, err := w.shop.Orders.Ship(t.Context(), core.ShipOrder{By: shopkeeper, Order: p.ID}); err != nil {
				t.Fatal(err)
			}
			w.settle()
			mustStand(t, w.order(p.ID), order.Shipped, paid[1])
			if at != core.CaptureManually {
				return
			}
			_, err := w.shop.Payments.Capture(t.Context(), core.CapturePayment{By: shopkeeper, Payment: p.Payment.ID, Amount: eur(99999)})
			mustFail[fault.Max](t, err, fault.Invalid, "amount_exceeds")
			o, err := w.shop.Payments.Capture(t.Context(), core.CapturePayment{By: shopkeeper, Payment: p.Payment.ID, Amount: eur(1000)})
			if err != nil || o.Payment.Captured != eur(1000) {
				t.Errorf("got %+v, %v", o.Payment, err)
			}
		})
	}
}

func TestPayments_Settle(t *testing.T) {
	t.Parallel()
	w := openTill(t)
	w.sell("TEE", 1500, 1)
	p, err := w.enter(want{"TEE", 1}).pay("k1", sandbox.TokenTimeout)
	if err != nil {
		t.Fatal(err)
	}
	o, err := w.shop.Payments.Settle(t.Context(), core.SettlePayment{By: shopkeeper, Payment: p.Payment.ID})
	if err != nil {
		t.Fatal(err)
	}
	mustStand(t, o, order.Confirmed, payment.Captured)
	_, err = w.shop.Payments.Settle(t.Context(), core.SettlePayment{By: shopkeeper, Payment: id.Payment{UUID: w.ids.New()}})
	mustFail[fault.Resource](t, err, fault.NotFound, "not_found")
	if err := errors.Unwrap(err); err != nil {
		t.Errorf("leaks %v", err)
	}
}
