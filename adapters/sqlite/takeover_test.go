package sqlite

import (
	"context"
	"crypto/rand"
	"path/filepath"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core/feed"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/job"
	"github.com/bodega-commerce/bodega/ports"
)

// What a process held when it died is free at the next opening; what waits for
// a reason goes on waiting.
func TestOpen_TakesOverFromTheDead(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "shop.db")
	dying, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	ids := id.NewSource(time.Now, rand.Reader)
	held := job.New(id.Job{UUID: ids.New()}, job.SendOrderLink, job.OrderPayload{}, time.Now(), "")
	failed := job.New(id.Job{UUID: ids.New()}, job.CapturePayment, job.PaymentPayload{}, time.Now(), "")
	if _, err := dying.Orders().Tx.InTx(t.Context(), func(ctx context.Context, tx ports.OrderTx) error { return tx.Jobs.Add(ctx, held, failed) }); err != nil {
		t.Fatal(err)
	}
	retry := func(context.Context, []job.Delivery) []job.Verdict {
		return []job.Verdict{job.Retry(5*time.Minute, "no")}
	}
	if n, err := dying.Jobs().Receive(t.Context(), job.CapturePayment, ports.Batch{Max: 1}, retry); n != 1 || err != nil {
		t.Fatalf("received %d, %v", n, err)
	}
	if batch, err := dying.Jobs().claim(t.Context(), job.SendOrderLink, 1); len(batch) != 1 || err != nil {
		t.Fatalf("claimed %v, %v", batch, err)
	}
	ref := ports.KeyRef{Owner: "guest:1", Operation: "checkout", Key: "k"}
	claim := ports.Claim{KeyRef: ref, Now: time.Now(), Lease: time.Minute}
	if _, err := dying.Orders().Keys.Claim(t.Context(), claim); err != nil {
		t.Fatal(err)
	}
	running := feed.Report{ID: id.Import{UUID: ids.New()}, Status: feed.Running, Lines: 7, StartedAt: time.Now().UTC().Truncate(time.Microsecond)}
	done := feed.Report{ID: id.Import{UUID: ids.New()}, Status: feed.Succeeded, StartedAt: running.StartedAt, FinishedAt: running.StartedAt}
	for _, r := range []feed.Report{running, done} {
		if err := dying.Catalog().Imports.SaveImport(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	if err := dying.Close(); err != nil {
		t.Fatal(err)
	}

	db, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if got, err := db.Orders().Keys.Claim(t.Context(), claim); got.State != ports.ClaimContinued || err != nil {
		t.Errorf("the key is %v, %v", got.State, err)
	}
	var again []job.Delivery
	if _, err := db.Jobs().Receive(t.Context(), job.SendOrderLink, ports.Batch{Max: 1}, func(_ context.Context, ds []job.Delivery) []job.Verdict {
		again = ds
		return []job.Verdict{job.Ack()}
	}); err != nil || len(again) != 1 || again[0].ID != held.ID || again[0].Attempt != 2 {
		t.Errorf("received %+v, %v", again, err)
	}
	if n, err := db.Jobs().Receive(t.Context(), job.CapturePayment, ports.Batch{Max: 1}, nobody(t)); n != 0 || err != nil {
		t.Errorf("what is to be tried again later was received: %d, %v", n, err)
	}
	if r, err := db.Catalog().Imports.Import(t.Context(), running.ID); err != nil || r.Status != feed.Failed || r.Failure == "" || r.FinishedAt.IsZero() || r.Lines != 7 {
		t.Errorf("the import that was running is %+v, %v", r, err)
	}
	if r, err := db.Catalog().Imports.Import(t.Context(), done.ID); err != nil || r.Status != feed.Succeeded || !r.FinishedAt.Equal(done.FinishedAt) {
		t.Errorf("the import that was done is %+v, %v", r, err)
	}
}
