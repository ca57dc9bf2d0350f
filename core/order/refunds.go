package order

import (
	"fmt"
	"slices"

	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
)

// RefundRequest is what an operator wants to give back.
type RefundRequest struct {
	Amount  money.Amount   // none: what the lines cost; without lines, all that is left
	Lines   []ShipmentLine // units the money is for; empty: none in particular
	Restock bool           // they go back on the shelf
}

// Refund begins a refund of captured money, of which owed has not been given
// back, and returns it with the units to put back on the shelf. Units that have
// not been shipped never will be. Conflict (order_state_conflict) for an order
// that is not paid or dead, and when nothing is left; Invalid for lines that are
// not the order's or were refunded before, and amount_exceeds for more than is
// left.
func (o *Order) Refund(fresh id.Refund, owed money.Amount, q RefundRequest, s Step) (Refund, []ShipmentLine, error) {
	left := money.New(owed.Minor()-o.pendingRefunds(), o.Currency)
	if o.Dead() && !o.Bounced() || o.Status == PendingPayment || left.Minor() <= 0 || len(o.Refunds) >= MaxRefunds {
		return Refund{}, nil, o.Conflict(s.By)
	}
	if o.Dead() && (len(q.Lines) > 0 || q.Restock) {
		return Refund{}, nil, fault.InvalidField("lines", "unknown_field", "went back on the shelf when the order was canceled")
	}
	if len(q.Lines) == 0 && q.Restock {
		if !q.Amount.IsNone() {
			return Refund{}, nil, fault.InvalidField("lines", "required", "must say what goes back on the shelf")
		}
		q.Amount, q.Lines = left, o.unreturned()
	}
	lines, back, cost, err := o.refundLines(q.Lines, q.Restock)
	if err != nil {
		return Refund{}, nil, err
	}
	r := Refund{ID: fresh, Amount: q.Amount, Lines: lines, Reason: s.Message, Status: RefundPending, CreatedAt: s.At}
	switch {
	case q.Amount.IsNone() && len(q.Lines) == 0:
		r.Amount = left
	case q.Amount.IsNone():
		r.Amount = cost
	}
	if err := r.Amount.Within(left); err != nil {
		return Refund{}, nil, err
	}
	for _, l := range lines {
		line := &o.Lines[o.line(l.SKU)]
		if line.Returned += l.Unshipped; q.Restock {
			line.Returned += l.Quantity - l.Unshipped
		}
	}
	o.Refunds = append(o.Refunds, r)
	o.Record("refund.pending", s)
	return r, back, nil
}

// refundLines reads which units are to be paid back: those that have not left
// first. cost is what was paid for them.
func (o *Order) refundLines(asked []ShipmentLine, restock bool) (lines []RefundLine, back []ShipmentLine, cost money.Amount, err error) {
	var f fault.Fields
	total := int64(0)
	for i, a := range asked {
		at := o.line(a.SKU)
		if at < 0 {
			f.Add(fmt.Sprintf("lines[%d].sku", i), "unknown_reference", "is not in this order")
			continue
		}
		l := o.Lines[at]
		before := o.refunded(l.SKU)
		unshipped := min(a.Quantity, o.unshipped(l))
		most := l.Quantity - before
		if restock {
			most = min(most, l.Quantity-l.Returned)
		}
		switch {
		case slices.ContainsFunc(lines, func(r RefundLine) bool { return r.SKU == l.SKU }):
			f.Add(fmt.Sprintf("lines[%d].sku", i), "duplicate", "is there twice")
		case a.Quantity < 1:
			f.Add(fmt.Sprintf("lines[%d].quantity", i), "too_small", "must be at least 1")
		case a.Quantity > most:
			f.Add(fmt.Sprintf("lines[%d].quantity", i), "too_large", fmt.Sprintf("only %d are left to refund", most))
		default:
			total += share(l, before+a.Quantity) - share(l, before)
			lines = append(lines, RefundLine{l.SKU, a.Quantity, unshipped})
			if restock {
				back = append(back, ShipmentLine{l.SKU, a.Quantity})
			}
		}
	}
	return lines, back, money.New(total, o.Currency), f.Err()
}

// share returns what the first n units of a line cost, so that the parts of a
// line add up to it.
func share(l Line, n int) int64 { return l.Total.Minor() * int64(n) / int64(l.Quantity) }

// unreturned returns the units that have not come back and were not paid back.
func (o *Order) unreturned() []ShipmentLine {
	var lines []ShipmentLine
	for _, l := range o.Lines {
		if n := l.Quantity - max(l.Returned, o.refunded(l.SKU)); n > 0 {
			lines = append(lines, ShipmentLine{l.SKU, n})
		}
	}
	return lines
}

// line returns where a SKU stands in the order, -1 if it does not.
func (o *Order) line(sku id.SKU) int {
	return slices.IndexFunc(o.Lines, func(l Line) bool { return l.SKU.Fold() == sku.Fold() })
}

// refunded returns how many units of a line were paid back, as units.
func (o *Order) refunded(sku id.SKU) int {
	return o.sumRefunds(sku, func(l RefundLine) int { return l.Quantity })
}

// withdrawn returns how many units of a line were paid back before they left.
func (o *Order) withdrawn(sku id.SKU) int {
	return o.sumRefunds(sku, func(l RefundLine) int { return l.Unshipped })
}

func (o *Order) sumRefunds(sku id.SKU, units func(RefundLine) int) (n int) {
	for _, r := range o.Refunds {
		for _, l := range r.Lines {
			if l.SKU == sku {
				n += units(l)
			}
		}
	}
	return n
}

func (o *Order) pendingRefunds() (minor int64) {
	for _, r := range o.Refunds {
		if r.Status == RefundPending {
			minor += r.Amount.Minor()
		}
	}
	return minor
}

// PendingRefund returns the oldest refund that the provider has not been heard of,
// and whether there is one.
func (o *Order) PendingRefund() (Refund, bool) {
	i := slices.IndexFunc(o.Refunds, func(r Refund) bool { return r.Status == RefundPending })
	if i < 0 {
		return Refund{}, false
	}
	return o.Refunds[i], true
}

// BeginRefund returns the refund of an amount that is under way, or begins one
// under a new id. Whoever asks again asks for the same refund.
func (o *Order) BeginRefund(fresh id.Refund, amount money.Amount, s Step) Refund {
	for _, r := range o.Refunds {
		if r.Status == RefundPending && r.Amount == amount {
			return r
		}
	}
	r := Refund{ID: fresh, Amount: amount, Reason: s.Message, Status: RefundPending, CreatedAt: s.At}
	o.Refunds = append(o.Refunds, r)
	o.Record("refund.pending", s)
	return r
}

// MaxRefunds is how many refunds an order may have, and a provider tells of one
// payment: the newest.
const MaxRefunds = 100

// ToldRefund is a refund as the provider knows it. Accepted is given back: if the
// money does not arrive after all, it is told again as failed, for good.
type ToldRefund struct {
	ID        id.Refund // ours, under which it was asked for; zero: nobody asked through the shop
	Reference string    // the provider's own, never ""
	Amount    money.Amount
	Failed    bool
}

// LearnRefunds takes in what the provider tells of refunds. What is known of each
// only grows, from pending over succeeded to failed, so that they may be told
// late, twice and in any order. One that the shop did not ask for is written down
// as the provider's.
func (o *Order) LearnRefunds(told []ToldRefund, s Step) {
	for _, t := range told {
		i := o.refundTold(t)
		if i < 0 {
			i = len(o.Refunds)
			o.Refunds = append(o.Refunds, o.foreign(t, s))
		}
		r := &o.Refunds[i]
		heard := r.Reference != ""
		r.Reference = t.Reference
		switch {
		case t.Failed && (r.Status != RefundFailed || !heard):
			r.Status = RefundFailed
			o.Record("refund.failed", Step{s.At, account.RoleSystem, "the provider could not give back " + r.Amount.String(), s.TraceID})
		case r.Status == RefundPending, r.Status == RefundFailed && !heard: // given up here, and made all the same
			r.Status = RefundSucceeded
			step := s
			if r.Foreign {
				step.By, step.Message = account.RoleSystem, r.Reason
			}
			o.Record("refund.succeeded", step)
		}
	}
}

// refundTold returns which refund the provider tells of, -1 for one not known. A
// second one under an id of ours is not ours.
func (o *Order) refundTold(t ToldRefund) int {
	if i := slices.IndexFunc(o.Refunds, func(r Refund) bool { return r.Reference == t.Reference }); i >= 0 {
		return i
	}
	return slices.IndexFunc(o.Refunds, func(r Refund) bool { return r.Reference == "" && r.ID == t.ID })
}

// foreign is a refund that the shop did not ask for. Its id is made of the
// provider's: it is the same whoever hears of it first.
func (o *Order) foreign(t ToldRefund, s Step) Refund {
	return Refund{
		ID: id.Refund{UUID: o.ID.Derive("refund:" + t.Reference)}, Amount: t.Amount, Reason: "made at the payment provider",
		Status: RefundPending, Foreign: true, CreatedAt: s.At,
	}
}

// DropRefund gives up a pending refund that the provider will not make and has
// not made. It reports whether it was pending.
func (o *Order) DropRefund(r id.Refund, s Step) bool {
	i := slices.IndexFunc(o.Refunds, func(known Refund) bool { return known.ID == r && known.Status == RefundPending })
	if i < 0 {
		return false
	}
	o.Refunds[i].Status = RefundFailed
	o.Record("refund.failed", s)
	return true
}

// GivenBack returns what the refunds that succeeded add up to once the order has
// learned of those told.
func (o *Order) GivenBack(told ...ToldRefund) money.Amount {
	after := Order{ID: o.ID, Refunds: slices.Clone(o.Refunds)}
	after.LearnRefunds(told, Step{})
	var minor int64
	for _, r := range after.Refunds {
		if r.Status == RefundSucceeded {
			minor += r.Amount.Minor()
		}
	}
	return money.New(minor, o.Currency)
}

// Bounced reports whether the money of a dead order was given back and came back.
// Asking for it again by itself would go round in circles: it waits for an operator.
func (o *Order) Bounced() bool {
	died := slices.IndexFunc(o.Timeline, func(e Event) bool {
		return e.Type == "order."+string(Canceled) || e.Type == "order."+string(PaymentFailed)
	})
	return died >= 0 && slices.ContainsFunc(o.Refunds, func(r Refund) bool {
		return r.Status == RefundFailed && r.Reference != "" && !r.Foreign && !r.CreatedAt.Before(o.Timeline[died].At)
	})
}

// SettleRefunds makes an order that left the house refunded when all that was
// captured is given back, and what it was before when it is no longer.
func (o *Order) SettleRefunds(captured money.Amount, s Step) {
	whole := captured.Minor() > 0 && o.GivenBack() == captured
	switch {
	case whole && (o.Status == Shipped || o.Status == Delivered):
		o.become(Refunded, s)
	case !whole && o.Status == Refunded:
		o.Status = Delivered
		if slices.ContainsFunc(o.Shipments, func(p Shipment) bool { return p.Status != ShipmentDelivered }) {
			o.Status = Shipped
		}
		o.Record("order.no_longer_refunded", s)
	}
}
