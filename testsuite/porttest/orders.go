package porttest

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core/cart"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/order"
	"github.com/bodega-commerce/bodega/core/payment"
	"github.com/bodega-commerce/bodega/ports"
)

// OrderHarness makes realms of orders to test. A store may refuse totals that
// do not add up and payments that give back more than they took: what the
// suites store keeps the identities of pricing.
type OrderHarness struct {
	// New returns an empty realm of its own, gone after the test.
	New func(t *testing.T) ports.OrderStore
}

// TestOrderStore runs every suite of the realm.
func TestOrderStore(t *testing.T, h OrderHarness) {
	t.Run("Tx", func(t *testing.T) { TestOrderTx(t, h) })
	t.Run("Carts", func(t *testing.T) { TestCarts(t, h) })
	t.Run("Stock", func(t *testing.T) { TestStock(t, h) })
	t.Run("Orders", func(t *testing.T) { TestOrders(t, h) })
	t.Run("Payments", func(t *testing.T) { TestPayments(t, h) })
	t.Run("PaymentEvents", func(t *testing.T) { TestPaymentEvents(t, h) })
	t.Run("Keys", func(t *testing.T) { TestKeys(t, h) })
	t.Run("Prices", func(t *testing.T) { TestPrices(t, h) })
	t.Run("Coupons", func(t *testing.T) { TestCoupons(t, h) })
	t.Run("Webhooks", func(t *testing.T) { TestWebhooks(t, h) })
	t.Run("Inbox", func(t *testing.T) { TestInbox(t, h) })
}

// TestOrders is the contract of OrderRecords, OrderHistory and OrderWriter.
func TestOrders(t *testing.T, h OrderHarness) {
	t.Parallel()

	t.Run("RoundTripsExactly", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		for name, want := range map[string]order.Order{"full": w.fullOrder(), "bare": w.order()} {
			w.insertOrders(want)
			got, err := w.store.Orders.Order(t.Context(), want.ID)
			mustSame(t, name+" by id", got, err, want)
			got, err = w.store.Orders.OrderByNumber(t.Context(), want.Number)
			mustSame(t, name+" by number", got, err, want)
			w.inTx(func(tx ports.OrderTx) error {
				got, err := tx.Orders.OrderForUpdate(t.Context(), want.ID)
				mustSame(t, name+" for update", got, err, want)
				return nil
			})
		}
	})

	t.Run("UnknownIsNotFound", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		_, err := w.store.Orders.Order(t.Context(), w.orderID())
		mustFail(t, err, fault.NotFound, "not_found")
		_, err = w.store.Orders.OrderByNumber(t.Context(), "NONE-NONE-0")
		mustFail(t, err, fault.NotFound, "not_found")
		mustFail(t, w.try(func(tx ports.OrderTx) error {
			_, err := tx.Orders.OrderForUpdate(t.Context(), w.orderID())
			return err
		}), fault.NotFound, "not_found")
		mustFail(t, w.try(func(tx ports.OrderTx) error {
			return tx.Orders.SaveOrder(t.Context(), w.order())
		}), fault.NotFound, "not_found")
	})

	t.Run("SaveStoresWhatHappened", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		full := w.fullOrder()
		fresh := full // what it was before anything happened to it
		fresh.Status, fresh.ConfirmedAt, fresh.Version = order.PendingPayment, time.Time{}, 1
		fresh.Lines = append([]order.Line{}, full.Lines...)
		for i := range fresh.Lines {
			fresh.Lines[i].Shipped, fresh.Lines[i].Returned = 0, 0
		}
		fresh.Shipments, fresh.Refunds, fresh.Returns, fresh.Timeline = []order.Shipment{}, []order.Refund{}, []order.Return{}, []order.Event{}
		fresh.UpdatedAt = fresh.CreatedAt
		w.insertOrders(fresh)
		w.inTx(func(tx ports.OrderTx) error {
			if err := tx.Orders.SaveOrder(t.Context(), full); err != nil {
				return err
			}
			got, err := tx.Orders.OrderForUpdate(t.Context(), full.ID)
			mustSame(t, "own write", got, err, full)
			return nil
		})
		got, err := w.store.Orders.Order(t.Context(), full.ID)
		mustSame(t, "saved", got, err, full)
	})

	t.Run("NothingIsStoredOfWhatFails", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		o, stop := w.order(), errors.New("stop")
		if err := w.try(func(tx ports.OrderTx) error {
			if err := tx.Orders.InsertOrder(t.Context(), o); err != nil {
				return err
			}
			return stop
		}); !errors.Is(err, stop) {
			t.Fatalf("got %v, want the closure's own error", err)
		}
		_, err := w.store.Orders.Order(t.Context(), o.ID)
		mustFail(t, err, fault.NotFound, "not_found")
	})

	t.Run("OneLiveOrderOfACart", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		first := w.order()
		w.insertOrders(first)
		second := w.order()
		second.Cart = first.Cart
		err := w.try(func(tx ports.OrderTx) error { return tx.Orders.InsertOrder(t.Context(), second) })
		mustFail(t, err, fault.Conflict, "cart_already_ordered")
		if in := dataOf[cart.InOrder](t, err); in.Order != first.ID {
			t.Errorf("the cart is in order %v, want %v", in.Order, first.ID)
		}

		for _, step := range []struct {
			name      string
			status    order.Status
			confirmed bool
			frees     bool
		}{
			{"confirmed", order.Confirmed, true, false},
			{"canceled after confirmation", order.Canceled, true, false},
			{"refunded", order.Refunded, true, false},
			{"canceled before confirmation", order.Canceled, false, true},
			{"payment failed", order.PaymentFailed, false, true},
		} {
			o := w.order()
			o.Status = step.status
			if step.confirmed {
				o.ConfirmedAt = w.now
			}
			w.insertOrders(o)
			next := w.order()
			next.Cart = o.Cart
			err := w.try(func(tx ports.OrderTx) error { return tx.Orders.InsertOrder(t.Context(), next) })
			if step.frees && err != nil {
				t.Errorf("%s: the cart is not free: %v", step.name, err)
			}
			if !step.frees && fault.CodeOf(err) != "cart_already_ordered" {
				t.Errorf("%s: got %v, want cart_already_ordered", step.name, err)
			}
		}
	})

	t.Run("AFailedOrderFreesItsCart", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		first := w.order()
		w.insertOrders(first)
		first.Status = order.PaymentFailed
		w.inTx(func(tx ports.OrderTx) error { return tx.Orders.SaveOrder(t.Context(), first) })
		second := w.order()
		second.Cart = first.Cart
		w.insertOrders(second)
		first.Status = order.Confirmed
		if err := w.try(func(tx ports.OrderTx) error { return tx.Orders.SaveOrder(t.Context(), first) }); err == nil {
			t.Error("the failed order came alive again beside the second one")
		}
	})

	t.Run("NumbersAreUnique", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		first, second := w.order(), w.order()
		w.insertOrders(first)
		second.Number = first.Number
		err := w.try(func(tx ports.OrderTx) error { return tx.Orders.InsertOrder(t.Context(), second) })
		mustFail(t, err, fault.Exists, "already_exists")
		if taken := dataOf[fault.Taken](t, err); taken.Field != "number" {
			t.Errorf("taken is %q, want number", taken.Field)
		}
	})

	t.Run("BrowsesNewestFirstByKeyset", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		var all []order.Order
		for range 7 {
			all = append([]order.Order{w.order()}, all...)
		}
		w.insertOrders(all...)
		var walked []order.Order
		f := order.Filter{Limit: 3, Count: true}
		for range all {
			page, total, err := w.store.Orders.BrowseOrders(t.Context(), f)
			if err != nil {
				t.Fatal(err)
			}
			if total != len(all) {
				t.Errorf("total %d, want %d", total, len(all))
			}
			if page == nil {
				t.Error("an empty page is nil")
			}
			if len(page) == 0 {
				break
			}
			walked = append(walked, page...)
			f.Before = page[len(page)-1].ID
		}
		mustSame(t, "walk", walked, nil, all)
		slices.Reverse(all)
		first, _, err := w.store.Orders.BrowseOrders(t.Context(), order.Filter{OldestFirst: true, Limit: 4})
		mustSame(t, "from the oldest", first, err, all[:4])
		rest, _, err := w.store.Orders.BrowseOrders(t.Context(), order.Filter{OldestFirst: true, Limit: 4, Before: all[3].ID})
		mustSame(t, "to the newest", rest, err, all[4:])
		_, total, err := w.store.Orders.BrowseOrders(t.Context(), order.Filter{Limit: 1})
		if err != nil || total != -1 {
			t.Errorf("uncounted: total %d, %v, want -1", total, err)
		}
	})

	t.Run("FiltersByEveryMember", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		other, mine := w.order(), w.fullOrder()
		mine.Email, mine.CreatedAt = "anna@example.com", w.now.Add(time.Hour)
		pay := w.payment(mine)
		pay.Status = payment.Authorized
		w.insertOrders(other, mine)
		w.inTx(func(tx ports.OrderTx) error { return tx.Payments.InsertPayment(t.Context(), pay) })
		for name, f := range map[string]order.Filter{
			"status":        {Status: mine.Status},
			"paymentStatus": {PaymentStatus: string(payment.Authorized)},
			"email":         {Email: "Anna@Example.com"},
			"number":        {Number: mine.Number},
			"sku":           {SKU: "tee-S"},
			"from":          {CreatedFrom: mine.CreatedAt},
			"query, number": {Query: strings.ToLower(mine.Number)},
			"query, email":  {Query: "Anna@"},
			"query, sku":    {Query: "tee-s"},
			"several":       {Status: mine.Status, SKU: "TEE-S", Email: mine.Email},
		} {
			f.Limit, f.Count = 10, true
			got, total, err := w.store.Orders.BrowseOrders(t.Context(), f)
			mustSame(t, name, got, err, []order.Order{mine})
			if total != 1 {
				t.Errorf("%s: total %d, want 1", name, total)
			}
		}
		free, _, err := w.store.Orders.BrowseOrders(t.Context(), order.Filter{PaymentStatus: string(payment.NotRequired), Limit: 10})
		mustSame(t, "without a payment", free, err, []order.Order{other})
		got, _, err := w.store.Orders.BrowseOrders(t.Context(), order.Filter{CreatedTo: mine.CreatedAt, Limit: 10})
		mustSame(t, "to is exclusive", got, err, []order.Order{other})
		got, total, err := w.store.Orders.BrowseOrders(t.Context(), order.Filter{Status: mine.Status, Number: other.Number, Limit: 10, Count: true})
		mustSame(t, "members narrow", got, err, []order.Order{})
		if total != 0 {
			t.Errorf("total of nothing is %d", total)
		}
	})

	t.Run("HistoryIsTheCustomersOwn", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		customer := id.Customer{UUID: w.ids.New()}
		var own []order.Order
		for range 3 {
			o := w.order()
			o.Customer = customer
			own = append([]order.Order{o}, own...)
			w.insertOrders(o, w.order())
		}
		got, err := w.store.History.OrdersOf(t.Context(), customer, id.Order{}, 2, ports.Mark{})
		mustSame(t, "first page", got, err, own[:2])
		got, err = w.store.History.OrdersOf(t.Context(), customer, own[1].ID, 2, ports.Mark{})
		mustSame(t, "second page", got, err, own[2:])
		got, err = w.store.History.OrdersOf(t.Context(), id.Customer{UUID: w.ids.New()}, id.Order{}, 2, ports.Mark{})
		mustSame(t, "nobody's", got, err, []order.Order{})
	})

	t.Run("AReadAfterItsMarkSeesTheWrite", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		customer := id.Customer{UUID: w.ids.New()}
		for range 20 {
			o := w.order()
			o.Customer = customer
			mark, err := w.store.Tx.InTx(t.Context(), func(ctx context.Context, tx ports.OrderTx) error { return tx.Orders.InsertOrder(ctx, o) })
			if err != nil {
				t.Fatal(err)
			}
			if mark.Realm != ports.Orders {
				t.Fatalf("the mark is of realm %q", mark.Realm)
			}
			got, err := w.store.History.OrdersOf(t.Context(), customer, id.Order{}, 1, mark)
			mustSame(t, "newest", got, err, []order.Order{o})
			at, err := w.store.Marks.Position(t.Context())
			if err != nil || !at.Covers(mark) {
				t.Fatalf("position %+v, %v does not cover %+v", at, err, mark)
			}
		}
	})
}

func mustFail(t *testing.T, err error, kind fault.Kind, code string) {
	t.Helper()
	if !fault.Is(err, kind) || fault.CodeOf(err) != code {
		t.Fatalf("got %v (%v, %q), want %v, %q", err, kindOf(err), fault.CodeOf(err), kind, code)
	}
}

func kindOf(err error) string {
	if err == nil {
		return "no error"
	}
	return fault.KindOf(err).String()
}

func dataOf[T any](t *testing.T, err error) T {
	t.Helper()
	e, ok := errors.AsType[*fault.Error](err)
	if !ok {
		t.Fatalf("got %v, want a fault with data", err)
	}
	data, ok := e.Data.(T)
	if !ok {
		t.Fatalf("data of %v is %#v", err, e.Data)
	}
	return data
}

func mustSame[T any](t *testing.T, what string, got T, err error, want T) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("%s:\n got %+v\nwant %+v", what, got, want)
	}
}
