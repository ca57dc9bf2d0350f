package core

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"

	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/core/order"
	"github.com/bodega-commerce/bodega/core/pricing"
	"github.com/bodega-commerce/bodega/ports"
)

// Checkout turns a cart into an order, once.
type Checkout struct{ s *shared }

// QuoteCheckout asks what a cart costs, sent somewhere.
type QuoteCheckout struct {
	By             account.Actor
	Cart           id.Cart
	ShipTo         order.Address // only the country is needed
	ShippingMethod string        // "": the cheapest
}

// PlaceOrder orders a cart. Key makes it happen once: the same key with the
// same command answers what was answered before.
type PlaceOrder struct {
	By             account.Actor
	Key            string // 1 to 255 printable ASCII
	Cart           id.Cart
	Email          string
	ShipTo         order.Address
	BillTo         order.Address // zero: as ShipTo
	ShippingMethod string        // "": the cheapest
	Expect         money.Amount  // the total that was shown
	Pay            Pay           // zero when the total is nought
}

// Pay is how a shopper wants to pay.
type Pay struct {
	Provider  string
	Token     string // what the provider's hosted fields returned; never card data
	ReturnURL string // where a redirect comes back to
}

// Placed is a placed order. With an error, only Final, Replayed and Answer are
// set.
type Placed struct {
	OrderView
	// Final says that the outcome, order or error, is stored under the key: the
	// rendered answer is to be stored by Keys.Remember before it is sent.
	Final bool
	// Replayed says that the outcome was stored by an earlier call.
	Replayed bool
	// Answer is what the earlier call sent; nil when none was stored.
	Answer *ports.Answer
}

// Requote is the Data of price_changed: what the cart costs now.
type Requote struct {
	Quote pricing.Quote `json:"quote"`
}

// Quote computes what a cart costs now. Invalid for an empty cart (at cart_id),
// an address without a country (at ship_to.country), shipping_unavailable or
// amount_exceeds; Exhausted (out_of_stock) naming lines that are not sold any
// more; the errors of cart.Editable.
func (x *Checkout) Quote(ctx context.Context, c QuoteCheckout) (pricing.Quote, error) {
	k, err := x.s.ownCart(ctx, c.By, c.Cart)
	if err != nil {
		return pricing.Quote{}, err
	}
	q, err := x.s.quote(ctx, k, c.ShipTo, c.ShippingMethod, shownAge)
	return q.Quote, err
}

// Place orders a cart: it takes the stock, asks the provider for the money and
// confirms the order, or leaves it in pending_payment when the shopper or the
// provider still has something to do. It survives its caller: once the stock is
// taken, a cancelled context stops nothing.
//
// Final errors, which end the key: Declined (payment_declined, Data
// payment.Declined), Exhausted (out_of_stock), Conflict (price_changed, Data
// Requote; cart_already_ordered), Exhausted (coupon_exhausted). Others leave the key free for another try:
// Invalid (what Quote refuses, wrong members), Invalid (idempotency_key_reused),
// Malformed (idempotency_key_missing, idempotency_key_invalid), Conflict
// (cart_locked, idempotency_in_progress), Gone (cart_expired), Unavailable
// (payment_unavailable: the same key goes on with the same order).
func (x *Checkout) Place(ctx context.Context, c PlaceOrder) (Placed, error) {
	placed, err := x.place(ctx, c)
	x.s.Placed(ctx, ended(placed, err))
	return placed, err
}

// ended names how a checkout ended, for whoever counts: a word of few.
func ended(placed Placed, err error) string {
	switch {
	case placed.Replayed:
		return "replayed"
	case err != nil:
		return cmp.Or(fault.CodeOf(err), fault.KindOf(err).String())
	default:
		return string(placed.Order.Status)
	}
}

func (x *Checkout) place(ctx context.Context, c PlaceOrder) (Placed, error) {
	if err := x.s.alone(); err != nil {
		return Placed{}, err
	}
	k, err := keyOf(c.By, OperationCheckout, c.Key)
	if err != nil {
		return Placed{}, err
	}
	// What can be refused without the key is, so that a corrected command may use
	// the same one, and strangers leave none behind.
	if err := x.complete(&c); err != nil {
		return Placed{}, err
	}
	claimed, err := x.s.claimWithCart(ctx, c.By, k, c.fingerprint(), c.Cart)
	if err != nil {
		return Placed{}, err
	}
	if claimed.State == ports.ClaimFinished {
		return x.s.replay(claimed)
	}
	placed, err := x.carryOn(ctx, c, k, claimed.Order, claimed.Cart)
	switch {
	case err == nil || placed.Final:
	case final(err):
		return x.refuse(context.WithoutCancel(ctx), k, err)
	case fault.CodeOf(err) == fault.CodeOf(inProgress()): // the key is another's
	case !fault.Is(err, fault.Unknown): // it may be under way: the lease decides when to look again
		// Failing to free the key costs the next try the rest of the lease.
		_ = x.s.Orders.Keys.Release(context.WithoutCancel(ctx), k)
	}
	return placed, err
}

// complete fills in what follows from the rest of a command, and answers Invalid
// naming every member that is missing or wrong.
func (x *Checkout) complete(c *PlaceOrder) error {
	var f fault.Fields
	email, err := order.ParseEmail(c.Email)
	c.Email = email
	f.Join("", err)
	f.Join("ship_to", c.ShipTo.Validate())
	if c.BillTo == (order.Address{}) {
		c.BillTo = c.ShipTo
	} else {
		f.Join("bill_to", c.BillTo.Validate())
	}
	if c.Expect.IsNone() {
		f.Add("expect", "required", "is required")
	}
	switch _, known := x.s.Payments[c.Pay.Provider]; {
	case c.Expect.IsZero():
	case c.Pay == Pay{}:
		f.Add("pay", "required", "is required")
	case !known:
		f.Add("pay.provider", "enum", "is not one of the shop's payment providers")
	case c.Pay.Token == "":
		f.Add("pay.token", "required", "is required")
	}
	if err := f.Err(); err != nil {
		return err
	}
	if c.Expect.Currency() != x.s.Currency {
		return fault.New(fault.Invalid, "currency_mismatch", "the shop sells in "+string(x.s.Currency))
	}
	return x.s.reaches(c.ShipTo.Country)
}

// fingerprint tells requests under one key apart: everything but the key and
// who is asking, who is part of the key.
func (c PlaceOrder) fingerprint() [32]byte {
	raw, err := json.Marshal(struct {
		Cart           id.Cart
		Email          string
		ShipTo, BillTo order.Address
		Method         string
		Expect         money.Amount
		Pay            Pay
	}{c.Cart, c.Email, c.ShipTo, c.BillTo, c.ShippingMethod, c.Expect, c.Pay})
	if err != nil {
		panic("core: fingerprint: " + err.Error()) // these types always marshal
	}
	return sha256.Sum256(raw)
}

// refuse ends a key with a final error.
func (x *Checkout) refuse(ctx context.Context, k ports.KeyRef, refusal error) (Placed, error) {
	raw := freezeError(refusal)
	if _, err := x.s.Orders.Tx.InTx(ctx, func(ctx context.Context, tx ports.OrderTx) error {
		return tx.Keys.Settle(ctx, k, id.Order{}, raw)
	}); err != nil {
		return Placed{}, err
	}
	return Placed{Final: true}, refusal
}
