package core

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/cart"
	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/inventory"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/ports"
)

// Carts fills baskets. A cart belongs to its customer, or to whoever shows its
// token; one opened by the system or by an API key with order.write has no token
// and belongs to all of those. A cart that is not the actor's is NotFound.
type Carts struct{ s *shared }

// OpenCart opens an empty cart.
type OpenCart struct {
	By account.Actor
}

// FindCart looks at a cart.
type FindCart struct {
	By    account.Actor
	Cart  id.Cart
	After ports.Mark // orders realm: what the cart and availability must include
}

// SetCartLine puts a quantity of a SKU into a cart, in place of what was there;
// 0 takes the line out.
type SetCartLine struct {
	By       account.Actor
	Cart     id.Cart
	Version  int64 // zero: whatever is there
	SKU      id.SKU
	Quantity int
}

// RemoveCartLine takes a SKU out of a cart.
type RemoveCartLine struct {
	By      account.Actor
	Cart    id.Cart
	Version int64 // zero: whatever is there
	SKU     id.SKU
}

// Open opens an empty cart. The answer's Token is told this once, to guests.
func (x *Carts) Open(ctx context.Context, c OpenCart) (CartView, error) {
	now := x.s.Now()
	k := cart.Cart{
		ID: id.Cart{UUID: x.s.ids.New()}, Customer: c.By.CustomerID(), Status: cart.Open, Currency: x.s.Currency,
		Lines: []cart.Line{}, Coupons: []string{}, Version: 1, ExpiresAt: now.Add(x.s.CartTTL), CreatedAt: now, UpdatedAt: now,
	}
	token := ""
	if k.Customer.IsZero() && !c.By.Can(account.OrderWrite) {
		token = x.s.token()
		k.Token = account.HashToken(token)
	}
	mark, err := x.s.Orders.Carts.Insert(ctx, k)
	if err != nil {
		return CartView{}, err
	}
	v, err := x.s.cartView(ctx, k, goods{}, mark)
	v.Token = token
	return v, err
}

// Find shows a cart at today's prices.
func (x *Carts) Find(ctx context.Context, c FindCart) (CartView, error) {
	read := x.s.Orders.Carts.Cart
	if views := x.s.Orders.Views; views != nil {
		read = func(ctx context.Context, k id.Cart) (cart.Cart, error) {
			return views.View(ctx, k, c.By.CustomerID(), c.After)
		}
	}
	k, err := owned(ctx, c.By, c.Cart, read)
	if err != nil {
		return CartView{}, err
	}
	g, err := x.s.goods(ctx, k.SKUs(), func(ctx context.Context, skus []id.SKU) (map[string]int, error) {
		return x.s.Orders.Stock.Availability(ctx, skus, c.After)
	})
	if err != nil {
		return CartView{}, err
	}
	return x.s.cartView(ctx, k, g, ports.Mark{})
}

// SetLine sets a line's quantity. NotFound for a SKU that is not sold, Invalid
// (quantity_limit) above the shop's cap, Exhausted (out_of_stock) for more than
// is available, Stale (version_conflict), and the errors of cart.Editable.
func (x *Carts) SetLine(ctx context.Context, c SetCartLine) (CartView, error) {
	return x.set(ctx, c, false)
}

// RemoveLine takes a line out; one that is not there is a success without
// effect. Errors as of SetLine.
func (x *Carts) RemoveLine(ctx context.Context, c RemoveCartLine) (CartView, error) {
	return x.set(ctx, SetCartLine{By: c.By, Cart: c.Cart, Version: c.Version, SKU: c.SKU}, true)
}

// set sets a line's quantity. removing says that a SKU nobody knows is no error.
func (x *Carts) set(ctx context.Context, c SetCartLine, removing bool) (CartView, error) {
	k, err := x.s.ownCart(ctx, c.By, c.Cart)
	if err != nil {
		return CartView{}, err
	}
	g, err := x.s.goods(ctx, append(k.SKUs(), c.SKU), x.s.available)
	if err != nil {
		return CartView{}, err
	}
	offer, known := g.offers[c.SKU.Fold()]
	inCart := k.Line(c.SKU) != nil
	if c.Quantity > 0 && !offer.Sold || c.Quantity == 0 && !known && !inCart && !removing {
		return CartView{}, fault.Missing("variant")
	}
	return x.change(ctx, c.Cart, c.Version, g, func(k *cart.Cart, now time.Time) error {
		k.Lines = slices.Clone(k.Lines)
		if err := k.Set(cmp.Or(offer.SKU, c.SKU), c.Quantity, x.s.MaxLineQuantity, offer.Price, now); err != nil {
			return err
		}
		if available := g.available[c.SKU.Fold()]; c.Quantity > available {
			return inventory.OutOfStock(inventory.Shortage{SKU: offer.SKU, Requested: c.Quantity, Available: available})
		}
		return nil
	})
}

// change changes a cart in the given version (0: any), of which the goods were
// read, and keeps it for another while.
func (x *Carts) change(ctx context.Context, c id.Cart, version int64, g goods, change func(*cart.Cart, time.Time) error) (CartView, error) {
	var k cart.Cart
	now := x.s.Now()
	mark, err := x.s.Orders.Carts.Update(ctx, c, func(stored *cart.Cart) error {
		if version != 0 && version != stored.Version {
			return fault.VersionConflict(stored.Version)
		}
		k = *stored
		if err := change(&k, now); err != nil {
			return err
		}
		k.Keep(x.s.CartTTL, now)
		*stored = k
		return nil
	})
	if err != nil {
		return CartView{}, err
	}
	if !g.cover(k) { // somebody else added a line meanwhile
		if g, err = x.s.goods(ctx, k.SKUs(), x.s.available); err != nil {
			return CartView{}, err
		}
	}
	return x.s.cartView(ctx, k, g, mark)
}

// expiredLife is how long a cart that expired can still be looked at.
const expiredLife = 7 * 24 * time.Hour

// DropExpired deletes up to limit carts that expired a week ago, and returns how
// many: whoever comes back sooner is told what happened. It is the sweeper's.
func (x *Carts) DropExpired(ctx context.Context, limit int) (int, error) {
	return x.s.Orders.Expired.DropExpiredCarts(ctx, x.s.Now().Add(-expiredLife), limit)
}

// ownCart reads a cart of the actor's; any other is NotFound.
func (s *shared) ownCart(ctx context.Context, by account.Actor, c id.Cart) (cart.Cart, error) {
	return owned(ctx, by, c, s.Orders.Carts.Cart)
}

func owned(ctx context.Context, by account.Actor, c id.Cart, read func(context.Context, id.Cart) (cart.Cart, error)) (cart.Cart, error) {
	if by.IsNobody() {
		return cart.Cart{}, fault.Missing("cart")
	}
	k, err := read(ctx, c)
	if err != nil {
		return cart.Cart{}, err
	}
	if !k.OwnedBy(by) {
		return cart.Cart{}, fault.Missing("cart")
	}
	return k, nil
}

// goods are SKUs at today's price and stock, by id.SKU.Fold.
type goods struct {
	asked     map[string]bool
	offers    map[string]catalog.Offer
	available map[string]int
}

// goods reads what SKUs cost and, by stock, how many there are.
func (s *shared) goods(ctx context.Context, skus []id.SKU, stock func(context.Context, []id.SKU) (map[string]int, error)) (goods, error) {
	g := goods{asked: make(map[string]bool, len(skus))}
	if len(skus) == 0 {
		return g, nil
	}
	for _, sku := range skus {
		g.asked[sku.Fold()] = true
	}
	var err error
	if g.offers, err = s.Catalog.Offers.Offers(ctx, skus); err != nil {
		return goods{}, err
	}
	g.available, err = stock(ctx, skus)
	return g, err
}

// available reads on the primary how many units of SKUs can be sold.
func (s *shared) available(ctx context.Context, skus []id.SKU) (map[string]int, error) {
	at, err := s.Orders.Marks.Position(ctx)
	if err != nil {
		return nil, err
	}
	return s.Orders.Stock.Availability(ctx, skus, at)
}

func (g goods) cover(k cart.Cart) bool {
	return !slices.ContainsFunc(k.Lines, func(l cart.Line) bool { return !g.asked[l.SKU.Fold()] })
}

// cartView shows a cart as it is now: one that nobody touched in time has
// expired, whether or not that was written down. Its subtotal is of what is still
// sold and stops at money.Max: a cart beyond that can be looked at, but not
// ordered.
func (s *shared) cartView(ctx context.Context, k cart.Cart, g goods, mark ports.Mark) (CartView, error) {
	v := CartView{Cart: k, Lines: make([]CartLine, len(k.Lines)), Subtotal: money.New(0, k.Currency), Discount: money.New(0, k.Currency), Mark: mark}
	if k.Over(s.Now()) {
		v.Status = cart.Expired
	}
	atMost := func(a money.Amount, err error) money.Amount {
		if err != nil {
			return money.New(money.Max, k.Currency)
		}
		return a
	}
	for i, l := range k.Lines {
		line := CartLine{Line: l, Offer: g.offers[l.SKU.Fold()]}
		price := line.Offer.Price
		if line.Offer.SKU == "" {
			line.Offer.SKU, price = l.SKU, l.AddedPrice
		}
		line.Subtotal = atMost(price.Times(int64(l.Quantity)))
		if line.Offer.Sold {
			line.Available = g.available[l.SKU.Fold()]
			line.MaxQuantity = min(line.Available, s.MaxLineQuantity)
			v.Subtotal = atMost(v.Subtotal.Add(line.Subtotal))
		}
		switch {
		case k.Status != cart.Open: // its own order holds what seems to be missing
		case !line.Offer.Sold:
			line.Problem = LineUnavailable
		case line.Available < l.Quantity:
			line.Problem = InsufficientStock
		case line.Offer.Price != l.AddedPrice:
			line.Problem = PriceChanged
		}
		v.Lines[i] = line
	}
	return v, s.discount(ctx, &v, k, g)
}

// discount shows what is off a cart before it is sent anywhere, and which of its
// coupons count. A cart that an order is made of shows neither: the order does.
func (s *shared) discount(ctx context.Context, v *CartView, k cart.Cart, g goods) error {
	v.Coupons = make([]CartCoupon, len(k.Coupons))
	for i, code := range k.Coupons {
		v.Coupons[i].Code = code
	}
	if v.Status != cart.Open || len(k.Lines)+len(k.Coupons) == 0 {
		return nil
	}
	book, err := s.prices(ctx, shownAge)
	if err != nil {
		return err
	}
	bill, problems, err := s.bill(ctx, book, k, g.offers)
	if fault.Is(err, fault.Invalid) { // more than money.Max: nothing can be said
		return nil
	}
	if err != nil {
		return err
	}
	v.Discount = bill.Discount()
	for i, code := range k.Coupons {
		v.Coupons[i].Problem = problems[code]
	}
	return nil
}
