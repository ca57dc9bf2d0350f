package sim

import (
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
)

// seeds returns the number of histories to play: SIM_SEEDS, or a default.
func seeds(t *testing.T, otherwise int) int {
	t.Helper()
	text := os.Getenv("SIM_SEEDS")
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("SIM_SEEDS: %v", err)
	}
	return n
}

// Whatever happens, in whatever order: nothing acknowledged is lost, nothing is
// doubled or oversold, money and stock add up, and each order is confirmed by
// one mail.
func TestShop_ThroughEveryWeather(t *testing.T) {
	t.Parallel()
	stock(t)
	if one := os.Getenv("SIM_SEED"); one != "" {
		seed, err := strconv.ParseUint(one, 10, 64)
		if err != nil {
			t.Fatalf("SIM_SEED: %v", err)
		}
		h := play(t, folder(t), seed, bug{})
		t.Logf("seed %d, %d steps\n%s", seed, h.steps, h.timeline)
		for _, f := range h.faults {
			t.Error(f)
		}
		return
	}
	n := int64(seeds(t, 200))
	var next, failed atomic.Int64
	for range 2 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			dir := folder(t)
			for seed := next.Add(1); seed <= n && failed.Load() < 3; seed = next.Add(1) {
				h := play(t, dir, uint64(seed), bug{})
				if len(h.faults) > 0 {
					failed.Add(1)
					t.Errorf("seed %d (make sim SEED=%d):\n%s\n%q", seed, seed, h.timeline, h.faults)
				}
			}
		})
	}
}

// One seed is one history, to the last word.
func TestHistory_IsItsSeed(t *testing.T) {
	t.Parallel()
	stock(t)
	dir := folder(t)
	for seed := range uint64(20) {
		first, second := play(t, dir, seed, bug{}), play(t, dir, seed, bug{})
		if first.timeline != second.timeline {
			a, b := strings.Split(first.timeline, "\n"), strings.Split(second.timeline, "\n")
			n := 0
			for n < min(len(a), len(b))-1 && a[n] == b[n] {
				n++
			}
			t.Fatalf("seed %d told\n%s\nand then\n%s", seed, strings.Join(a[max(n-20, 0):n+1], "\n"), b[n])
		}
	}
}
