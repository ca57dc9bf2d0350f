package core_test

import (
	"testing"

	"github.com/bodega-commerce/bodega/adapters/sandbox"
	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/ports"
)

// What is owned does not exist for nobody, for strangers, and under ids that
// were never given.
func TestTill_OwnedThingsAreNotFound(t *testing.T) {
	t.Parallel()
	w := openTill(t)
	w.sell("TEE", 1500, 9)
	basket := w.enter(want{"TEE", 1})
	command := basket.command("k", sandbox.TokenOK)
	placed := w.enter(want{"TEE", 1}).buy()
	verbs := map[string]func(by account.Actor, c id.Cart, o id.Order) error{
		"Carts.Find": func(by account.Actor, c id.Cart, _ id.Order) error {
			_, err := w.shop.Carts.Find(t.Context(), core.FindCart{By: by, Cart: c})
			return err
		},
		"Carts.SetLine": func(by account.Actor, c id.Cart, _ id.Order) error {
			_, err := w.shop.Carts.SetLine(t.Context(), core.SetCartLine{By: by, Cart: c, SKU: "TEE", Quantity: 2})
			return err
		},
		"Carts.RemoveLine": func(by account.Actor, c id.Cart, _ id.Order) error {
			_, err := w.shop.Carts.RemoveLine(t.Context(), core.RemoveCartLine{By: by, Cart: c, SKU: "TEE"})
			return err
		},
		"Carts.ApplyCoupon": func(by account.Actor, c id.Cart, _ id.Order) error {
			_, err := w.shop.Carts.ApplyCoupon(t.Context(), core.ApplyCoupon{By: by, Cart: c, Code: "TEN"})
			return err
		},
		"Carts.RemoveCoupon": func(by account.Actor, c id.Cart, _ id.Order) error {
			_, err := w.shop.Carts.RemoveCoupon(t.Context(), core.RemoveCoupon{By: by, Cart: c, Code: "TEN"})
			return err
		},
		"Checkout.Quote": func(by account.Actor, c id.Cart, _ id.Order) error {
			_, err := w.shop.Checkout.Quote(t.Context(), core.QuoteCheckout{By: by, Cart: c, ShipTo: berlin})
			return err
		},
		"Checkout.Place": func(by account.Actor, c id.Cart, _ id.Order) error {
			stolen := command
			stolen.By, stolen.Cart = by, c
			_, err := w.shop.Checkout.Place(t.Context(), stolen)
			return err
		},
		"Payments.Refresh": func(by account.Actor, _ id.Cart, o id.Order) error {
			_, err := w.shop.Payments.Refresh(t.Context(), core.RefreshPayment{By: by, Order: o})
			return err
		},
		"Orders.Find": func(by account.Actor, _ id.Cart, o id.Order) error {
			_, err := w.shop.Orders.Find(t.Context(), core.FindOrder{By: by, Order: o})
			return err
		},
		"Orders.FindByNumber": func(by account.Actor, _ id.Cart, o id.Order) error {
			number := placed.Number
			if o != placed.ID {
				number = "0000-0000-0"
			}
			_, err := w.shop.Orders.FindByNumber(t.Context(), core.FindOrderByNumber{By: by, Number: number})
			return err
		},
		"Orders.Cancel": func(by account.Actor, _ id.Cart, o id.Order) error {
			_, err := w.shop.Orders.Cancel(t.Context(), core.CancelOrder{By: by, Order: o})
			return err
		},
	}
	nowhere, never := id.Cart{UUID: w.ids.New()}, id.Order{UUID: w.ids.New()}
	for name, verb := range verbs {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for who, by := range map[string]account.Actor{
				"nobody": {}, "a stranger": account.Guest("stranger"), "a customer": account.Customer(id.Customer{UUID: w.ids.New()}),
				"a key that may not": account.Key("k", account.CatalogWrite),
			} {
				if err := verb(by, basket.cart, placed.ID); !fault.Is(err, fault.NotFound) || fault.CodeOf(err) != "not_found" {
					t.Errorf("%s: %v", who, err)
				}
			}
			if err := verb(shopkeeper, nowhere, never); !fault.Is(err, fault.NotFound) {
				t.Errorf("what was never there: %v", err)
			}
		})
	}
	t.Run("Keys", func(t *testing.T) {
		t.Parallel()
		_, claimed := w.shop.Keys.Claim(t.Context(), core.ClaimKey{Operation: "x", Key: "k"})
		_, remembered := w.shop.Keys.Remember(t.Context(), core.RememberAnswer{Operation: "x", Key: "k", Answer: ports.Answer{}})
		released := w.shop.Keys.Release(t.Context(), core.ReleaseKey{Operation: "x", Key: "k"})
		for _, err := range []error{claimed, remembered, released} {
			if !fault.Is(err, fault.NotFound) {
				t.Errorf("got %v", err)
			}
		}
	})
}

// An operator's verb tells nobody to sign in, and everybody else that they may not.
func TestTill_OperatorsVerbsNeedPermission(t *testing.T) {
	t.Parallel()
	w := openTill(t)
	w.sell("TEE", 1500, 9)
	placed := w.enter(want{"TEE", 1}).buy()
	o, p := placed.ID, placed.Payment.ID
	for name, verb := range map[string]func(by account.Actor) error{
		"Orders.Browse": func(by account.Actor) error {
			_, err := w.shop.Orders.Browse(t.Context(), core.BrowseOrders{By: by})
			return err
		},
		"Orders.Fulfill": func(by account.Actor) error {
			_, err := w.shop.Orders.Fulfill(t.Context(), core.FulfillOrder{By: by, Order: o})
			return err
		},
		"Orders.Ship": func(by account.Actor) error {
			_, err := w.shop.Orders.Ship(t.Context(), core.ShipOrder{By: by, Order: o})
			return err
		},
		"Orders.Deliver": func(by account.Actor) error {
			_, err := w.shop.Orders.Deliver(t.Context(), core.DeliverOrder{By: by, Order: o})
			return err
		},
		"Orders.AddNote": func(by account.Actor) error {
			_, err := w.shop.Orders.AddNote(t.Context(), core.AddNote{By: by, Order: o, Text: "x"})
			return err
		},
		"Orders.ResendConfirmation": func(by account.Actor) error {
			return w.shop.Orders.ResendConfirmation(t.Context(), core.ResendConfirmation{By: by, Order: o})
		},
		"Payments.Capture": func(by account.Actor) error {
			_, err := w.shop.Payments.Capture(t.Context(), core.CapturePayment{By: by, Payment: p})
			return err
		},
		"Payments.Void": func(by account.Actor) error {
			_, err := w.shop.Payments.Void(t.Context(), core.VoidPayment{By: by, Payment: p})
			return err
		},
		"Payments.Settle": func(by account.Actor) error {
			_, err := w.shop.Payments.Settle(t.Context(), core.SettlePayment{By: by, Payment: p})
			return err
		},
		"Payments.InDoubt": func(by account.Actor) error {
			_, err := w.shop.Payments.InDoubt(t.Context(), core.ListInDoubt{By: by})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mustFail[any](t, verb(account.Actor{}), fault.Unauthenticated, "unauthenticated")
			mustFail[any](t, verb(account.Guest(placed.Token)), fault.Denied, "permission_denied")
			mustFail[any](t, verb(account.Key("k", account.CatalogWrite)), fault.Denied, "permission_denied")
		})
	}
}
