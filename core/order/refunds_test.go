package order_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/core/order"
)

func eur(minor int64) money.Amount { return money.New(minor, "EUR") }

// sold is a confirmed order of two lines: three A for 10.00, two B for 5.00.
func sold() order.Order {
	return order.Order{
		Status: order.Confirmed, Currency: "EUR", Version: 1,
		Lines: []order.Line{{SKU: "A", Quantity: 3, Total: eur(1000)}, {SKU: "B", Quantity: 2, Total: eur(500)}},
	}
}

func units(sku id.SKU, n int) []order.ShipmentLine {
	return []order.ShipmentLine{{SKU: sku, Quantity: n}}
}

// What units of a line cost adds up to the line, however it is parted, and what is
// under way is not given back twice.
func TestOrder_Refund_PartsAddUp(t *testing.T) {
	t.Parallel()
	admin := step(account.RoleAdmin)
	rapid.Check(t, func(t *rapid.T) {
		o := sold()
		owed, back := int64(1500), map[id.SKU]int{}
		for n := byte(1); ; n++ {
			q := order.RefundRequest{Restock: rapid.Bool().Draw(t, "restock")}
			switch rapid.IntRange(0, 2).Draw(t, "what") {
			case 0:
				q.Lines = units(rapid.SampledFrom([]id.SKU{"a", "B"}).Draw(t, "sku"), rapid.IntRange(1, 3).Draw(t, "units"))
			case 1:
				q.Amount, q.Restock = eur(rapid.Int64Range(1, 600).Draw(t, "amount")), false
			default:
				if rapid.Bool().Draw(t, "ship") {
					_, _ = o.Ship(order.Shipment{Lines: units("A", 1)}, admin)
				}
			}
			before := o.Version
			r, units, err := o.Refund(id.Refund{UUID: id.UUID{n}}, eur(1500), q, admin)
			if err != nil {
				if o.Version != before {
					t.Fatalf("refused, and changed: %+v", o)
				}
				if n > 60 {
					return
				}
				continue
			}
			for _, u := range units {
				back[u.SKU] += u.Quantity
			}
			if owed -= r.Amount.Minor(); owed < 0 {
				t.Fatalf("%d more than was taken: %+v", -owed, o.Refunds)
			}
			for _, l := range o.Lines {
				if l.Returned > l.Quantity || back[l.SKU] > l.Quantity {
					t.Fatalf("of %+v, %d came back", l, back[l.SKU])
				}
			}
			if owed == 0 {
				return
			}
		}
	})
}

func TestOrder_Refund(t *testing.T) {
	t.Parallel()
	admin := step(account.RoleAdmin)
	t.Run("ByLine", func(t *testing.T) {
		t.Parallel()
		o := sold()
		var amounts []int64
		for n := range byte(3) {
			r, back, err := o.Refund(id.Refund{UUID: id.UUID{n + 1}}, eur(1500), order.RefundRequest{Lines: units("a", 1)}, admin)
			if err != nil || len(back) > 0 {
				t.Fatalf("got %+v, %v", back, err)
			}
			amounts = append(amounts, r.Amount.Minor())
		}
		if amounts[0]+amounts[1]+amounts[2] != 1000 {
			t.Errorf("three thirds of 10.00 are %v", amounts)
		}
		_, _, err := o.Refund(id.Refund{UUID: id.UUID{4}}, eur(1500), order.RefundRequest{Lines: units("A", 1)}, admin)
		mustBe(t, err, fault.Invalid, "validation_failed")
	})
	t.Run("WhatIsPaidBackIsNotShipped", func(t *testing.T) {
		t.Parallel()
		o := sold()
		if _, _, err := o.Refund(id.Refund{UUID: id.UUID{1}}, eur(1500), order.RefundRequest{Lines: units("A", 2), Restock: true}, admin); err != nil {
			t.Fatal(err)
		}
		_, err := o.Ship(order.Shipment{Lines: units("A", 2)}, admin)
		mustBe(t, err, fault.Invalid, "validation_failed")
		if _, err := o.Ship(order.Shipment{}, admin); err != nil || o.Status != order.Shipped || o.Lines[0].Shipped != 1 || o.Lines[1].Shipped != 2 {
			t.Errorf("got %s %+v, %v", o.Status, o.Lines, err)
		}
	})
	t.Run("AllOfItBeforeItLeft", func(t *testing.T) {
		t.Parallel()
		o := sold()
		r, back, err := o.Refund(id.Refund{UUID: id.UUID{1}}, eur(1500), order.RefundRequest{Restock: true}, admin)
		if err != nil || r.Amount != eur(1500) || len(back) != 2 || back[0].Quantity != 3 {
			t.Fatalf("got %+v, %+v, %v", r, back, err)
		}
		_, err = o.Ship(order.Shipment{}, admin)
		mustBe(t, err, fault.Conflict, "order_state_conflict")
	})
	for name, c := range map[string]struct {
		owed int64
		as   order.Status
		q    order.RefundRequest
		kind fault.Kind
		code string
	}{
		"NothingLeft":            {0, order.Confirmed, order.RefundRequest{}, fault.Conflict, "order_state_conflict"},
		"NotPaid":                {1500, order.PendingPayment, order.RefundRequest{}, fault.Conflict, "order_state_conflict"},
		"Cancelled":              {1500, order.Canceled, order.RefundRequest{}, fault.Conflict, "order_state_conflict"},
		"MoreThanLeft":           {100, order.Confirmed, order.RefundRequest{Amount: eur(101)}, fault.Invalid, "amount_exceeds"},
		"LinesForMoreThanLeft":   {100, order.Confirmed, order.RefundRequest{Lines: units("A", 3)}, fault.Invalid, "amount_exceeds"},
		"AnotherCurrency":        {100, order.Confirmed, order.RefundRequest{Amount: money.New(1, "USD")}, fault.Invalid, "currency_mismatch"},
		"UnknownSKU":             {100, order.Confirmed, order.RefundRequest{Lines: units("X", 1)}, fault.Invalid, "validation_failed"},
		"NoUnits":                {100, order.Confirmed, order.RefundRequest{Lines: units("A", 0)}, fault.Invalid, "validation_failed"},
		"TooManyUnits":           {1500, order.Confirmed, order.RefundRequest{Lines: units("A", 4)}, fault.Invalid, "validation_failed"},
		"TheSameSKUTwice":        {1500, order.Confirmed, order.RefundRequest{Lines: append(units("A", 1), units("a", 1)...)}, fault.Invalid, "validation_failed"},
		"RestockOfNobodyKnows":   {1500, order.Confirmed, order.RefundRequest{Amount: eur(1), Restock: true}, fault.Invalid, "validation_failed"},
		"AmountOfNothing":        {1500, order.Confirmed, order.RefundRequest{Amount: eur(0)}, fault.Invalid, "validation_failed"},
		"AmountOfLessThanNought": {1500, order.Confirmed, order.RefundRequest{Amount: eur(-5)}, fault.Invalid, "validation_failed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := sold()
			o.Status = c.as
			_, _, err := o.Refund(id.Refund{UUID: id.UUID{1}}, eur(c.owed), c.q, admin)
			mustBe(t, err, c.kind, c.code)
			if o.Version != 1 || len(o.Refunds) > 0 || o.Lines[0].Returned > 0 {
				t.Errorf("it changed all the same: %+v", o)
			}
		})
	}
}

func TestOrder_Returns(t *testing.T) {
	t.Parallel()
	admin, customer := step(account.RoleAdmin), step(account.RoleCustomer)
	o := sold()
	mustBe(t, o.RequestReturn(order.Return{Lines: units("A", 1)}, customer), fault.Conflict, "order_state_conflict")
	if _, err := o.Ship(order.Shipment{Lines: units("A", 3)}, admin); err != nil {
		t.Fatal(err)
	}
	wish := order.Return{ID: id.Return{UUID: id.UUID{1}}, Lines: units("a", 2), Restock: true}
	if err := o.RequestReturn(wish, customer); err != nil {
		t.Fatal(err)
	}
	if r := o.Returns[0]; r.Status != order.ReturnRequested || r.Restock || r.Lines[0].SKU != "A" || o.Lines[0].Returned != 0 {
		t.Errorf("requested %+v", r)
	}
	for name, lines := range map[string][]order.ShipmentLine{
		"MoreThanIsOut": units("A", 2), "NotShipped": units("B", 1), "Unknown": units("X", 1), "None": nil, "NoUnits": units("A", -1),
	} {
		t.Run(name, func(t *testing.T) {
			mustBe(t, o.RequestReturn(order.Return{Lines: lines}, customer), fault.Invalid, "validation_failed")
		})
	}
	_, err := o.ReceiveReturn(order.Return{ID: id.Return{UUID: id.UUID{9}}}, false, admin)
	mustBe(t, err, fault.NotFound, "not_found")
	back, err := o.ReceiveReturn(order.Return{ID: wish.ID, Restock: true}, false, admin)
	if err != nil || len(back) != 1 || back[0].Quantity != 2 || o.Returns[0].Status != order.ReturnReceived || o.Lines[0].Returned != 2 {
		t.Fatalf("got %+v, %+v, %v", back, o.Returns, err)
	}
	_, err = o.ReceiveReturn(order.Return{ID: wish.ID}, false, admin)
	mustBe(t, err, fault.Conflict, "order_state_conflict")
	for _, again := range []order.Return{{ID: wish.ID, Restock: true}, {ID: wish.ID, Restock: true, Lines: units("a", 2)}} {
		if back, err := o.ReceiveReturn(again, false, admin); err != nil || len(back) != 0 || o.Lines[0].Returned != 2 {
			t.Errorf("told again: %+v, %v", back, err)
		}
	}
	_, err = o.ReceiveReturn(order.Return{ID: wish.ID, Restock: true, Lines: units("A", 1)}, false, admin)
	mustBe(t, err, fault.Conflict, "order_state_conflict")
	_, err = o.ReceiveReturn(order.Return{ID: id.Return{UUID: id.UUID{2}}, Lines: units("A", 2)}, true, admin)
	mustBe(t, err, fault.Invalid, "validation_failed")
	if back, err := o.ReceiveReturn(order.Return{ID: id.Return{UUID: id.UUID{2}}, Lines: units("A", 1)}, true, admin); err != nil || len(back) > 0 || o.Lines[0].Returned != 3 {
		t.Errorf("unfit to be sold again: %+v, %v", back, err)
	}
}

func mustBe(t *testing.T, err error, kind fault.Kind, code string) {
	t.Helper()
	if !fault.Is(err, kind) || fault.CodeOf(err) != code {
		t.Fatalf("got %v (%s), want %s %s", err, fault.CodeOf(err), kind, code)
	}
}
