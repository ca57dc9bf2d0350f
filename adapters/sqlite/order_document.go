package sqlite

import (
	"time"

	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/core/order"
	"github.com/bodega-commerce/bodega/core/pricing"
)

// What an order keeps beside its columns is stored as JSON, under names of its
// own: renaming a field of a noun must not lose what is stored.

// orderSnapshot is how things were when the order was placed.
type orderSnapshot struct {
	Discounts []discountDoc `json:"discounts,omitempty"`
	TaxLines  []taxLineDoc  `json:"tax_lines,omitempty"`
	ShipTo    order.Address `json:"ship_to"`
	BillTo    order.Address `json:"bill_to"`
	Method    methodDoc     `json:"shipping_method"`
}

// orderHistory is what happened to it since.
type orderHistory struct {
	Shipments []shipmentDoc `json:"shipments,omitempty"`
	Refunds   []refundDoc   `json:"refunds,omitempty"`
	Returns   []returnDoc   `json:"returns,omitempty"`
	Timeline  []order.Event `json:"timeline,omitempty"`
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
		ID             id.Shipment          `json:"id"`
		Status         order.ShipmentStatus `json:"status"`
		Carrier        string               `json:"carrier,omitempty"`
		TrackingNumber string               `json:"tracking_number,omitempty"`
		TrackingURL    string               `json:"tracking_url,omitempty"`
		Lines          []order.ShipmentLine `json:"lines"`
		ShippedAt      time.Time            `json:"shipped_at"`
		DeliveredAt    time.Time            `json:"delivered_at,omitzero"`
	}
	refundDoc struct {
		ID        id.Refund          `json:"id"`
		Amount    money.Amount       `json:"amount"`
		Reason    string             `json:"reason,omitempty"`
		Status    order.RefundStatus `json:"status"`
		CreatedAt time.Time          `json:"created_at"`
	}
	returnDoc struct {
		ID        id.Return            `json:"id"`
		Status    string               `json:"status"`
		Restock   bool                 `json:"restock,omitempty"`
		Lines     []order.ShipmentLine `json:"lines"`
		CreatedAt time.Time            `json:"created_at"`
	}
)

func encodeSnapshot(o *order.Order) (string, error) {
	return encode(orderSnapshot{
		Discounts: convert(o.Totals.Discounts, func(d pricing.Discount) discountDoc { return discountDoc(d) }),
		TaxLines:  convert(o.Totals.TaxLines, func(l pricing.TaxLine) taxLineDoc { return taxLineDoc(l) }),
		ShipTo:    o.ShipTo, BillTo: o.BillTo, Method: methodDoc(o.ShippingMethod),
	})
}

func (s *orderSnapshot) into(o *order.Order) {
	o.Totals.Discounts = convert(s.Discounts, func(d discountDoc) pricing.Discount { return pricing.Discount(d) })
	o.Totals.TaxLines = convert(s.TaxLines, func(l taxLineDoc) pricing.TaxLine { return pricing.TaxLine(l) })
	o.ShipTo, o.BillTo, o.ShippingMethod = s.ShipTo, s.BillTo, pricing.ShippingMethod(s.Method)
}

func encodeHistory(o *order.Order) (string, error) {
	return encode(orderHistory{
		Shipments: convert(o.Shipments, func(s order.Shipment) shipmentDoc { return shipmentDoc(s) }),
		Refunds:   convert(o.Refunds, func(r order.Refund) refundDoc { return refundDoc(r) }),
		Returns:   convert(o.Returns, func(r order.Return) returnDoc { return returnDoc(r) }),
		Timeline:  o.Timeline,
	})
}

func (h *orderHistory) into(o *order.Order) {
	o.Shipments = convert(h.Shipments, func(s shipmentDoc) order.Shipment { return order.Shipment(s) })
	o.Refunds = convert(h.Refunds, func(r refundDoc) order.Refund { return order.Refund(r) })
	o.Returns = convert(h.Returns, func(r returnDoc) order.Return { return order.Return(r) })
	o.Timeline = append([]order.Event{}, h.Timeline...)
}

// convert maps a list; the result is never nil.
func convert[A, B any](list []A, to func(A) B) []B {
	out := make([]B, len(list))
	for i, v := range list {
		out[i] = to(v)
	}
	return out
}
