package core

import (
	"context"
	"slices"
	"time"

	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/cart"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/order"
	"github.com/bodega-commerce/bodega/core/payment"
	"github.com/bodega-commerce/bodega/core/pricing"
	"github.com/bodega-commerce/bodega/ports"
)

const (
	// settleTime is what storing has, beside the provider's own time, once the
	// caller's patience no longer counts.
	settleTime = 10 * time.Second
	// beginAttempts bounds how often a cart may change under its own checkout.
	beginAttempts = 3
)

// carryOn does what a checkout's key stands for, from where its last holder got
// to; begun is zero if that was nowhere.
func (x *Checkout) carryOn(ctx context.Context, c PlaceOrder, k ports.KeyRef, begun id.Order, basket cart.Cart) (Placed, error) {
	var d dossier
	var err error
	if begun.IsZero() {
		d, err = x.begin(ctx, c, k, basket)
	} else {
		d, err = x.s.dossier(ctx, begun)
	}
	if err != nil {
		return Placed{}, err
	}
	// The stock is taken: from here on the checkout belongs to the shop.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), x.s.ProviderTimeout+settleTime)
	defer cancel()
	var mark ports.Mark
	if d.order.Status == order.PendingPayment {
		news, err := x.authorize(ctx, c.Pay, d, !begun.IsZero())
		if err != nil {
			return Placed{}, err
		}
		after, reached, err := x.s.learn(ctx, account.RoleCustomer, d, news, true)
		if fault.Is(err, fault.Unknown) { // learning it again is harmless, and tells whether it was learned
			after, reached, err = x.s.learn(ctx, account.RoleCustomer, d, news, true)
		}
		if err != nil {
			return Placed{}, err
		}
		d, mark = after, reached
	}
	switch {
	case d.outcome == nil: // somebody else ended it, and stored how
		claimed, err := x.s.claim(ctx, k, c.fingerprint())
		if err != nil {
			return Placed{}, err
		}
		return x.s.replay(claimed)
	case d.order.Dead():
		return Placed{Final: true}, declined(d)
	default:
		return Placed{OrderView: x.s.view(d, mark), Final: true}, nil
	}
}

// begin stores the order of a cart at the price that was shown, with its
// payment, and takes the stock, all in one transaction.
func (x *Checkout) begin(ctx context.Context, c PlaceOrder, k ports.KeyRef, basket cart.Cart) (dossier, error) {
	age := placedAge
	for range beginAttempts {
		q, err := x.s.quote(ctx, basket, c.ShipTo, c.ShippingMethod, age)
		if age > 0 && (err != nil || q.Total != c.Expect) { // perhaps by rules that are not in force any more
			age = 0
			q, err = x.s.quote(ctx, basket, c.ShipTo, c.ShippingMethod, age)
		}
		if err != nil {
			return dossier{}, err
		}
		if q.Total != c.Expect {
			return dossier{}, &fault.Error{Kind: fault.Conflict, Code: "price_changed", Detail: "the total is not the one that was shown", Data: Requote{q.Quote}}
		}
		t := x.s.turn(ctx, c.By.Role())
		d := x.draft(t, c, basket, q)
		_, err = x.s.Orders.Tx.InTx(ctx, func(ctx context.Context, tx ports.OrderTx) error {
			if x.s.Orders.Prices != nil {
				if err := tx.Prices.RequirePriceRules(ctx, q.rules); err != nil {
					return err
				}
			}
			return d.open(ctx, tx, k, basket, shelvesOf(q.offers), t)
		})
		if fault.Is(err, fault.Unknown) {
			err = x.s.happened(ctx, d.order.ID, err)
		}
		switch {
		case err == nil:
			return d, nil
		case fault.Is(err, fault.Stale): // the cart or the price rules were changed meanwhile
			age = 0
			if basket, err = x.s.ownCart(ctx, c.By, c.Cart); err != nil {
				return dossier{}, err
			}
		case fault.Is(err, fault.NotFound): // the cart, or the key: this took so long that its next holder has released it
			if basket, err = x.s.ownCart(ctx, c.By, c.Cart); err == nil {
				err = inProgress()
			}
			return dossier{}, err
		case fault.Is(err, fault.Exists): // the number is taken, one in a trillion: draw another
		default:
			return dossier{}, err
		}
	}
	return dossier{}, fault.New(fault.Unavailable, "unavailable", "the cart or its prices keep changing")
}

// happened looks whether an order is there whose commit has an unknown outcome:
// nil if it is. If it is not, it may yet come, and the outcome stays unknown.
func (s *shared) happened(ctx context.Context, o id.Order, unknown error) error {
	if _, err := s.Orders.Orders.Order(ctx, o); err != nil {
		return unknown
	}
	return nil
}

// draft makes an order of a cart, and its payment if there is something to pay.
func (x *Checkout) draft(t *turn, c PlaceOrder, basket cart.Cart, q quoted) dossier {
	o := order.Order{
		ID: id.Order{UUID: t.id("order")}, Number: order.NewNumber(x.s.Rand), Cart: basket.ID, Customer: basket.Customer, Email: c.Email,
		Status: order.PendingPayment, Currency: x.s.Currency, Totals: q.Totals, ShipTo: c.ShipTo, BillTo: c.BillTo, ShippingMethod: q.Selected(),
		Shipments: []order.Shipment{}, Refunds: []order.Refund{}, Returns: []order.Return{},
		Test: slices.Contains(x.s.TestProviders, c.Pay.Provider), CreatedAt: t.now,
	}
	for _, l := range q.Lines {
		offer := q.offers[l.SKU.Fold()]
		o.Lines = append(o.Lines, order.Line{
			SKU: l.SKU, Product: offer.Product, ProductSlug: offer.ProductSlug, Name: offer.Title, Options: offer.Options, Image: offer.Image,
			Quantity: l.Quantity, UnitPrice: l.UnitPrice, Subtotal: l.Subtotal, Discount: l.Discount, Tax: l.Tax, Total: l.Total,
		})
	}
	o.Record("order.placed", t.step(""))
	d := dossier{order: o}
	if !q.Total.IsZero() {
		d.payment = payment.New(id.Payment{UUID: t.id("payment")}, o.ID, c.Pay.Provider, q.Total, t.now)
		d.payment.CheckAt(t.now.Add(keyLease)) // should everybody else forget
	}
	return d
}

// open stores a drafted order: cart, order, payment, key, coupons, and last the
// stock.
func (d *dossier) open(ctx context.Context, tx ports.OrderTx, k ports.KeyRef, read cart.Cart, where shelves, t *turn) error {
	basket := read
	if err := basket.BeginOrder(d.order.ID, t.now); err != nil {
		return err
	}
	d.cart, d.fresh = basket, true
	if err := tx.Carts.TakeCart(ctx, basket, read.Version); err != nil {
		return err
	}
	if err := tx.Orders.InsertOrder(ctx, d.order); err != nil {
		return err
	}
	if !d.payment.ID.IsZero() {
		if err := tx.Payments.InsertPayment(ctx, d.payment); err != nil {
			return err
		}
	}
	if err := tx.Keys.Attach(ctx, k, d.order.ID); err != nil {
		return err
	}
	if codes := d.order.Coupons(); len(codes) > 0 {
		if err := tx.Coupons.Redeem(ctx, pricing.Redemption{Order: d.order.ID, Email: d.order.Email, Codes: codes}); err != nil {
			return err
		}
	}
	if news := t.tellOrder(d, 0); len(news) > 0 {
		if err := tx.Jobs.Add(ctx, news...); err != nil {
			return err
		}
	}
	changes, err := tx.Stock.Reserve(ctx, reservation(d.order, t.now, t.s.ReservationTTL))
	if err != nil {
		return err
	}
	return where.index(ctx, tx.Jobs, changes, t)
}

// authorize asks the provider for the money of a pending order. again says that
// it may have been asked before: then it is looked up first. An answer that does
// not come is a payment that is processing.
func (x *Checkout) authorize(ctx context.Context, pay Pay, d dossier, again bool) (payment.State, error) {
	if d.payment.ID.IsZero() {
		return payment.State{}, nil
	}
	if again {
		if state, err := x.s.lookup(ctx, d); !fault.Is(err, fault.NotFound) {
			return state, err
		}
	}
	state, err := x.s.ask(ctx, d.payment.Provider, func(ctx context.Context, provider ports.PaymentProvider) (payment.State, error) {
		return provider.Authorize(ctx, payment.Request{
			Ref: d.ref(), Token: pay.Token, ReturnURL: pay.ReturnURL, Email: d.order.Email,
		})
	})
	if err != nil && !fault.Is(err, fault.Unavailable) {
		return payment.State{Status: payment.Processing}, nil
	}
	return state, err
}
