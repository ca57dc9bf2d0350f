package order

import (
	"encoding/json"
	"time"

	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/core/pricing"
)

// What a store keeps of an order beside its columns is two JSON documents, under
// names of their own: renaming a field must not lose what is stored.

// snapshotDoc is how things were when the order was placed.
type snapshotDoc struct {
	Discounts []discountDoc `json:"discounts,omitempty"`
	TaxLines  []taxLineDoc  `json:"tax_lines,omitempty"`
	ShipTo    Address       `json:"ship_to"`
	BillTo    Address       `json:"bill_to"`
	Method    methodDoc     `json:"shipping_method"`
}

// historyDoc is what happened to it since.
type historyDoc struct {
	Shipments []shipmentDoc `json:"shipments,omitempty"`
	Refunds   []refundDoc   `json:"refunds,omitempty"`
	Returns   []returnDoc   `json:"returns,omitempty"`
	Timeline  []Event       `json:"timeline,omitempty"`
}

// The types below convert to and from their nouns; a member that only one of
// both has does not compile.
type (
	discountDoc struct {
		Promotion string       `json:"promotion,omitempty"`
		Code      string       `json:"code,omitempty"`
		Label     string       `json:"label,omitempty"`
		Amount    money.Amount `json:"amount"`
	}
	taxLineDoc struct {
		Name        string       `json:"name"`
		BasisPoints int64        `json:"basis_points"`
		Base        money.Amount `json:"base"`
		Amount      money.Amount `json:"amount"`
	}
	methodDoc struct {
		Code     string       `json:"code"`
		Name     string       `json:"name"`
		Price    money.Amount `json:"price"`
		MinDays  int          `json:"min_days,omitempty"`
		MaxDays  int          `json:"max_days,omitempty"`
		Selected bool         `json:"selected,omitempty"`
	}
	shipmentDoc struct {
		ID             id.Shipment    `json:"id"`
		Status         ShipmentStatus `json:"status"`
		Carrier        string         `json:"carrier,omitempty"`
		TrackingNumber string         `json:"tracking_number,omitempty"`
		TrackingURL    string         `json:"tracking_url,omitempty"`
		Lines          []ShipmentLine `json:"lines"`
		ShippedAt      time.Time      `json:"shipped_at"`
		DeliveredAt    time.Time      `json:"delivered_at,omitzero"`
	}
	refundDoc struct {
		ID        id.Refund    `json:"id"`
		Reference string       `json:"reference,omitempty"`
		Foreign   bool         `json:"foreign,omitempty"`
		Amount    money.Amount `json:"amount"`
		Lines     []RefundLine `json:"lines,omitempty"`
		Reason    string       `json:"reason,omitempty"`
		Status    RefundStatus `json:"status"`
		CreatedAt time.Time    `json:"created_at"`
	}
	returnDoc struct {
		ID        id.Return      `json:"id"`
		Status    ReturnStatus   `json:"status"`
		Reason    string         `json:"reason,omitempty"`
		Restock   bool           `json:"restock,omitempty"`
		Lines     []ShipmentLine `json:"lines"`
		CreatedAt time.Time      `json:"created_at"`
	}
)

// MarshalSnapshot returns how things were when the order was placed: discounts,
// tax lines, addresses and the shipping method.
func (o *Order) MarshalSnapshot() ([]byte, error) {
	return json.Marshal(snapshotDoc{
		Discounts: convert(o.Totals.Discounts, func(d pricing.Discount) discountDoc { return discountDoc(d) }),
		TaxLines:  convert(o.Totals.TaxLines, func(l pricing.TaxLine) taxLineDoc { return taxLineDoc(l) }),
		ShipTo:    o.ShipTo, BillTo: o.BillTo, Method: methodDoc(o.ShippingMethod),
	})
}

// UnmarshalSnapshot puts back what MarshalSnapshot wrote.
func (o *Order) UnmarshalSnapshot(b []byte) error {
	var s snapshotDoc
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	o.Totals.Discounts = convert(s.Discounts, func(d discountDoc) pricing.Discount { return pricing.Discount(d) })
	o.Totals.TaxLines = convert(s.TaxLines, func(l taxLineDoc) pricing.TaxLine { return pricing.TaxLine(l) })
	o.ShipTo, o.BillTo, o.ShippingMethod = s.ShipTo, s.BillTo, pricing.ShippingMethod(s.Method)
	return nil
}

// MarshalHistory returns what happened to the order since: shipments, refunds,
// returns and the timeline.
func (o *Order) MarshalHistory() ([]byte, error) {
	return json.Marshal(historyDoc{
		Shipments: convert(o.Shipments, func(s Shipment) shipmentDoc { return shipmentDoc(s) }),
		Refunds:   convert(o.Refunds, func(r Refund) refundDoc { return refundDoc(r) }),
		Returns:   convert(o.Returns, func(r Return) returnDoc { return returnDoc(r) }),
		Timeline:  o.Timeline,
	})
}

// UnmarshalHistory puts back what MarshalHistory wrote. The lists are not nil.
func (o *Order) UnmarshalHistory(b []byte) error {
	var h historyDoc
	if err := json.Unmarshal(b, &h); err != nil {
		return err
	}
	o.Shipments = convert(h.Shipments, func(s shipmentDoc) Shipment { return Shipment(s) })
	o.Refunds = convert(h.Refunds, func(r refundDoc) Refund { return Refund(r) })
	o.Returns = convert(h.Returns, func(r returnDoc) Return { return Return(r) })
	o.Timeline = append([]Event{}, h.Timeline...)
	return nil
}

// convert maps a list; the result is never nil.
func convert[A, B any](list []A, to func(A) B) []B {
	out := make([]B, len(list))
	for i, v := range list {
		out[i] = to(v)
	}
	return out
}
