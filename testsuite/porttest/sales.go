package porttest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/search"
	"github.com/bodega-commerce/bodega/ports"
)

// TestSales is the contract of Sales.
func TestSales(t *testing.T, h CatalogHarness) {
	t.Parallel()
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	product := func(n byte) id.Product { return id.Product{UUID: id.UUID{15: n}} }
	sale := func(o byte, version int64, day search.Day, units ...int64) search.Sale {
		s := search.Sale{Order: id.Order{UUID: id.UUID{15: o}}, Version: version, Day: day, Units: map[id.Product]int64{}}
		for i, n := range units {
			if n > 0 {
				s.Units[product(byte(i+1))] = n
			}
		}
		return s
	}
	count := func(t *testing.T, s ports.Sales, sales ...search.Sale) {
		t.Helper()
		if err := s.CountSales(t.Context(), sales, at); err != nil {
			t.Fatal(err)
		}
	}
	// want checks what is not ranked, as "product:day×units,…".
	want := func(t *testing.T, s ports.Sales, want ...string) []search.Unranked {
		t.Helper()
		found, err := s.Unranked(t.Context(), at, 10)
		if err != nil {
			t.Fatal(err)
		}
		got := make([]string, len(found))
		for i, u := range found {
			got[i] = fmt.Sprintf("%d:", u.Product.UUID[15])
			for _, sold := range u.Sold {
				got[i] += fmt.Sprintf(" %d×%d", sold.Day, sold.Units)
			}
		}
		mustSame(t, "unranked", got, nil, append([]string{}, want...))
		return found
	}

	t.Run("AnOrderCountsOnceForItsHighestVersion", func(t *testing.T) {
		t.Parallel()
		s := h.New(t).Sales
		want(t, s)
		count(t, s)
		count(t, s, sale(1, 2, 100, 3, 1), sale(2, 2, 101, 4))
		count(t, s, sale(1, 2, 100, 3, 1))
		count(t, s, sale(1, 1, 100, 9, 9))
		want(t, s, "1: 100×3 101×4", "2: 100×1")
		count(t, s, sale(1, 5, 100)) // canceled
		count(t, s, sale(1, 2, 100, 3, 1))
		want(t, s, "1: 100×0 101×4", "2: 100×0")
		count(t, s, sale(3, 7, 102), sale(3, 6, 102, 5)) // canceled before it was counted
		want(t, s, "1: 100×0 101×4", "2: 100×0")
		count(t, s, sale(2, 3, 101, 1, 0, 2))
		want(t, s, "1: 100×0 101×1", "2: 100×0", "3: 101×2")
	})

	t.Run("RankedUntilMoreIsSold", func(t *testing.T) {
		t.Parallel()
		s := h.New(t).Sales
		count(t, s, sale(1, 1, 100, 1, 1))
		seen := want(t, s, "1: 100×1", "2: 100×1")
		count(t, s, sale(2, 1, 100, 1))
		if err := s.Ranked(t.Context(), seen, at.Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		want(t, s) // the first one has to wait
		at := at.Add(time.Minute)
		found, err := s.Unranked(t.Context(), at, 10)
		if err != nil || len(found) != 1 || found[0].Product != product(1) || found[0].Sold[0].Units != 2 {
			t.Fatalf("%+v, %v", found, err)
		}
		if err := s.Ranked(t.Context(), found, at); err != nil {
			t.Fatal(err)
		}
		if found, err = s.Unranked(t.Context(), at.Add(time.Hour), 10); err != nil || len(found) != 0 {
			t.Errorf("%+v, %v", found, err)
		}
		if err := s.Ranked(t.Context(), nil, at); err != nil {
			t.Error(err)
		}
	})

	t.Run("WhoIsLateDoesNotHideWhatCameLater", func(t *testing.T) {
		t.Parallel()
		s := h.New(t).Sales
		ranked := func(seen []search.Unranked, at time.Time) {
			t.Helper()
			if err := s.Ranked(t.Context(), seen, at); err != nil {
				t.Fatal(err)
			}
		}
		unranked := func(at time.Time, want ...int64) []search.Unranked {
			t.Helper()
			found, err := s.Unranked(t.Context(), at, 10)
			if err != nil {
				t.Fatal(err)
			}
			units := []int64{}
			for _, u := range found {
				units = append(units, u.Sold[0].Units)
			}
			mustSame(t, "unranked", units, nil, append([]int64{}, want...))
			return found
		}
		count(t, s, sale(1, 1, 100, 1))
		slow := unranked(at, 1)
		count(t, s, sale(1, 2, 100))
		quick := unranked(at, 0)
		later := at.Add(time.Minute)
		ranked(slow, later)
		ranked(quick, later) // whose figure the slow one may have overwritten
		again := unranked(later, 0)
		ranked(again, later)
		unranked(later)

		ranked(slow, later) // with a figure of long ago
		ranked(unranked(later, 0), later)
		if err := s.CountSales(t.Context(), []search.Sale{sale(2, 1, 100, 5)}, later.Add(time.Second)); err != nil {
			t.Fatal(err)
		}
		ranked(again, later.Add(time.Second))
		unranked(later.Add(time.Second), 5)
	})

	t.Run("TheLongestFirstAndOfAge", func(t *testing.T) {
		t.Parallel()
		s := h.New(t).Sales
		for i, late := range []time.Duration{2 * time.Second, time.Second, 3 * time.Second} {
			one := sale(byte(i+1), 1, 100)
			one.Units[product(byte(i+1))] = 1
			if err := s.CountSales(t.Context(), []search.Sale{one}, at.Add(late)); err != nil {
				t.Fatal(err)
			}
		}
		want(t, s)
		found, err := s.Unranked(t.Context(), at.Add(2*time.Second), 10)
		if err != nil || len(found) != 2 || found[0].Product != product(2) || found[1].Product != product(1) {
			t.Errorf("%+v, %v", found, err)
		}
		if found, err = s.Unranked(t.Context(), at.Add(time.Minute), 1); err != nil || len(found) != 1 || found[0].Product != product(2) {
			t.Errorf("%+v, %v", found, err)
		}
	})

	t.Run("ManyAtOnceAndAgain", func(t *testing.T) {
		t.Parallel()
		s := h.New(t).Sales
		var all sync.WaitGroup
		for worker := range 4 {
			all.Go(func() {
				for i := range 20 {
					n := byte((i+worker*7)%20 + 1)
					other := byte((i+worker*3)%20 + 1)
					if err := s.CountSales(t.Context(), []search.Sale{sale(n, 1, 100, 1, 2, 3), sale(other, 1, 100, 1, 2, 3), sale(n, 1, 100, 1, 2, 3)}, at); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		want(t, s, "1: 100×20", "2: 100×40", "3: 100×60")
	})

	t.Run("OldOnesAreForgotten", func(t *testing.T) {
		t.Parallel()
		s := h.New(t).Sales
		count(t, s, sale(1, 1, 100, 1), sale(2, 1, 101, 1), sale(3, 1, 102, 1))
		for _, want := range []int{3, 1, 0} {
			if n, err := s.DropSales(t.Context(), 102, 3); n != want || err != nil {
				t.Errorf("dropped %d, want %d: %v", n, want, err)
			}
		}
		want(t, s, "1: 102×1")
	})
}
