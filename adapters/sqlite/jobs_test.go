package sqlite

import (
	"context"
	"crypto/rand"
	"sync"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/job"
	"github.com/bodega-commerce/bodega/ports"
)

func nobody(t *testing.T) func(context.Context, []job.Delivery) []job.Verdict {
	return func(_ context.Context, ds []job.Delivery) []job.Verdict {
		t.Errorf("handed out %+v", ds)
		return make([]job.Verdict, len(ds)) // acknowledged
	}
}

func TestJobs_Receive(t *testing.T) {
	t.Parallel()

	t.Run("WaitingDoesNotTroubleTheWriter", func(t *testing.T) {
		t.Parallel()
		db := open(t)
		later := job.New(id.Job{UUID: id.NewSource(time.Now, rand.Reader).New()}, job.SendOrderLink, job.OrderPayload{}, time.Now(), "")
		if _, err := db.Orders().Tx.InTx(t.Context(), func(ctx context.Context, tx ports.OrderTx) error { return tx.Jobs.Add(ctx, later) }); err != nil {
			t.Fatal(err)
		}
		before := db.Stats().Commits
		var receivers sync.WaitGroup
		for range 10 {
			receivers.Go(func() {
				n, err := db.Jobs().Receive(t.Context(), job.IndexProduct, ports.Batch{Max: 10, Wait: 50 * time.Millisecond}, nobody(t))
				if n != 0 || err != nil {
					t.Errorf("received %d, %v", n, err)
				}
			})
		}
		receivers.Wait()
		if after := db.Stats().Commits; after != before {
			t.Errorf("%d commits while nothing was to do", after-before)
		}
	})

	t.Run("ClosingEndsTheWait", func(t *testing.T) {
		t.Parallel()
		db := open(t)
		result := make(chan error, 1)
		go func() {
			_, err := db.Jobs().Receive(t.Context(), job.IndexProduct, ports.Batch{Max: 1, Wait: time.Hour}, nobody(t))
			result <- err
		}()
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		if err := <-result; !fault.Is(err, fault.Unavailable) {
			t.Errorf("got %v, want Unavailable", err)
		}
	})
}

func TestDB_Currency(t *testing.T) {
	t.Parallel()
	if got, err := open(t).Currency(t.Context()); got != "" || err != nil {
		t.Errorf("an empty shop has prices in %q, %v", got, err)
	}
	if got, err := sell(t).db.Currency(t.Context()); got != "EUR" || err != nil {
		t.Errorf("prices are in %q, %v, want EUR", got, err)
	}
}
