package sqlite

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core/cart"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
)

func TestBaskets(t *testing.T) {
	t.Parallel()
	named := func(n int) id.Cart { return id.Cart{UUID: id.UUID{byte(n >> 16), byte(n >> 8), byte(n), 1}} }
	holding := func(n int, sku id.SKU) cart.Cart {
		return cart.Cart{ID: named(n), Lines: []cart.Line{{SKU: sku, Quantity: 1}}, Coupons: []string{}}
	}

	t.Run("TheLastChangeCounts", func(t *testing.T) {
		t.Parallel()
		var b baskets
		if _, known := b.find(named(1)); known {
			t.Error("a cart that nobody changed is known")
		}
		b.put(holding(1, "TEE"))
		for n := range maxBaskets { // the first grows old
			b.put(holding(n+2, "HAT"))
		}
		b.put(holding(1, "MUG"))
		if k, known := b.find(named(1)); !known || k.Lines[0].SKU != "MUG" {
			t.Errorf("it holds %v, %v", k.Lines, known)
		}
		b.forget(named(1))
		if k, known := b.find(named(1)); known {
			t.Errorf("a forgotten cart holds %v", k.Lines)
		}
		b.clear()
		if _, known := b.find(named(2)); known {
			t.Error("a cart is left")
		}
	})
	t.Run("NobodySeesTheOthersChanges", func(t *testing.T) {
		t.Parallel()
		var b baskets
		b.put(holding(1, "TEE"))
		first, _ := b.find(named(1))
		first.Lines[0].Quantity = 5
		if second, _ := b.find(named(1)); second.Lines[0].Quantity != 1 {
			t.Errorf("%d in the cart", second.Lines[0].Quantity)
		}
	})
	t.Run("IsBounded", func(t *testing.T) {
		t.Parallel()
		var b baskets
		for n := range 5 * maxBaskets {
			b.put(holding(n, "TEE"))
			b.put(holding(n, "MUG"))
		}
		if n := len(b.young) + len(b.old); n > 2*maxBaskets || n < maxBaskets {
			t.Errorf("%d are kept", n)
		}
	})
}

func TestCarts_KeptIsWhatIsStored(t *testing.T) {
	t.Parallel()
	db := openNotes(t)
	store := db.Orders()
	at := time.Date(2026, 11, 1, 12, 0, 0, 1234, time.FixedZone("here", 3600))
	c := cart.Cart{ID: id.Cart{UUID: id.UUID{7}}, Status: cart.Open, Currency: "EUR", Version: 1, ExpiresAt: at.Add(time.Hour), CreatedAt: at, UpdatedAt: at}
	agree := func(when string) {
		t.Helper()
		kept, errKept := store.Carts.Cart(t.Context(), c.ID)
		db.derived.carts.clear()
		read, errRead := store.Carts.Cart(t.Context(), c.ID)
		if !reflect.DeepEqual(kept, read) || fault.KindOf(errKept) != fault.KindOf(errRead) {
			t.Errorf("%s it is kept as %+v, %v, and stored as %+v, %v", when, kept, errKept, read, errRead)
		}
	}
	if _, err := store.Carts.Insert(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	agree("opened")
	fill := func(fail error) error {
		_, err := store.Carts.Update(t.Context(), c.ID, func(k *cart.Cart) error {
			k.Lines = append(k.Lines, cart.Line{SKU: "TEE", Quantity: 2})
			k.Version++
			k.UpdatedAt = at.Add(time.Minute)
			return fail
		})
		return err
	}
	if err := fill(nil); err != nil {
		t.Fatal(err)
	}
	agree("filled")
	if err := fill(errors.New("no")); err == nil {
		t.Fatal("a change that failed was stored")
	}
	agree("left alone")
	if err := fill(nil); err != nil { // it is kept again
		t.Fatal(err)
	}
	if n, err := store.Expired.DropExpiredCarts(t.Context(), at.Add(24*time.Hour), 10); n != 1 || err != nil {
		t.Fatalf("dropped %d, %v", n, err)
	}
	agree("dropped")
}
