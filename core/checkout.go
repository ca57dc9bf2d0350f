package core

import (
	"context"

	"github.com/bodega-commerce/bodega/core/account"
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
// an address without a country (at shipping_address), shipping_unavailable or
// amount_exceeds; Exhausted (out_of_stock) naming lines that are not sold any
// more; the errors of cart.Editable.
func (x *Checkout) Quote(ctx context.Context, c QuoteCheckout) (pricing.Quote, error) {
	return pricing.Quote{}, notYet()
}

// Place orders a cart: it takes the stock, asks the provider for the money and
// confirms the order, or leaves it in pending_payment when the shopper or the
// provider still has something to do. It survives its caller: once the stock is
// taken, a cancelled context stops nothing.
//
// Final errors, which end the key: Declined (payment_declined, Data
// payment.Declined), Exhausted (out_of_stock), Conflict (price_changed, Data
// Requote; cart_already_ordered). Others leave the key free for another
// try: Invalid (what Quote refuses, wrong members), Invalid
// (idempotency_key_reused), Malformed (idempotency_key_missing, _invalid),
// Conflict (cart_locked; idempotency_in_progress), Gone (cart_expired),
// Unavailable (payment_unavailable: the same key goes on with the same order).
func (x *Checkout) Place(ctx context.Context, c PlaceOrder) (Placed, error) {
	return Placed{}, notYet()
}

// Expire ends up to limit checkouts that nobody finished in time: it asks the
// provider, and only when that has no money cancels the order, frees the stock
// and opens the cart again. It returns how many it looked at. It is the
// sweeper's and may run many times side by side.
func (x *Checkout) Expire(ctx context.Context, limit int) (int, error) {
	return 0, notYet()
}
