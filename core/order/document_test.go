package order_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/core/order"
	"github.com/bodega-commerce/bodega/core/pricing"
)

func TestOrder_Documents(t *testing.T) {
	t.Parallel()
	at, eur := time.Date(2026, 11, 5, 10, 30, 0, 1000, time.UTC), func(minor int64) money.Amount { return money.New(minor, "EUR") }
	full := order.Order{
		Totals: pricing.Totals{
			Discounts: []pricing.Discount{{Promotion: "p", Code: "TEN", Label: "10 %", Amount: eur(300)}},
			TaxLines:  []pricing.TaxLine{{Name: "VAT", BasisPoints: 1900, Base: eur(3520), Amount: eur(669)}},
		},
		ShipTo: order.Address{LastName: "Müller", City: "Köln", Country: "DE"}, BillTo: order.Address{LastName: "Meier", Country: "AT"},
		ShippingMethod: pricing.ShippingMethod{Code: "standard", Price: eur(490), MinDays: 2, MaxDays: 4, Selected: true},
		Shipments: []order.Shipment{{
			ID: id.Shipment{UUID: id.UUID{1}}, Status: order.ShipmentShipped, Carrier: "dhl", Lines: []order.ShipmentLine{{SKU: "TEE", Quantity: 2}}, ShippedAt: at,
		}},
		Refunds:  []order.Refund{{ID: id.Refund{UUID: id.UUID{2}}, Amount: eur(10), Reason: "late", Status: order.RefundPending, CreatedAt: at}},
		Returns:  []order.Return{{ID: id.Return{UUID: id.UUID{3}}, Status: "received", Restock: true, Lines: []order.ShipmentLine{}, CreatedAt: at}},
		Timeline: []order.Event{{At: at, Type: "order.placed", Actor: "customer", Message: "<b>", TraceID: "4bf9"}, {At: at, Type: order.Noted, Actor: "admin", Message: "n", Note: id.Note{UUID: id.First(at)}}},
	}
	bare := order.Order{
		Totals:    pricing.Totals{Discounts: []pricing.Discount{}, TaxLines: []pricing.TaxLine{}},
		Shipments: []order.Shipment{}, Refunds: []order.Refund{}, Returns: []order.Return{}, Timeline: []order.Event{},
	}
	for name, want := range map[string]order.Order{"full": full, "bare": bare} {
		snapshot, err := want.MarshalSnapshot()
		history, err2 := want.MarshalHistory()
		var got order.Order
		if err := errors.Join(err, err2, got.UnmarshalSnapshot(snapshot), got.UnmarshalHistory(history)); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\n got %+v\nwant %+v", name, got, want)
		}
		if strings.Contains(string(snapshot), "Totals") || strings.Contains(string(history), "ShippedAt") {
			t.Errorf("%s is stored under the names of Go: %s %s", name, snapshot, history)
		}
	}
	var o order.Order
	if o.UnmarshalSnapshot([]byte("{")) == nil || o.UnmarshalHistory([]byte("[]")) == nil {
		t.Error("read what is no document")
	}
}
