package core_test

import (
	"context"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/adapters/sandbox"
	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/job"
	"github.com/bodega-commerce/bodega/core/search"
	"github.com/bodega-commerce/bodega/ports"
)

// rank ranks what sold, and returns which products are to be indexed for it.
func (w *till) rank() (indexed int) {
	w.t.Helper()
	take := func() (n int) {
		for _, task := range []string{job.IndexProduct, job.IndexProducts} {
			for more := 1; more > 0; n += more {
				var err error
				if more, err = w.db.Jobs().Receive(w.t.Context(), task, ports.Batch{Max: 100, Wait: time.Millisecond}, func(_ context.Context, ds []job.Delivery) []job.Verdict {
					return make([]job.Verdict, len(ds))
				}); err != nil {
					w.t.Fatal(err)
				}
			}
		}
		return n
	}
	take()
	for {
		n, err := w.shop.Search.RankSales(w.t.Context())
		if err != nil {
			w.t.Fatal(err)
		}
		if n == 0 {
			return take()
		}
	}
}

func (w *till) popularity(p catalog.Product) int64 {
	w.t.Helper()
	return done(w.t, first(w.db.Catalog().Records.Product(w.t.Context(), p.ID))).Popularity
}

func TestSearch_RankSales(t *testing.T) {
	t.Parallel()
	w := openTill(t)
	tee, cup := w.sell("TEE", 1500, 1000), w.sell("CUP", 800, 1000)
	start := tee.Version
	day := search.DayOf(w.clock())
	mustBe := func(what string, p catalog.Product, sold ...search.Sold) {
		t.Helper()
		if got, want := w.popularity(p), search.Popularity(sold); got != want {
			t.Errorf("%s: %s is at %d, want %d", what, p.Name, got, want)
		}
	}
	first2 := w.enter(want{"TEE", 2}, want{"CUP", 1}).buy()
	if counted := w.work()[job.CountSale]; counted != 1 {
		t.Fatalf("counted %d sales", counted)
	}
	if n := w.rank(); n != 0 {
		t.Errorf("%d jobs before others were waited for", n)
	}
	mustBe("at once", tee)
	w.pass(31 * time.Second)
	if n := w.rank(); n != 1 {
		t.Errorf("%d jobs for two products", n)
	}
	mustBe("soon", tee, search.Sold{Day: day, Units: 2})
	mustBe("soon", cup, search.Sold{Day: day, Units: 1})
	if p := done(t, first(w.db.Catalog().Records.Product(t.Context(), tee.ID))); p.Version != start {
		t.Errorf("version %d after %d: an editor would have to begin again", p.Version, start)
	}

	// The job comes again, and a declined order does not count.
	done(t, result[any]{err: w.shop.Search.CountSales(t.Context(), []id.Order{first2.ID, first2.ID, {UUID: id.UUID{9}}})})
	if _, err := w.enter(want{"CUP", 5}).pay("declined", sandbox.TokenDeclined); err == nil {
		t.Fatal("paid by a declined card")
	}
	w.work()
	w.pass(time.Minute)
	if n := w.rank(); n != 0 {
		t.Errorf("%d jobs for nothing new", n)
	}

	// Much more on a later day, then a little: that is not worth a job.
	w.pass(30 * 24 * time.Hour)
	w.enter(want{"TEE", 49}).buy()
	w.work()
	w.pass(time.Minute)
	w.rank()
	mustBe("a month later", tee, search.Sold{Day: day, Units: 2}, search.Sold{Day: day + 30, Units: 49})
	w.enter(want{"TEE", 1}).buy()
	w.work()
	w.pass(time.Minute)
	if n := w.rank(); n != 0 {
		t.Errorf("%d jobs for one unit more of fifty", n)
	}
	mustBe("one more", tee, search.Sold{Day: day, Units: 2}, search.Sold{Day: day + 30, Units: 49})

	// What is canceled was never sold.
	done(t, first(w.shop.Orders.Cancel(t.Context(), core.CancelOrder{By: shopkeeper, Order: first2.ID})))
	w.work()
	w.pass(time.Minute)
	if n := w.rank(); n != 1 {
		t.Errorf("%d jobs for a canceled order", n)
	}
	mustBe("canceled", cup)
}
