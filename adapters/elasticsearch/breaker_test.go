package elasticsearch

import (
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core/fault"
)

func TestBreaker(t *testing.T) {
	t.Parallel()
	now := time.Now()
	down, gone := fault.New(fault.Unavailable, "", ""), fault.New(fault.Canceled, "", "")
	through := func(t *testing.T, b *breaker, err error) {
		t.Helper()
		if refused := b.enter(now); refused != nil {
			t.Fatal(refused)
		}
		b.leave(now, err)
	}
	broken := func(t *testing.T) *breaker {
		t.Helper()
		b := &breaker{}
		for range breakAfter {
			through(t, b, down)
		}
		if err := b.enter(now); !fault.Is(err, fault.Unavailable) || !b.open(now) {
			t.Fatalf("after %d failures: %v", breakAfter, err)
		}
		return b
	}

	t.Run("OneTriesAfterAWhile", func(t *testing.T) {
		t.Parallel()
		b, later := broken(t), now.Add(breakFor)
		if err := b.enter(later); err != nil {
			t.Fatal(err)
		}
		if err := b.enter(later); err == nil {
			t.Error("a second one tries at the same time")
		}
		b.leave(later, nil)
		if err := b.enter(later); err != nil || b.open(later) {
			t.Errorf("after a success: %v", err)
		}
	})
	t.Run("StaysOpenWhenTheTryFails", func(t *testing.T) {
		t.Parallel()
		b, later := broken(t), now.Add(breakFor)
		if err := b.enter(later); err != nil {
			t.Fatal(err)
		}
		b.leave(later, down)
		if err := b.enter(later.Add(breakFor / 2)); err == nil {
			t.Error("it was asked again at once")
		}
	})
	t.Run("OnlyFailuresInARowCount", func(t *testing.T) {
		t.Parallel()
		b := &breaker{}
		for range 3 * breakAfter {
			through(t, b, down)
			through(t, b, nil)
		}
	})
	t.Run("WhoGoesAwayProvesNothing", func(t *testing.T) {
		t.Parallel()
		b := &breaker{}
		for range 3 * breakAfter {
			through(t, b, gone)
		}
		b = broken(t)
		if err := b.enter(now.Add(breakFor)); err != nil {
			t.Fatal(err)
		}
		b.leave(now, gone)
		if err := b.enter(now.Add(breakFor)); err != nil {
			t.Errorf("nobody may try after one went away: %v", err)
		}
	})
}
