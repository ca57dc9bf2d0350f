package sqlite

import (
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
		found := map[string]int{}
		if left := a.find(all, found); !slices.Equal(left, unknown) || !maps.Equal(found, want) {
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
}
