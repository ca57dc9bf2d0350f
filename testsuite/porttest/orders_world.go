package porttest

import (
	"context"
	"crypto/rand"
	"fmt"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/cart"
	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/inventory"
	"github.com/bodega-commerce/bodega/core/job"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/core/order"
	"github.com/bodega-commerce/bodega/core/payment"
	"github.com/bodega-commerce/bodega/core/pricing"
	"github.com/bodega-commerce/bodega/ports"
)

// orderWorld is an empty realm with makers of valid things. Its time stands
// still, at about that of the ids, which rise in the order they were made.
type orderWorld struct {
	t     *testing.T
	store ports.OrderStore
	ids   *id.Source
	now   time.Time
}

func newOrderWorld(t *testing.T, h OrderHarness) *orderWorld {
	t.Helper()
	return &orderWorld{
		t: t, store: h.New(t), ids: id.NewSource(time.Now, rand.Reader),
		now: time.Now().UTC().Truncate(time.Microsecond),
	}
}

// try runs one transaction and returns its error.
func (w *orderWorld) try(fn func(tx ports.OrderTx) error) error {
	_, err := w.store.Tx.InTx(w.t.Context(), func(_ context.Context, tx ports.OrderTx) error { return fn(tx) })
	return err
}

// inTx runs one transaction that must succeed.
func (w *orderWorld) inTx(fn func(tx ports.OrderTx) error) {
	w.t.Helper()
	if err := w.try(fn); err != nil {
		w.t.Fatal(err)
	}
}

func (w *orderWorld) orderID() id.Order       { return id.Order{UUID: w.ids.New()} }
func (w *orderWorld) movementID() id.Movement { return id.Movement{UUID: w.ids.New()} }

func eur(minor int64) money.Amount { return money.New(minor, "EUR") }

// cart returns an open guest's cart without lines.
func (w *orderWorld) cart() cart.Cart {
	return cart.Cart{
		ID: id.Cart{UUID: w.ids.New()}, Token: account.HashToken(rand.Text()), Status: cart.Open, Currency: "EUR",
		Lines: []cart.Line{}, Coupons: []string{}, Version: 1,
		ExpiresAt: w.now.Add(30 * 24 * time.Hour), CreatedAt: w.now, UpdatedAt: w.now,
	}
}

func (w *orderWorld) insertCart(c cart.Cart) cart.Cart {
	w.t.Helper()
	if _, err := w.store.Carts.Insert(w.t.Context(), c); err != nil {
		w.t.Fatal(err)
	}
	return c
}

// order returns a pending order of one line, with nothing in it that need not be.
func (w *orderWorld) order() order.Order {
	oid := w.orderID()
	return order.Order{
		ID: oid, Number: fmt.Sprintf("%X-%X", oid.UUID[:6], oid.UUID[12:]), Cart: id.Cart{UUID: w.ids.New()}, Email: "guest@example.com",
		Status: order.PendingPayment, Currency: "EUR",
		Lines: []order.Line{{
			SKU: "PLAIN", Product: id.Product{UUID: w.ids.New()}, ProductSlug: "plain", Name: "Plain", Options: []catalog.Option{},
			Quantity: 1, UnitPrice: eur(1000), Subtotal: eur(1000), Discount: eur(0), Tax: eur(0), Total: eur(1000),
		}},
		Totals: pricing.Totals{
			Subtotal: eur(1000), Discount: eur(0), Discounts: []pricing.Discount{}, Shipping: eur(0), Tax: eur(0),
			TaxLines: []pricing.TaxLine{}, Total: eur(1000),
		},
		Shipments: []order.Shipment{}, Refunds: []order.Refund{}, Returns: []order.Return{}, Timeline: []order.Event{},
		Version: 1, CreatedAt: w.now, UpdatedAt: w.now,
	}
}

// fullOrder returns an order with every member set.
func (w *orderWorld) fullOrder() order.Order {
	o := w.order()
	at := func(minutes int) time.Time { return w.now.Add(time.Duration(minutes)*time.Minute + time.Microsecond) }
	o.Customer = id.Customer{UUID: w.ids.New()}
	o.Email = "zoë@example.com"
	o.Status, o.ConfirmedAt = order.Delivered, at(1)
	o.Lines = []order.Line{
		{
			SKU: "TEE-S", Product: id.Product{UUID: w.ids.New()}, ProductSlug: "tee", Name: `Tee "Größe" S`,
			Options: []catalog.Option{{Name: "size", Value: "S"}, {Name: "colour", Value: "größer & <b>"}},
			Image: &catalog.Image{
				ID: id.Image{UUID: w.ids.New()}, Key: "ab/cd.jpg", Alt: "a tee", Width: 800, Height: 600,
				Sizes: []catalog.ImageSize{{Width: 200, Key: "ab/cd-200.jpg"}},
			},
			Quantity: 2, UnitPrice: eur(1500), Subtotal: eur(3000), Discount: eur(300), Tax: eur(431), Total: eur(2700), Shipped: 2, Returned: 1,
		},
		{
			SKU: "MUG", Product: id.Product{UUID: w.ids.New()}, ProductSlug: "mug", Name: "Mug", Options: []catalog.Option{},
			Quantity: 1, UnitPrice: eur(999), Subtotal: eur(999), Discount: eur(0), Tax: eur(160), Total: eur(999), Shipped: 1,
		},
	}
	o.Totals = pricing.Totals{
		Subtotal: eur(3999), Discount: eur(300), Discounts: []pricing.Discount{{Promotion: "p1", Code: "TEN", Label: "10 % off tees", Amount: eur(300)}},
		Shipping: eur(490), Tax: eur(669), TaxIncluded: true, TaxLines: []pricing.TaxLine{{Name: "VAT", BasisPoints: 1900, Base: eur(3520), Amount: eur(669)}},
		Total: eur(4189),
	}
	o.ShipTo = order.Address{
		FirstName: "Zoë", LastName: "Müller", Company: "ACME", Line1: "Hauptstraße 1", Line2: "c/o Anna", City: "Köln", Region: "NRW",
		PostalCode: "50667", Country: "DE", Phone: "+49 221 1",
	}
	o.BillTo = order.Address{LastName: "Meier", Line1: "Ring 2", City: "Wien", PostalCode: "1010", Country: "AT"}
	o.ShippingMethod = pricing.ShippingMethod{Code: "standard", Name: "Standard", Price: eur(490), MinDays: 2, MaxDays: 4, Selected: true}
	parcel := []order.ShipmentLine{{SKU: "TEE-S", Quantity: 2}, {SKU: "MUG", Quantity: 1}}
	o.Shipments = []order.Shipment{
		{
			ID: id.Shipment{UUID: w.ids.New()}, Status: order.ShipmentDelivered, Carrier: "dhl", TrackingNumber: "1Z", TrackingURL: "https://example.com/1Z",
			Lines: parcel, ShippedAt: at(2), DeliveredAt: at(3),
		},
		{ID: id.Shipment{UUID: w.ids.New()}, Status: order.ShipmentShipped, Lines: []order.ShipmentLine{}, ShippedAt: at(2)},
	}
	o.Refunds = []order.Refund{{
		ID: id.Refund{UUID: w.ids.New()}, Amount: eur(1350), Lines: []order.RefundLine{{SKU: "MUG", Quantity: 1, Unshipped: 1}}, Reason: "too small",
		Status: order.RefundSucceeded, CreatedAt: at(4),
	}}
	o.Returns = []order.Return{{
		ID: id.Return{UUID: w.ids.New()}, Status: order.ReturnReceived, Reason: "too small", Restock: true, Lines: parcel[:1], CreatedAt: at(4),
	}}
	o.Timeline = []order.Event{
		{At: at(1), Type: "order.confirmed", Actor: account.RoleSystem, Message: "paid", TraceID: "4bf92f3577b34da6a3ce929d0e0e4736"},
		{At: at(5), Type: "note", Actor: account.RoleAdmin, Message: "line one\nline two"},
	}
	o.Test, o.Version, o.UpdatedAt = true, 5, at(5)
	return o
}

func (w *orderWorld) insertOrders(os ...order.Order) {
	w.t.Helper()
	w.inTx(func(tx ports.OrderTx) error {
		for _, o := range os {
			if err := tx.Orders.InsertOrder(w.t.Context(), o); err != nil {
				return err
			}
		}
		return nil
	})
}

// payment returns a payment of an order that nobody has asked the provider for.
func (w *orderWorld) payment(o order.Order) payment.Payment {
	return payment.Payment{
		ID: id.Payment{UUID: w.ids.New()}, Order: o.ID, Provider: "sandbox", Status: payment.Created,
		Amount: o.Totals.Total, Captured: eur(0), Refunded: eur(0), Version: 1, CreatedAt: w.now, UpdatedAt: w.now,
	}
}

// receive puts units on the shelf of the main location.
func (w *orderWorld) receive(sku id.SKU, quantity int) {
	w.t.Helper()
	w.adjust(w.adjustment(sku, quantity))
}

func (w *orderWorld) adjustment(sku id.SKU, delta int) inventory.Adjustment {
	return inventory.Adjustment{ID: w.movementID(), SKU: sku, Location: id.Main, Delta: delta, Reason: inventory.Received, By: "system:test", At: w.now}
}

func (w *orderWorld) adjust(as ...inventory.Adjustment) []inventory.Change {
	w.t.Helper()
	var changes []inventory.Change
	w.inTx(func(tx ports.OrderTx) (err error) {
		changes, err = tx.Stock.Adjust(w.t.Context(), as...)
		return err
	})
	return changes
}

func (w *orderWorld) tryReserve(o id.Order, lines ...inventory.Line) ([]inventory.Change, error) {
	var changes []inventory.Change
	err := w.try(func(tx ports.OrderTx) (err error) {
		changes, err = tx.Stock.Reserve(w.t.Context(), inventory.Reservation{Order: o, Lines: lines, ExpiresAt: w.now.Add(10 * time.Minute), At: w.now})
		return err
	})
	return changes, err
}

func (w *orderWorld) reserve(o id.Order, lines ...inventory.Line) []inventory.Change {
	w.t.Helper()
	changes, err := w.tryReserve(o, lines...)
	if err != nil {
		w.t.Fatal(err)
	}
	return changes
}

// consume sells what an order holds, of no more than four lines.
func (w *orderWorld) consume(o id.Order) error {
	return w.try(func(tx ports.OrderTx) error {
		return tx.Stock.Consume(w.t.Context(), o, []id.Movement{w.movementID(), w.movementID(), w.movementID(), w.movementID()}, w.now)
	})
}

func (w *orderWorld) release(o id.Order) ([]inventory.Change, error) {
	var changes []inventory.Change
	err := w.try(func(tx ports.OrderTx) (err error) {
		changes, err = tx.Stock.Release(w.t.Context(), o, w.now)
		return err
	})
	return changes, err
}

// level returns the level of a SKU at the main location; the zero Level if
// there is none.
func (w *orderWorld) level(sku id.SKU) inventory.Level {
	w.t.Helper()
	levels, err := w.store.Stock.Levels(w.t.Context(), []id.SKU{sku})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, l := range levels {
		if l.Location == id.Main {
			return l
		}
	}
	return inventory.Level{}
}

// mustLevel fails unless so much is on hand and reserved.
func (w *orderWorld) mustLevel(sku id.SKU, onHand, reserved int) {
	w.t.Helper()
	if l := w.level(sku); l.OnHand != onHand || l.Reserved != reserved {
		w.t.Errorf("%s: %d on hand, %d reserved, want %d and %d", sku, l.OnHand, l.Reserved, onHand, reserved)
	}
}

// mustBalance wants a SKU's ledger to lead from nothing to what is on hand: each
// line begins with what another left, all in one chain. In which order lines
// stand that were written side by side is not promised.
func (w *orderWorld) mustBalance(sku id.SKU) {
	w.t.Helper()
	ledger, err := w.store.Stock.Movements(w.t.Context(), sku, id.Movement{}, 1000)
	if err != nil {
		w.t.Fatal(err)
	}
	onHand, sum := w.level(sku).OnHand, 0
	open := map[int]int{0: 1} // lines that left so many on hand, less those that found them
	for _, m := range ledger {
		sum += m.Delta
		open[m.OnHand]++
		open[m.OnHand-m.Delta]--
	}
	if onHand != sum {
		w.t.Errorf("%s: %d on hand, the ledger adds up to %d", sku, onHand, sum)
	}
	open[onHand]--
	for left, n := range open {
		if n != 0 {
			w.t.Errorf("%s: %d more lines left %d on hand than found so many: %+v", sku, n, left, ledger)
		}
	}
}

func units(sku id.SKU, quantity int) inventory.Line {
	return inventory.Line{SKU: sku, Location: id.Main, Quantity: quantity}
}

// job returns a job that mails an order's confirmation.
func (w *orderWorld) job(task string) job.Envelope {
	return job.New(id.Job{UUID: w.ids.New()}, task, job.OrderPayload{Order: w.orderID()}, w.now, "4bf92f3577b34da6a3ce929d0e0e4736")
}
