package postgres

import (
	"context"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/job"
	"github.com/bodega-commerce/bodega/ports"
)

func TestTidy_ForgetsJobsLongDone(t *testing.T) {
	t.Parallel()
	db := open(t)
	first := func(n byte) (is bool) {
		t.Helper()
		if _, err := db.Orders().Tx.InTx(t.Context(), func(ctx context.Context, tx ports.OrderTx) (err error) {
			is, err = tx.Inbox.First(ctx, "mail", id.Job{UUID: id.UUID{n}})
			return err
		}); err != nil {
			t.Fatal(err)
		}
		return is
	}
	first(1)
	if _, err := db.orders.write(t.Context(), func(_ context.Context, tx *tx) error {
		tx.queue("UPDATE orders.inbox SET seen_at = now() - interval '31 days'")
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	first(2)
	if n, err := db.Tidy(t.Context()); n != 1 || err != nil {
		t.Errorf("deleted %d, %v", n, err)
	}
	if first(2) || !first(1) {
		t.Error("it forgot the wrong one")
	}
}

func TestTidy_DropsEmptyMonthsOfTheOutbox(t *testing.T) {
	t.Parallel()
	db := open(t)
	now := time.Now().UTC()
	month := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC)
	retire := func(by time.Time) (n int) {
		t.Helper()
		if _, err := db.orders.write(t.Context(), func(ctx context.Context, tx *tx) error {
			return tx.QueryRow(ctx, "SELECT orders.retire_outbox($1)", instant(by)).Scan(&n)
		}); err != nil {
			t.Fatal(err)
		}
		return n
	}
	add := func(at time.Time) {
		t.Helper()
		j := job.New(id.Job{UUID: id.NewSource(func() time.Time { return at }, zeros{}).New()}, job.SendOrderLink, job.OrderPayload{}, at, "")
		if _, err := db.Orders().Tx.InTx(t.Context(), func(ctx context.Context, tx ports.OrderTx) error { return tx.Jobs.Add(ctx, j) }); err != nil {
			t.Fatal(err)
		}
	}
	if n := retire(now); n != 0 {
		t.Errorf("dropped %d months that are not over", n)
	}
	add(month.AddDate(0, 1, 0))
	if n := retire(month.AddDate(0, 3, 0)); n != 1 { // this one; the next has a job
		t.Errorf("dropped %d months, want 1", n)
	}
	add(month)                    // there is no gap
	add(month.AddDate(0, 0, -40)) // nor before
	got, err := db.Jobs().Receive(t.Context(), job.SendOrderLink, ports.Batch{Max: 10}, func(_ context.Context, ds []job.Delivery) []job.Verdict {
		return make([]job.Verdict, len(ds))
	})
	if got != 3 || err != nil {
		t.Errorf("received %d, %v, want 3", got, err)
	}
	if n := retire(month.AddDate(0, 3, 0)); n != 2 {
		t.Errorf("dropped %d months, want the other two", n)
	}
}

// zeros is no randomness at all.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }
