package httpapi

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core/job"
	"github.com/bodega-commerce/bodega/core/search"
	"github.com/bodega-commerce/bodega/ports"
)

func TestDrift_IsReported(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	const at = "/v1/admin/search/drift"
	if got := c.admin("GET", at, "").ok(200).body; got != `{"running":false,"last":null,"current":null,"dead_jobs":{"total":0,"items":[]}}`+"\n" {
		t.Errorf("in the beginning %s", got)
	}
	c.product("A", 1000, 0)
	if _, err := c.db.Jobs().Receive(t.Context(), job.IndexProduct, ports.Batch{Max: 9}, func(_ context.Context, ds []job.Delivery) []job.Verdict {
		return slices.Repeat([]job.Verdict{job.Dead("The index is full")}, len(ds))
	}); err != nil {
		t.Fatal(err)
	}
	const last = `{"started_at":"2026-11-05T10:00:00Z","finished_at":"2026-11-05T10:03:00Z","checked":9,"stale":2,"repaired":1,
		"examples":[{"sku":"A","product":"00000000-0000-0000-0000-000000000001","kind":"stale"},{"sku":"x","product":"00000000-0000-0000-0000-000000000000","kind":"orphaned"}]}`
	works := c.db.Catalog().Works
	save := func(w search.Work) search.Work {
		t.Helper()
		var err error
		if w.Version, err = works.SaveWork(t.Context(), w); err != nil {
			t.Fatal(err)
		}
		return w
	}
	w := save(search.Work{
		Name: search.WorkCompare, Holder: "somebody", Until: time.Now().Add(time.Hour),
		Body: []byte(`{"last":` + last + `,"now":{"started_at":"2026-11-05T10:13:00Z","checked":4}}`),
	})
	r := read[DriftReport](c.admin("GET", at, "").ok(200))
	if l := r.Last.Value; !r.Running || l.Checked != 9 || l.Stale != 2 || l.Repaired != 1 || !l.FinishedAt.Valid || len(l.Examples) != 2 ||
		*l.Examples[0].Product != "00000000-0000-0000-0000-000000000001" || l.Examples[1].Product != nil || l.Examples[1].SKU != "x" {
		t.Errorf("last %+v", r)
	}
	if now := r.Current; !now.Valid || now.Value.Checked != 4 || now.Value.FinishedAt.Valid {
		t.Errorf("current %+v", now)
	}
	if d := r.DeadJobs; d.Total != 1 || len(d.Items) != 1 || d.Items[0].Reason != "The index is full" {
		t.Errorf("dead %+v", d)
	}
	w.Until = time.Now().Add(-time.Second)
	save(w)
	if r := read[DriftReport](c.admin("GET", at, "").ok(200)); r.Running || r.Current.Valid || !r.Last.Valid {
		t.Errorf("after somebody died: %+v", r)
	}
	c.do("GET", at, "").problem(401, "unauthenticated")
	c.do("GET", at, "", "Authorization", "Bearer idle-key").problem(403, "permission_denied")
}
