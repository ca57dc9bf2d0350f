package order

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
)

// Step says who moves an order on, when, why and in which trace.
type Step struct {
	At      time.Time
	By      account.Role
	Message string
	TraceID string
}

// Record writes on the order's timeline. Without a message the event speaks for
// itself: "order confirmed".
func (o *Order) Record(event string, s Step) {
	if s.Message == "" {
		s.Message = strings.NewReplacer(".", " ", "_", " ").Replace(event)
	}
	o.record(Event{At: s.At, Type: event, Actor: s.By, Message: s.Message, TraceID: s.TraceID})
}

func (o *Order) record(e Event) {
	o.Timeline = append(o.Timeline, e)
	o.Version++
	o.UpdatedAt = e.At
}

// Note writes the step's message on the timeline, for operators to read. False:
// this note is there already.
func (o *Order) Note(note id.Note, s Step) bool {
	if slices.ContainsFunc(o.Timeline, func(e Event) bool { return e.Note == note }) {
		return false
	}
	o.record(Event{At: s.At, Type: Noted, Actor: s.By, Message: s.Message, TraceID: s.TraceID, Note: note})
	return true
}

func (o *Order) become(status Status, s Step) {
	o.Status = status
	o.Record("order."+string(status), s)
}

// Dead reports whether the order has failed or was cancelled: nothing will be
// delivered for it, and money that arrives goes back.
func (o *Order) Dead() bool { return o.Status == PaymentFailed || o.Status == Canceled }

// AllowedActions returns what somebody in a role may do next.
func (o *Order) AllowedActions(by account.Role) []Action {
	allowed := []Action{}
	operator := by != account.RoleCustomer
	if operator {
		switch o.Status {
		case Confirmed:
			allowed = append(allowed, ActionFulfill, ActionShip)
		case Fulfilling:
			allowed = append(allowed, ActionShip)
		case Shipped:
			allowed = append(allowed, ActionDeliver)
		default:
		}
	}
	unshipped := o.Fulfillment() == Unfulfilled
	if o.Status == PendingPayment || o.Status == Confirmed && unshipped || o.Status == Fulfilling && unshipped && operator {
		allowed = append(allowed, ActionCancel)
	}
	return allowed
}

// may answers Conflict (order_state_conflict) unless the action is allowed.
func (o *Order) may(a Action, by account.Role) error {
	if !slices.Contains(o.AllowedActions(by), a) {
		return o.Conflict(by)
	}
	return nil
}

// Confirm is what a payment does to an order that waits for it. It reports
// whether the order was waiting.
func (o *Order) Confirm(s Step) bool {
	if o.Status != PendingPayment {
		return false
	}
	o.ConfirmedAt = s.At
	o.become(Confirmed, s)
	return true
}

// FailPayment is what a refusal does to an order that waits for its payment. It
// reports whether the order was waiting.
func (o *Order) FailPayment(s Step) bool {
	if o.Status != PendingPayment {
		return false
	}
	o.become(PaymentFailed, s)
	return true
}

// Cancel cancels the order. It reports false, and no error, for one already
// cancelled.
func (o *Order) Cancel(s Step) (bool, error) {
	if o.Status == Canceled {
		return false, nil
	}
	if err := o.may(ActionCancel, s.By); err != nil {
		return false, err
	}
	o.become(Canceled, s)
	return true, nil
}

// Fulfill begins to pack the order. It reports false for one being packed.
func (o *Order) Fulfill(s Step) (bool, error) {
	if o.Status == Fulfilling {
		return false, nil
	}
	if err := o.may(ActionFulfill, s.By); err != nil {
		return false, err
	}
	o.become(Fulfilling, s)
	return true, nil
}

// Ship adds a parcel; without lines it holds everything not yet shipped. The
// order is shipped when all its lines are. It reports false when a shipped order
// is to be shipped whole. Invalid for lines that are not the order's or more
// than is left of them.
func (o *Order) Ship(parcel Shipment, s Step) (bool, error) {
	if o.Status == Shipped && len(parcel.Lines) == 0 {
		return false, nil
	}
	if err := o.may(ActionShip, s.By); err != nil {
		return false, err
	}
	if len(parcel.Lines) == 0 {
		for _, l := range o.Lines {
			if left := o.unshipped(l); left > 0 {
				parcel.Lines = append(parcel.Lines, ShipmentLine{l.SKU, left})
			}
		}
		if len(parcel.Lines) == 0 { // all of it was paid back
			return false, o.Conflict(s.By)
		}
	}
	lines, err := o.load(parcel.Lines)
	if err != nil {
		return false, err
	}
	o.Lines = lines
	parcel.Status, parcel.ShippedAt = ShipmentShipped, s.At
	o.Shipments = append(o.Shipments, parcel)
	switch {
	case o.Fulfillment() == Fulfilled:
		o.become(Shipped, s)
	case o.Status == Confirmed:
		o.Status = Fulfilling
		o.Record("order.partially_shipped", s)
	default:
		o.Record("order.partially_shipped", s)
	}
	return true, nil
}

// load returns the order's lines with those of a parcel shipped.
func (o *Order) load(parcel []ShipmentLine) ([]Line, error) {
	lines := slices.Clone(o.Lines)
	var f fault.Fields
	for i, p := range parcel {
		at := slices.IndexFunc(lines, func(l Line) bool { return l.SKU.Fold() == p.SKU.Fold() })
		switch {
		case at < 0:
			f.Add(fmt.Sprintf("lines[%d].sku", i), "unknown_reference", "is not in this order")
		case p.Quantity < 1:
			f.Add(fmt.Sprintf("lines[%d].quantity", i), "too_small", "must be at least 1")
		case p.Quantity > o.unshipped(lines[at]):
			f.Add(fmt.Sprintf("lines[%d].quantity", i), "too_large", fmt.Sprintf("only %d are left to ship", o.unshipped(lines[at])))
		default:
			lines[at].Shipped += p.Quantity
			parcel[i].SKU = lines[at].SKU
		}
	}
	return lines, f.Err()
}

// Deliver says that all parcels arrived. It reports false for an order already
// delivered.
func (o *Order) Deliver(s Step) (bool, error) {
	if o.Status == Delivered {
		return false, nil
	}
	if err := o.may(ActionDeliver, s.By); err != nil {
		return false, err
	}
	for i := range o.Shipments {
		if p := &o.Shipments[i]; p.Status != ShipmentDelivered {
			p.Status, p.DeliveredAt = ShipmentDelivered, s.At
		}
	}
	o.become(Delivered, s)
	return true, nil
}

// Fulfillment sums up what was shipped of what is to be.
func (o *Order) Fulfillment() Fulfillment {
	left, shipped := 0, 0
	for _, l := range o.Lines {
		left += o.unshipped(l)
		shipped += l.Shipped
	}
	switch {
	case shipped == 0:
		return Unfulfilled
	case left == 0:
		return Fulfilled
	default:
		return Partial
	}
}

// unshipped returns how many units of a line are still to be shipped: not those
// that were paid back before they left.
func (o *Order) unshipped(l Line) int { return l.Quantity - l.Shipped - o.withdrawn(l.SKU) }
