package core

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/job"
	"github.com/bodega-commerce/bodega/core/order"
	"github.com/bodega-commerce/bodega/ports"
)

// Orders sees orders through. An order is visible to its customer, to whoever
// shows its token and to operators with order.read; to others it is NotFound.
//
// A step that the order's state forbids is Conflict (order_state_conflict, Data
// order.StateConflict); a step already taken is a success without effect.
type Orders struct{ s *shared }

// FindOrder looks at an order.
type FindOrder struct {
	By    account.Actor
	Order id.Order
}

// FindOrderByNumber looks at an order by the number people read out.
type FindOrderByNumber struct {
	By     account.Actor
	Number string
}

// OwnOrders lists the customer's own orders, newest first.
type OwnOrders struct {
	By     account.Actor
	Before id.Order   // older than this; zero: from the newest
	Limit  int        // 1..100; zero: 24
	After  ports.Mark // orders realm
}

// BrowseOrders is an operator's list, newest first.
type BrowseOrders struct {
	By     account.Actor
	Filter order.Filter
}

// OrderPage is a stretch of a list.
type OrderPage struct {
	Orders []OrderView
	Next   id.Order // Before of the next stretch; zero: this was the last
	Total  int      // -1: not asked for
}

// LookupOrder asks for a link to an order by mail.
type LookupOrder struct {
	Number string
	Email  string
}

// CancelOrder cancels an order.
type CancelOrder struct {
	By     account.Actor
	Order  id.Order
	Reason string
}

// FulfillOrder begins to pack an order.
type FulfillOrder struct {
	By    account.Actor
	Order id.Order
}

// ShipOrder sends a parcel with lines of an order.
type ShipOrder struct {
	By             account.Actor
	Order          id.Order
	Lines          []order.ShipmentLine // empty: everything not yet shipped
	Carrier        string
	TrackingNumber string
	TrackingURL    string
	Key            string // names the request: sent again, it makes no other parcel; "": it does
}

// DeliverOrder says that all parcels of an order arrived.
type DeliverOrder struct {
	By    account.Actor
	Order id.Order
}

// AddNote puts a remark on an order's timeline.
type AddNote struct {
	By    account.Actor
	Order id.Order
	Text  string
	Key   string // names the request: sent again, it writes no other note; "": it does
}

// ResendConfirmation mails an order's confirmation once more.
type ResendConfirmation struct {
	By    account.Actor
	Order id.Order
	Key   string // names the request: sent again, it is the same mail; "": another one
}

// Find shows an order.
func (x *Orders) Find(ctx context.Context, c FindOrder) (OrderView, error) {
	d, err := x.s.visible(ctx, c.By, c.Order)
	if err != nil {
		return OrderView{}, err
	}
	return x.s.view(d, ports.Mark{}), nil
}

// FindByNumber shows an order by its number, in whatever way it was typed.
func (x *Orders) FindByNumber(ctx context.Context, c FindOrderByNumber) (OrderView, error) {
	number, ok := order.ParseNumber(c.Number)
	if !ok || c.By.IsNobody() {
		return OrderView{}, fault.Missing("order")
	}
	o, err := x.s.Orders.Orders.OrderByNumber(ctx, number)
	if err != nil {
		return OrderView{}, err
	}
	return x.Find(ctx, FindOrder{By: c.By, Order: o.ID})
}

// Own lists the customer's own orders; everybody else has none.
func (x *Orders) Own(ctx context.Context, c OwnOrders) (OrderPage, error) {
	limit, err := stretch(c.Limit)
	if err != nil {
		return OrderPage{}, err
	}
	if c.By.CustomerID().IsZero() {
		return OrderPage{Orders: []OrderView{}, Total: -1}, nil
	}
	orders, err := x.s.Orders.History.OrdersOf(ctx, c.By.CustomerID(), c.Before, limit, c.After)
	if err != nil {
		return OrderPage{}, err
	}
	return x.page(ctx, orders, limit, -1)
}

// Browse lists orders for an operator with order.read.
func (x *Orders) Browse(ctx context.Context, c BrowseOrders) (OrderPage, error) {
	if err := allow(c.By, account.OrderRead); err != nil {
		return OrderPage{}, err
	}
	limit, err := stretch(c.Filter.Limit)
	if err != nil {
		return OrderPage{}, err
	}
	c.Filter.Limit = limit
	if number, ok := order.ParseNumber(c.Filter.Query); ok {
		c.Filter.Query = number
	}
	if c.Filter.Number != "" {
		number, ok := order.ParseNumber(c.Filter.Number)
		if !ok {
			none := OrderPage{Orders: []OrderView{}, Total: -1}
			if c.Filter.Count {
				none.Total = 0
			}
			return none, nil
		}
		c.Filter.Number = number
	}
	orders, total, err := x.s.Orders.Orders.BrowseOrders(ctx, c.Filter)
	if err != nil {
		return OrderPage{}, err
	}
	return x.page(ctx, orders, limit, total)
}

// page puts payments beside orders.
func (x *Orders) page(ctx context.Context, orders []order.Order, limit, total int) (OrderPage, error) {
	ids := make([]id.Order, len(orders))
	for i := range orders {
		ids[i] = orders[i].ID
	}
	payments, err := x.s.Orders.Payments.PaymentsOf(ctx, ids)
	if err != nil {
		return OrderPage{}, err
	}
	p := OrderPage{Orders: make([]OrderView, len(orders)), Total: total}
	for i, o := range orders {
		p.Orders[i] = x.s.view(dossier{order: o, payment: payments[o.ID]}, ports.Mark{})
	}
	if len(orders) == limit {
		p.Next = ids[limit-1]
	}
	return p, nil
}

// stretch returns how many items a list answers: 24 unless told, at most 100.
func stretch(limit int) (int, error) {
	switch {
	case limit == 0:
		return 24, nil
	case limit < 0:
		return 0, fault.InvalidField("limit", "too_small", "must be at least 1")
	case limit > 100:
		return 0, fault.InvalidField("limit", "too_large", "must be at most 100")
	}
	return limit, nil
}

// Lookup mails a fresh link to the order's address if number and address
// belong together. Whether they do, it does not tell: it answers nil.
func (x *Orders) Lookup(ctx context.Context, c LookupOrder) error {
	number, ok := order.ParseNumber(c.Number)
	email, err := order.ParseEmail(c.Email)
	if !ok || err != nil {
		return nil
	}
	o, err := x.s.Orders.Orders.OrderByNumber(ctx, number)
	switch {
	case fault.Is(err, fault.NotFound) || err == nil && o.Email != email:
		return nil
	case err != nil:
		return err
	}
	t := x.s.turn(ctx, account.RoleCustomer)
	_, err = x.s.Orders.Tx.InTx(ctx, func(ctx context.Context, tx ports.OrderTx) error {
		return tx.Jobs.Add(ctx, t.job(job.SendOrderLink, "", job.OrderPayload{Order: o.ID}))
	})
	return err
}

// Cancel cancels an order, gives its stock back and sends its money back:
// customers may until it is being packed, operators with order.write until a
// line of it is shipped.
func (x *Orders) Cancel(ctx context.Context, c CancelOrder) (OrderView, error) {
	d, err := x.s.visible(ctx, c.By, c.Order)
	if err != nil {
		return OrderView{}, err
	}
	if c.By.Role() != account.RoleCustomer {
		if err := allow(c.By, account.OrderWrite); err != nil {
			return OrderView{}, err
		}
	}
	where, err := x.s.shelvesOfOrder(ctx, d.order)
	if err != nil {
		return OrderView{}, err
	}
	t := x.s.turn(ctx, c.By.Role())
	d, mark, err := x.s.move(ctx, d, where, t, func(d *dossier) (effects, error) { return t.cancel(d, c.Reason) })
	if err != nil {
		return OrderView{}, err
	}
	// The money goes back by a job; going after it at once only shows sooner.
	if after, later, err := x.s.giveBack(context.WithoutCancel(ctx), c.By.Role(), d); err == nil && !later.IsZero() {
		d, mark = after, later
	}
	return x.s.view(d, mark), nil
}

func (t *turn) cancel(d *dossier, why string) (effects, error) {
	if d.order.Status == order.PendingPayment {
		return t.giveUp(d, why), nil
	}
	var e effects
	done, err := d.order.Cancel(t.step(why))
	if err != nil || !done {
		return e, err
	}
	e.stock = t.restock(d.order)
	if d.payment.Paid() {
		e.jobs = append(e.jobs, t.void(d))
		t.schedule(d, true)
	}
	return e, nil
}

// Fulfill marks an order as being packed. Needs order.write.
func (x *Orders) Fulfill(ctx context.Context, c FulfillOrder) (OrderView, error) {
	return x.step(ctx, c.By, c.Order, func(o *order.Order, t *turn) (bool, error) { return o.Fulfill(t.step("")) })
}

// Ship records a parcel. The order is shipped when all its lines are. Invalid
// for lines that are not the order's or more than is left of them. Under a Key
// that made a parcel before, it is a success without effect. Needs order.write.
func (x *Orders) Ship(ctx context.Context, c ShipOrder) (OrderView, error) {
	for _, m := range []struct{ name, value string }{
		{"carrier", c.Carrier}, {"tracking_number", c.TrackingNumber}, {"tracking_url", c.TrackingURL},
	} {
		if utf8.RuneCountInString(m.value) > 500 {
			return OrderView{}, fault.InvalidField(m.name, "too_long", "must have at most 500 characters")
		}
	}
	return x.step(ctx, c.By, c.Order, func(o *order.Order, t *turn) (bool, error) {
		parcel := id.Shipment{UUID: t.made(o.ID, "shipment", c.Key)}
		if slices.ContainsFunc(o.Shipments, func(known order.Shipment) bool { return known.ID == parcel }) {
			return false, nil
		}
		return o.Ship(order.Shipment{
			ID: parcel, Carrier: c.Carrier, TrackingNumber: c.TrackingNumber, TrackingURL: c.TrackingURL,
			Lines: slices.Clone(c.Lines),
		}, t.step(""))
	})
}

// Deliver records that a shipped order arrived. Needs order.write.
func (x *Orders) Deliver(ctx context.Context, c DeliverOrder) (OrderView, error) {
	return x.step(ctx, c.By, c.Order, func(o *order.Order, t *turn) (bool, error) { return o.Deliver(t.step("")) })
}

// AddNote writes on an order's timeline, for operators to read. Under a Key that
// wrote a note before, it is a success without effect. Needs order.write.
func (x *Orders) AddNote(ctx context.Context, c AddNote) (OrderView, error) {
	switch {
	case strings.TrimSpace(c.Text) == "":
		return OrderView{}, fault.InvalidField("text", "required", "is required")
	case utf8.RuneCountInString(c.Text) > 2000:
		return OrderView{}, fault.InvalidField("text", "too_long", "must have at most 2000 characters")
	}
	return x.step(ctx, c.By, c.Order, func(o *order.Order, t *turn) (bool, error) {
		return o.Note(id.Note{UUID: t.made(o.ID, "note", c.Key)}, t.step(c.Text)), nil
	})
}

// step runs an operator's step on an order. Shipping may be what the money waits
// for.
func (x *Orders) step(ctx context.Context, by account.Actor, o id.Order, do func(*order.Order, *turn) (bool, error)) (OrderView, error) {
	if err := allow(by, account.OrderWrite); err != nil {
		return OrderView{}, err
	}
	d, err := x.s.dossier(ctx, o)
	if err != nil {
		return OrderView{}, err
	}
	t := x.s.turn(ctx, by.Role())
	d, mark, err := x.s.move(ctx, d, nil, t, func(d *dossier) (effects, error) {
		var e effects
		waiting := x.s.captures(d)
		if done, err := do(&d.order, t); err != nil || !done {
			return e, err
		}
		if !waiting && x.s.captures(d) {
			e.jobs = append(e.jobs, t.job(job.CapturePayment, "", job.PaymentPayload{Payment: d.payment.ID}))
			t.schedule(d, true)
		}
		return e, nil
	})
	if err != nil {
		return OrderView{}, err
	}
	return x.s.view(d, mark), nil
}

// ResendConfirmation mails the confirmation of a confirmed order once more, now,
// as another mail: the job of the first one stays the only one. Under a Key that
// sent one before, that mail goes out again, with its Message-ID. Needs
// order.write.
func (x *Orders) ResendConfirmation(ctx context.Context, c ResendConfirmation) error {
	if err := allow(c.By, account.OrderWrite); err != nil {
		return err
	}
	o, err := x.s.Orders.Orders.Order(ctx, c.Order)
	if err != nil {
		return err
	}
	if o.ConfirmedAt.IsZero() {
		return o.Conflict(c.By.Role())
	}
	mail := x.s.turn(ctx, c.By.Role()).made(o.ID, "confirmation", c.Key)
	return (&Mails{x.s}).SendConfirmation(ctx, id.Job{UUID: mail}, o.ID)
}
