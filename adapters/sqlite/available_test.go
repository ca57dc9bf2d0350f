package sqlite

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/bodega-commerce/bodega/core/id"
)

func TestAvailability(t *testing.T) {
	t.Parallel()
	const tee, mug, hat = id.SKU("TEE"), id.SKU("MUG"), id.SKU("HAT")
	all := []id.SKU{tee, mug, hat}
	known := func(t *testing.T, a *availability, want map[string]int, unknown ...id.SKU) {
		t.Helper()
		if found, left := a.find(all); !slices.Equal(left, unknown) || !maps.Equal(found, want) {
			t.Errorf("known is %v, unknown %v", found, left)
		}
	}

	t.Run("KeepsWhatWasReadUntilItChanges", func(t *testing.T) {
		t.Parallel()
		var a availability
		known(t, &a, map[string]int{}, all...)
		a.keep(all, map[string]int{"tee": 3, "mug": 0}, 7)
		known(t, &a, map[string]int{"tee": 3, "mug": 0}) // and that nobody ever received a hat
		a.change([]id.SKU{"tee", hat}, 8)
		known(t, &a, map[string]int{"mug": 0}, tee, hat)
	})
	t.Run("WhatWasReadBeforeAChangeIsNotKept", func(t *testing.T) {
		t.Parallel()
		var a availability
		a.change([]id.SKU{tee}, 8) // while somebody reads the state after 7
		a.keep([]id.SKU{tee, mug}, map[string]int{"tee": 3, "mug": 1}, 7)
		known(t, &a, map[string]int{"mug": 1}, tee, hat)
		a.keep([]id.SKU{tee}, map[string]int{"tee": 2}, 8)
		known(t, &a, map[string]int{"tee": 2, "mug": 1}, hat)
	})
	t.Run("PagesAreTrueUntilAnythingChanges", func(t *testing.T) {
		t.Parallel()
		var a availability
		page, units := make([]id.SKU, 2*leastOfPage), map[string]int{}
		for i := range page {
			page[i] = id.SKU(fmt.Sprintf("SKU-%02d", i))
			units[page[i].Fold()] = i
		}
		other := slices.Clone(page) // with the same ends
		other[1], other[2] = other[2], "HAT"
		a.keep(append(other, page...), units, 1)
		for range 3 {
			if found, unknown := a.find(page); len(unknown) > 0 || !maps.Equal(found, units) {
				t.Errorf("found %v, unknown %v", found, unknown)
			}
			if found, unknown := a.find(other); len(unknown) > 0 || len(found) != len(page)-1 || found["sku-02"] != 2 {
				t.Errorf("of another page: %v, unknown %v", found, unknown)
			}
		}
		a.change([]id.SKU{page[5]}, 2)
		if found, unknown := a.find(page); !slices.Equal(unknown, page[5:6]) || len(found) != len(page)-1 {
			t.Errorf("after a change: %v, unknown %v", found, unknown)
		}
		units["sku-05"] = 50
		a.keep(page[5:6], units, 2)
		if found, _ := a.find(page); !maps.Equal(found, units) {
			t.Errorf("after a change was read: %v", found)
		}
		for i := range 10 * maxPages {
			a.find(append([]id.SKU{id.SKU(fmt.Sprint(i))}, page...))
			a.keep([]id.SKU{id.SKU(fmt.Sprint(i))}, nil, 2)
			a.find(append([]id.SKU{id.SKU(fmt.Sprint(i))}, page...))
		}
		if n := len(a.young) + len(a.old); n > 2*maxPages {
			t.Errorf("%d pages are kept", n)
		}
	})
}
