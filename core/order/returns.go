package order

import (
	"fmt"
	"slices"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
)

// RequestReturn records that the customer wants to send units back. Conflict
// (order_state_conflict) while nothing was shipped; Invalid for lines that are not
// the order's or more than is out there.
func (o *Order) RequestReturn(r Return, s Step) error {
	if err := o.returnable(r.Lines, s, o.requested); err != nil {
		return err
	}
	r.Status, r.Restock, r.Reason, r.CreatedAt = ReturnRequested, false, s.Message, s.At
	o.Returns = append(o.Returns, r)
	o.Record("return.requested", s)
	return nil
}

// ReceiveReturn records that units came back: those of a return that was
// requested, under its ID and without lines if all of them did, or others under a
// new ID. It returns what goes on the shelf. Told again the same of a return that
// was received, it does nothing. Errors as of RequestReturn; Conflict for another
// tale of one that was received; NotFound for an ID that was not requested, unless
// it is fresh.
func (o *Order) ReceiveReturn(r Return, fresh bool, s Step) ([]ShipmentLine, error) {
	at := slices.IndexFunc(o.Returns, func(known Return) bool { return known.ID == r.ID })
	switch {
	case at < 0 && !fresh:
		return nil, fault.Missing("return")
	case at >= 0 && o.Returns[at].Status == ReturnReceived && !o.Returns[at].tells(r):
		return nil, o.Conflict(s.By)
	case at >= 0 && o.Returns[at].Status == ReturnReceived:
		return nil, nil
	case at >= 0 && len(r.Lines) == 0:
		r.Lines = o.Returns[at].Lines
	}
	if err := o.returnable(r.Lines, s, func(id.SKU) int { return 0 }); err != nil {
		return nil, err
	}
	r.Status, r.Reason, r.CreatedAt = ReturnReceived, s.Message, s.At
	if at < 0 {
		o.Returns = append(o.Returns, r)
	} else {
		if r.CreatedAt = o.Returns[at].CreatedAt; r.Reason == "" {
			r.Reason = o.Returns[at].Reason
		}
		o.Returns[at] = r
	}
	for _, l := range r.Lines {
		o.Lines[o.line(l.SKU)].Returned += l.Quantity
	}
	o.Record("return.received", s)
	if !r.Restock {
		return nil, nil
	}
	return r.Lines, nil
}

// tells reports whether what another says of a return that was received is what
// this one says.
func (r Return) tells(another Return) bool {
	return r.Restock == another.Restock && (len(another.Lines) == 0 || slices.EqualFunc(r.Lines, another.Lines, func(a, b ShipmentLine) bool {
		return a.SKU.Fold() == b.SKU.Fold() && a.Quantity == b.Quantity
	}))
}

// returnable checks that units are with the customer, but for those that are
// spoken for, and spells their SKUs as the order does.
func (o *Order) returnable(lines []ShipmentLine, s Step, spokenFor func(id.SKU) int) error {
	if o.Fulfillment() == Unfulfilled {
		return o.Conflict(s.By)
	}
	var f fault.Fields
	if len(lines) == 0 {
		f.Add("lines", "required", "must say what comes back")
	}
	seen := map[id.SKU]bool{}
	for i := range lines {
		at := o.line(lines[i].SKU)
		if at < 0 {
			f.Add(fmt.Sprintf("lines[%d].sku", i), "unknown_reference", "is not in this order")
			continue
		}
		l := o.Lines[at]
		lines[i].SKU = l.SKU
		out := l.Shipped - (l.Returned - o.withdrawn(l.SKU)) - spokenFor(l.SKU)
		switch {
		case seen[l.SKU]:
			f.Add(fmt.Sprintf("lines[%d].sku", i), "duplicate", "is there twice")
		case lines[i].Quantity < 1:
			f.Add(fmt.Sprintf("lines[%d].quantity", i), "too_small", "must be at least 1")
		case lines[i].Quantity > out:
			f.Add(fmt.Sprintf("lines[%d].quantity", i), "too_large", fmt.Sprintf("only %d can come back", out))
		}
		seen[l.SKU] = true
	}
	return f.Err()
}

// requested returns how many units of a line somebody wants to send back.
func (o *Order) requested(sku id.SKU) (n int) {
	for _, r := range o.Returns {
		if r.Status != ReturnRequested {
			continue
		}
		for _, l := range r.Lines {
			if l.SKU == sku {
				n += l.Quantity
			}
		}
	}
	return n
}
