package core_test

import (
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/cart"
	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/inventory"
	"github.com/bodega-commerce/bodega/core/money"
)

func TestCarts_Open(t *testing.T) {
	t.Parallel()
	w := openTill(t)
	ada := id.Customer{UUID: w.ids.New()}
	for name, c := range map[string]struct {
		by      account.Actor
		token   bool
		finders map[string]account.Actor
	}{
		"Nobody":   {account.Actor{}, true, nil},
		"Guest":    {account.Guest("another cart's"), true, nil},
		"Customer": {account.Customer(ada), false, map[string]account.Actor{"herself": account.Customer(ada)}},
		"System":   {account.System("s"), false, map[string]account.Actor{"an operator": account.Key("k", account.Everything)}},
		"Operator": {account.Key("k", account.OrderWrite), false, map[string]account.Actor{"another": account.Key("l", account.OrderWrite)}},
		"Weak key": {account.Key("k", account.CatalogRead), true, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v, err := w.shop.Carts.Open(t.Context(), core.OpenCart{By: c.by})
			if err != nil {
				t.Fatal(err)
			}
			if (v.Token != "") != c.token || v.Status != cart.Open || v.Currency != "EUR" || v.Lines == nil || v.Version != 1 || v.Mark.IsZero() {
				t.Errorf("got %+v", v)
			}
			finders := c.finders
			if c.token {
				finders = map[string]account.Actor{"who has the token": account.Guest(v.Token)}
			}
			for who, by := range finders {
				if found, err := w.shop.Carts.Find(t.Context(), core.FindCart{By: by, Cart: v.ID}); err != nil || found.Token != "" {
					t.Errorf("%s: %+v, %v", who, found, err)
				}
			}
			for _, by := range []account.Actor{{}, account.Guest("wrong"), account.Customer(id.Customer{UUID: w.ids.New()}), account.Key("r", account.OrderRead)} {
				_, err := w.shop.Carts.Find(t.Context(), core.FindCart{By: by, Cart: v.ID})
				mustFail[fault.Resource](t, err, fault.NotFound, "not_found")
			}
		})
	}
}

func TestCarts_SetLine(t *testing.T) {
	t.Parallel()
	w := openTill(t, func(o *core.Options) { o.MaxLineQuantity = 8 })
	w.sell("TEE", 1500, 5)
	w.sell("CUP", 800, 100)
	draft := w.sell("DRAFT", 100, 5)
	draft.Status = catalog.Draft
	w.save(draft)

	t.Run("PutsInPlaceOfWhatWasThere", func(t *testing.T) {
		t.Parallel()
		s := w.enter(want{"TEE", 1}, want{"CUP", 3}, want{"tee", 4})
		v := s.view()
		if len(v.Lines) != 2 || v.ItemCount() != 7 || v.Subtotal != eur(4*1500+3*800) {
			t.Fatalf("got %+v", v)
		}
		l := v.Lines[0]
		if l.SKU != "TEE" || l.Quantity != 4 || l.Available != 5 || l.MaxQuantity != 5 || l.Subtotal != eur(6000) || l.Offer.ProductName != "Product TEE" || l.Problem != core.NoProblem {
			t.Errorf("got %+v", l)
		}
		if v.Lines[1].MaxQuantity != 8 {
			t.Errorf("up to %d", v.Lines[1].MaxQuantity)
		}
		v, err := s.put("TEE", 0)
		if err != nil || len(v.Lines) != 1 {
			t.Errorf("%d lines, %v", len(v.Lines), err)
		}
	})
	t.Run("Refuses", func(t *testing.T) {
		t.Parallel()
		s := w.enter(want{"CUP", 1})
		before := s.view()
		_, err := s.put("NOPE", 1)
		mustFail[fault.Resource](t, err, fault.NotFound, "not_found")
		_, err = s.put("NOPE", 0)
		mustFail[fault.Resource](t, err, fault.NotFound, "not_found")
		_, err = s.put("DRAFT", 1)
		mustFail[fault.Resource](t, err, fault.NotFound, "not_found")
		_, err = s.put("CUP", -1)
		mustFail[any](t, err, fault.Invalid, "validation_failed")
		_, err = s.put("CUP", 9)
		if m := mustFail[fault.Max](t, err, fault.Invalid, "quantity_limit"); m.Max != 8 {
			t.Errorf("at most %d", m.Max)
		}
		_, err = s.put("tee", 6)
		short := mustFail[inventory.Shortages](t, err, fault.Exhausted, "out_of_stock")
		if !reflect.DeepEqual(short.Lines, []inventory.Shortage{{SKU: "TEE", Requested: 6, Available: 5}}) {
			t.Errorf("short of %+v", short)
		}
		_, err = w.shop.Carts.SetLine(t.Context(), core.SetCartLine{By: s.by, Cart: s.cart, Version: before.Version - 1, SKU: "CUP", Quantity: 2})
		if current := mustFail[fault.CurrentVersion](t, err, fault.Stale, "version_conflict"); current.Version != before.Version {
			t.Errorf("current is %d", current.Version)
		}
		if after := s.view(); !reflect.DeepEqual(after, before) {
			t.Errorf("changed to %+v", after)
		}
		if v, err := w.shop.Carts.SetLine(t.Context(), core.SetCartLine{By: s.by, Cart: s.cart, Version: before.Version, SKU: "CUP", Quantity: 2}); err != nil || v.Version != before.Version+1 {
			t.Errorf("version %d, %v", v.Version, err)
		}
	})
	t.Run("RemoveIsIdempotent", func(t *testing.T) {
		t.Parallel()
		s := w.enter(want{"CUP", 1})
		for range 2 {
			v, err := w.shop.Carts.RemoveLine(t.Context(), core.RemoveCartLine{By: s.by, Cart: s.cart, SKU: "CUP"})
			if err != nil || len(v.Lines) != 0 || v.Subtotal != eur(0) {
				t.Errorf("got %+v, %v", v, err)
			}
		}
		if _, err := w.shop.Carts.RemoveLine(t.Context(), core.RemoveCartLine{By: s.by, Cart: s.cart, SKU: "NOPE"}); err != nil {
			t.Error(err)
		}
	})
	t.Run("ManyAtOnceAddUp", func(t *testing.T) {
		t.Parallel()
		for i := range 8 {
			w.sell(id.SKU(fmt.Sprint("MANY-", i)), 100, 10)
		}
		s := w.enter()
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				if _, err := s.put(id.SKU(fmt.Sprint("MANY-", i)), i+1); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if v := s.view(); len(v.Lines) != 8 || v.ItemCount() != 36 || v.Subtotal != eur(3600) {
			t.Errorf("got %d lines of %d units, %s", len(v.Lines), v.ItemCount(), v.Subtotal)
		}
	})
	t.Run("TellsWhatHasChanged", func(t *testing.T) {
		t.Parallel()
		w := openTill(t)
		tee, cup := w.sell("TEE", 1500, 5), w.sell("CUP", 800, 5)
		s := w.enter(want{"TEE", 2}, want{"CUP", 1})
		w.sell("PEN", 100, 2)
		if _, err := s.put("PEN", 2); err != nil {
			t.Fatal(err)
		}
		tee.BasePrice = eur(1600)
		w.save(tee)
		cup.Status = catalog.Archived
		w.save(cup)
		w.enter(want{"PEN", 1}).buy()
		v := s.view()
		var problems []core.CartProblem
		for _, l := range v.Lines {
			problems = append(problems, l.Problem)
		}
		if want := []core.CartProblem{core.PriceChanged, core.LineUnavailable, core.InsufficientStock}; !reflect.DeepEqual(problems, want) {
			t.Errorf("problems %v, want %v", problems, want)
		}
		if v.Lines[0].AddedPrice != eur(1500) || v.Lines[0].Offer.Price != eur(1600) || v.Subtotal != eur(3200+200) || v.Lines[1].MaxQuantity != 0 || v.Lines[1].Subtotal != eur(800) {
			t.Errorf("got %+v", v)
		}
		if v, err := s.put("CUP", 0); err != nil || len(v.Lines) != 2 {
			t.Errorf("what is gone cannot be taken out: %v", err)
		}
	})
	t.Run("LivesOnWhenUsed", func(t *testing.T) {
		t.Parallel()
		w := openTill(t, func(o *core.Options) { o.CartTTL = time.Hour })
		w.sell("TEE", 1500, 5)
		s := w.enter(want{"TEE", 1})
		for range 3 {
			w.pass(50 * time.Minute)
			if _, err := s.put("TEE", 2); err != nil {
				t.Fatal(err)
			}
		}
		w.pass(61 * time.Minute)
		_, err := s.put("TEE", 1)
		mustFail[any](t, err, fault.Gone, "cart_expired")
		if v := s.view(); v.Status != cart.Expired {
			t.Errorf("shown as %s", v.Status)
		}
		for _, after := range []struct {
			wait time.Duration
			want int
		}{{0, 0}, {7 * 24 * time.Hour, 1}} {
			w.pass(after.wait)
			if n, err := w.shop.Carts.DropExpired(t.Context(), 10); n != after.want || err != nil {
				t.Errorf("after %s dropped %d, %v", after.wait, n, err)
			}
		}
	})
	t.Run("BeyondAllMoney", func(t *testing.T) {
		t.Parallel()
		w.sell("GOLD", money.Max, 5)
		s := w.enter(want{"GOLD", 5}, want{"CUP", 1})
		if v := s.view(); v.Subtotal != eur(money.Max) {
			t.Errorf("shows %s", v.Subtotal)
		}
	})
}
