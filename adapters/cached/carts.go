package cached

import (
	"context"
	"slices"
	"time"

	"github.com/bodega-commerce/bodega/core/cart"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/ports"
)

func oneCart(c id.Cart) string { return "gen:cart:" + c.String() }

// cartLife slides: whoever looks at a cart after five minutes has it read again.
var cartLife = life{5 * time.Minute, 15 * time.Minute}

// carts shows carts from the cache. Every change makes what is shown stale
// before its answer is sent; it does not put itself there instead, because of
// two changes at once nobody could tell which is the later.
type carts struct {
	ports.Carts
	s     *shelf
	told  invalidator
	codec codec[cart.Cart]
}

func (c *carts) View(ctx context.Context, k id.Cart, of id.Customer, after ports.Mark) (cart.Cart, error) {
	key := "cart:" + of.String()
	if of.IsZero() {
		key = "cart:" + k.String()
	}
	shown, err := read(ctx, c.s, query[cart.Cart]{
		key: key, life: cartLife,
		basis:       func() []string { return []string{oneCart(k)} },
		load:        func(ctx context.Context, _ ports.Mark) (cart.Cart, error) { return c.Cart(ctx, k) },
		generations: func(shown cart.Cart) []string { return []string{oneCart(shown.ID)} },
		fits:        func(shown cart.Cart) bool { return shown.ID == k }, // a customer may have had another
		codec:       c.codec,
	}, after)
	shown.Lines, shown.Coupons = slices.Clone(shown.Lines), slices.Clone(shown.Coupons)
	return shown, err
}

func (c *carts) Update(ctx context.Context, k id.Cart, fn func(*cart.Cart) error) (ports.Mark, error) {
	mark, err := c.Carts.Update(ctx, k, fn)
	if err == nil || fault.Is(err, fault.Unknown) {
		c.told.raise(ctx, mark, oneCart(k))
	}
	return mark, err
}

// cartWriter notes which carts are changed.
type cartWriter struct {
	ports.CartWriter
	names *[]string
}

func (w cartWriter) SaveCart(ctx context.Context, c cart.Cart) error {
	*w.names = append(*w.names, oneCart(c.ID))
	return w.CartWriter.SaveCart(ctx, c)
}
