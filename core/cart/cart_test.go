package cart_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/cart"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func open() cart.Cart {
	return cart.Cart{Status: cart.Open, Version: 1, ExpiresAt: noon.Add(time.Hour)}
}

// A cart is a list of quantities by SKU, ignoring case.
func TestCart_BehavesAsItsModel(t *testing.T) {
	t.Parallel()
	const most = 9
	rapid.Check(t, func(t *rapid.T) {
		c := open()
		model := map[string]int{}
		var order []string
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			sku := id.SKU(rapid.SampledFrom([]string{"A", "a", "B", "b", "C", "D-1", "d-1"}).Draw(t, "sku"))
			quantity := rapid.IntRange(-1, most+1).Draw(t, "quantity")
			price := money.New(rapid.Int64Range(0, 100).Draw(t, "price"), "EUR")
			version := c.Version
			err := c.Set(sku, quantity, most, price, noon)
			key := sku.Fold()
			_, there := model[key]
			switch {
			case quantity < 0:
				if fault.KindOf(err) != fault.Invalid {
					t.Fatalf("%d: %v", quantity, err)
				}
			case quantity > most:
				if e, ok := errors.AsType[*fault.Error](err); !ok || e.Code != "quantity_limit" || e.Data != (fault.Max{Max: most}) {
					t.Fatalf("%d: %v", quantity, err)
				}
			case err != nil:
				t.Fatal(err)
			case quantity == 0:
				delete(model, key)
				order = slices.DeleteFunc(order, func(k string) bool { return k == key })
			default:
				model[key] = quantity
				if !there {
					order = append(order, key)
				}
				if l := c.Line(sku); l == nil || l.AddedPrice != price {
					t.Fatalf("remembers %+v, not %s", l, price)
				}
			}
			if changed := err == nil && (quantity > 0 || there); changed != (c.Version == version+1) || !changed && c.Version != version {
				t.Fatalf("version went from %d to %d", version, c.Version)
			}
			var keys []string
			units := 0
			for _, l := range c.Lines {
				keys = append(keys, l.SKU.Fold())
				if model[l.SKU.Fold()] != l.Quantity {
					t.Fatalf("%s: %d, want %d", l.SKU, l.Quantity, model[l.SKU.Fold()])
				}
				units += l.Quantity
			}
			if !slices.Equal(keys, order) || units != c.ItemCount() {
				t.Fatalf("lines %v with %d units, want %v", keys, c.ItemCount(), order)
			}
		}
	})
}

func TestCart_Life(t *testing.T) {
	t.Parallel()
	mine, other := id.Order{UUID: id.UUID{1}}, id.Order{UUID: id.UUID{2}}
	filled := func(t *testing.T) cart.Cart {
		t.Helper()
		c := open()
		if err := c.Set("A", 1, 9, money.New(1, "EUR"), noon); err != nil {
			t.Fatal(err)
		}
		return c
	}
	set := func(c *cart.Cart, at time.Time) error { return c.Set("B", 1, 9, money.New(1, "EUR"), at) }

	t.Run("EmptyIsNotOrdered", func(t *testing.T) {
		t.Parallel()
		c := open()
		if err := c.BeginOrder(mine, noon); fault.CodeOf(err) != "validation_failed" {
			t.Errorf("got %v", err)
		}
	})
	t.Run("LockedWhileInPayment", func(t *testing.T) {
		t.Parallel()
		c := filled(t)
		if err := c.BeginOrder(mine, noon); err != nil {
			t.Fatal(err)
		}
		for _, err := range []error{set(&c, noon), c.BeginOrder(other, noon)} {
			if e, ok := errors.AsType[*fault.Error](err); !ok || e.Code != "cart_locked" || e.Data != (cart.InOrder{Order: mine}) {
				t.Errorf("got %v", err)
			}
		}
		locked := c
		c.EndOrder(other, noon)
		c.Reopen(other, time.Hour, noon)
		if c.Status != cart.Ordering || c.Version != locked.Version {
			t.Errorf("another order's end made it %s", c.Status)
		}
	})
	t.Run("ReopensForAWhile", func(t *testing.T) {
		t.Parallel()
		c := filled(t)
		if err := c.BeginOrder(mine, noon); err != nil {
			t.Fatal(err)
		}
		late := noon.Add(2 * time.Hour)
		c.Reopen(mine, time.Hour, late)
		if err := set(&c, late); err != nil || c.Status != cart.Open || !c.Order.IsZero() {
			t.Errorf("%s of %s: %v", c.Status, c.Order, err)
		}
	})
	t.Run("OrderedIsFinal", func(t *testing.T) {
		t.Parallel()
		c := filled(t)
		if err := c.BeginOrder(mine, noon); err != nil {
			t.Fatal(err)
		}
		c.EndOrder(mine, noon)
		c.Reopen(mine, time.Hour, noon)
		if err := set(&c, noon); fault.CodeOf(err) != "cart_already_ordered" {
			t.Errorf("got %v", err)
		}
	})
	t.Run("Expires", func(t *testing.T) {
		t.Parallel()
		c := filled(t)
		if err := set(&c, c.ExpiresAt); fault.KindOf(err) != fault.Gone || fault.CodeOf(err) != "cart_expired" {
			t.Errorf("got %v", err)
		}
	})
	t.Run("HasRoomForAHundredProducts", func(t *testing.T) {
		t.Parallel()
		c := open()
		for i := range cart.MaxLines {
			if err := c.Set(id.SKU("S"+strings.Repeat("x", i%50)+string(rune('0'+i/50))), 1, 9, money.New(1, "EUR"), noon); err != nil {
				t.Fatal(err)
			}
		}
		if err := set(&c, noon); fault.CodeOf(err) != "quantity_limit" {
			t.Errorf("got %v", err)
		}
	})
}

func TestCart_OwnedBy(t *testing.T) {
	t.Parallel()
	guests := cart.Cart{Token: account.HashToken("t")}
	ada := id.Customer{UUID: id.UUID{1}}
	hers := cart.Cart{Customer: ada}
	operators := cart.Cart{}
	for _, c := range []struct {
		name string
		cart cart.Cart
		by   account.Actor
		want bool
	}{
		{"a guest's token", guests, account.Guest("t"), true},
		{"another token", guests, account.Guest("u"), false},
		{"nobody", guests, account.Actor{}, false},
		{"a customer, a guest's", guests, account.Customer(ada), false},
		{"an operator, a guest's", guests, account.Key("k", account.Everything), false},
		{"the system", guests, account.System("s"), true},
		{"its customer", hers, account.Customer(ada), true},
		{"another customer", hers, account.Customer(id.Customer{UUID: id.UUID{2}}), false},
		{"nobody, a customer's", hers, account.Actor{}, false},
		{"a guest, a customer's", hers, account.Guest("t"), false},
		{"an operator, an operator's", operators, account.Key("k", account.OrderWrite), true},
		{"a key that may not", operators, account.Key("k", account.OrderRead), false},
		{"nobody, an operator's", operators, account.Actor{}, false},
		{"a guest, an operator's", operators, account.Guest("t"), false},
	} {
		if got := c.cart.OwnedBy(c.by); got != c.want {
			t.Errorf("%s: %t", c.name, got)
		}
	}
}
