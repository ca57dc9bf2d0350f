package porttest

import (
	"testing"

	"github.com/bodega-commerce/bodega/ports"
)

// LeaseHarness gives the suite the leases of two processes on one store.
type LeaseHarness struct {
	New func(t *testing.T) (a, b ports.Leases)
}

// TestLeases is the contract of ports.Leases.
func TestLeases(t *testing.T, h LeaseHarness) {
	t.Parallel()
	hold := func(t *testing.T, l ports.Leases, work string, want bool) {
		t.Helper()
		if mine, err := l.Hold(t.Context(), work); err != nil || mine != want {
			t.Errorf("%s is held: %v, %v, want %v", work, mine, err, want)
		}
	}
	letGo := func(t *testing.T, l ports.Leases, work string) {
		t.Helper()
		if err := l.LetGo(t.Context(), work); err != nil {
			t.Error(err)
		}
	}
	t.Run("OneHolds", func(t *testing.T) {
		t.Parallel()
		a, b := h.New(t)
		hold(t, a, "sweep", true)
		hold(t, b, "sweep", false)
		hold(t, a, "sweep", true) // for as long as it likes
		hold(t, b, "sweep", false)
	})
	t.Run("EachWorkByItself", func(t *testing.T) {
		t.Parallel()
		a, b := h.New(t)
		hold(t, a, "sweep", true)
		hold(t, b, "mend", true)
		hold(t, a, "mend", false)
	})
	t.Run("WhatIsLetGoIsTheNext", func(t *testing.T) {
		t.Parallel()
		a, b := h.New(t)
		for range 3 { // however often it asked
			hold(t, a, "sweep", true)
		}
		hold(t, a, "mend", true)
		letGo(t, a, "sweep")
		hold(t, b, "sweep", true)
		hold(t, a, "sweep", false)
		hold(t, b, "mend", false)
	})
	t.Run("NobodyLetsGoForAnother", func(t *testing.T) {
		t.Parallel()
		a, b := h.New(t)
		letGo(t, b, "sweep")
		hold(t, a, "sweep", true)
		letGo(t, b, "sweep")
		hold(t, b, "sweep", false)
	})
}
