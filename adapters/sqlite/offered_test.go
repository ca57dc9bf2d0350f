package sqlite

import (
	"fmt"
	"slices"
	"testing"

	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/money"
)

func TestOffered(t *testing.T) {
	t.Parallel()
	offer := func(price int64) catalog.Offer {
		return catalog.Offer{
			SKU: "TEE", Price: money.New(price, "EUR"), Options: []catalog.Option{{Name: "size", Value: "S"}},
			Image: &catalog.Image{Key: "a.jpg", Sizes: []catalog.ImageSize{{Width: 100, Key: "a-100.jpg"}}},
		}
	}
	both := []string{"tee", "mug"}

	t.Run("KeepsWhatWasReadUntilProductsChange", func(t *testing.T) {
		t.Parallel()
		var o offered
		_, unknown, changes := o.find(both)
		o.keep(unknown, map[string]catalog.Offer{"tee": offer(100)}, changes)
		found, unknown, _ := o.find(both) // who asks for what is not there asks the store
		if len(found) != 1 || found["tee"].Price != money.New(100, "EUR") || !slices.Equal(unknown, []string{"mug"}) {
			t.Errorf("known is %v, unknown %v", found, unknown)
		}
		o.change()
		if found, unknown, _ := o.find(both); len(found) > 0 || !slices.Equal(unknown, both) {
			t.Errorf("after a change %v is known", found)
		}
	})
	t.Run("WhatWasReadBeforeAChangeIsNotKept", func(t *testing.T) {
		t.Parallel()
		var o offered
		_, unknown, changes := o.find(both)
		o.change() // while somebody reads
		o.keep(unknown, map[string]catalog.Offer{"tee": offer(100)}, changes)
		if found, _, _ := o.find(both); len(found) > 0 {
			t.Errorf("%v is known", found)
		}
	})
	t.Run("NobodySeesTheOthersChanges", func(t *testing.T) {
		t.Parallel()
		var o offered
		read := map[string]catalog.Offer{"tee": offer(100)}
		o.keep(both, read, 0)
		for _, got := range []map[string]catalog.Offer{read, first(o.find(both)), first(o.find(both))} {
			tee := got["tee"]
			if tee.Options[0].Value != "S" || tee.Image.Key != "a.jpg" || tee.Image.Sizes[0].Width != 100 {
				t.Errorf("it was changed to %+v", tee)
			}
			tee.Options[0].Value, tee.Image.Key, tee.Image.Sizes[0].Width = "M", "b.jpg", 1
		}
	})
	t.Run("IsBounded", func(t *testing.T) {
		t.Parallel()
		var o offered
		for i := range 5 * maxOffers {
			fold := fmt.Sprint(i)
			o.keep([]string{fold}, map[string]catalog.Offer{fold: offer(1)}, 0)
		}
		if n := len(o.young) + len(o.old); n > 2*maxOffers || n < maxOffers {
			t.Errorf("%d are kept", n)
		}
	})
}

func first(found map[string]catalog.Offer, _ []string, _ uint64) map[string]catalog.Offer {
	return found
}
