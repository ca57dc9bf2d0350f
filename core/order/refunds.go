package order

import (
	"fmt"
	"slices"

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
	if o.Dead() || o.Status == PendingPayment || left.Minor() <= 0 {
		return Refund{}, nil, o.Conflict(s.By)
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

// SettleRefunds marks as succeeded what the provider has given back of captured
// money, in the order it was asked for; an order that left the house and was
// given back whole is refunded. It reports whether anything changed.
func (o *Order) SettleRefunds(captured, refunded money.Amount, s Step) bool {
	before := o.Version
	left := refunded.Minor()
	for i := range o.Refunds {
		r := &o.Refunds[i]
		if r.Status == RefundFailed {
			continue
		}
		if left -= r.Amount.Minor(); left < 0 {
			break
		}
		if r.Status == RefundPending {
			r.Status = RefundSucceeded
			o.Record("refund.succeeded", s)
		}
	}
	if whole := refunded.Minor() > 0 && refunded == captured; whole && (o.Status == Shipped || o.Status == Delivered) {
		o.become(Refunded, s)
	}
	return o.Version != before
}
