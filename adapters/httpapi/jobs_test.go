package httpapi

import (
	"context"
	"slices"
	"testing"

	"github.com/bodega-commerce/bodega/core/job"
	"github.com/bodega-commerce/bodega/ports"
)

func TestJobs_TheDeadAreListedReplayedAndDropped(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	for _, sku := range []string{"A", "B", "C"} {
		c.product(sku, 1000, 0)
	}
	var dead []string
	for len(dead) < 3 {
		if _, err := c.db.Jobs().Receive(t.Context(), job.IndexProduct, ports.Batch{Max: 9}, func(_ context.Context, ds []job.Delivery) []job.Verdict {
			for _, d := range ds {
				dead = append(dead, d.ID.String())
			}
			return slices.Repeat([]job.Verdict{job.Dead("The index is full")}, len(ds))
		}); err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(dead)
	name := func(d DeadJob) string { return d.JobID }
	if got := walk(c, "/v1/admin/jobs/dead?limit=2&queue=search.index_product", name); !slices.Equal(got, dead) {
		t.Errorf("dead are %v, want %v", got, dead)
	}
	backwards := slices.Clone(dead)
	slices.Reverse(backwards)
	if got := walk(c, "/v1/admin/jobs/dead?limit=1&sort=-created_at&q=FULL", name); !slices.Equal(got, backwards) {
		t.Errorf("backwards, dead are %v, want %v", got, backwards)
	}
	first := read[CursorPage[DeadJob]](c.admin("GET", "/v1/admin/jobs/dead?limit=1&count=true", "").ok(200))
	if *first.Total != len(dead) || first.Items[0].Reason != "The index is full" || first.Items[0].Queue != job.IndexProduct || first.Items[0].Attempts != 1 {
		t.Errorf("got %+v of %d", first.Items, *first.Total)
	}
	c.admin("GET", "/v1/admin/jobs/dead?queue=payment.capture&cursor="+*first.NextCursor, "").finding("query.cursor", "pattern")
	if none := read[CursorPage[DeadJob]](c.admin("GET", "/v1/admin/jobs/dead?q=empty", "").ok(200)); len(none.Items) != 0 || none.NextCursor != nil {
		t.Errorf("for another reason %+v died", none.Items)
	}

	type outcome struct{ Replayed, Dropped, Remaining int }
	if got := read[outcome](c.admin("POST", "/v1/admin/jobs/dead/replay", `{"job_ids":["`+dead[1]+`"],"limit":5}`).ok(200)); got != (outcome{Replayed: 1}) {
		t.Errorf("replayed: %+v", got)
	}
	if got := read[outcome](c.admin("POST", "/v1/admin/jobs/dead/drop", `{"queue":"search.index_product","limit":1}`).ok(200)); got != (outcome{Dropped: 1, Remaining: 1}) {
		t.Errorf("dropped: %+v", got)
	}
	if got := walk(c, "/v1/admin/jobs/dead?limit=2", name); !slices.Equal(got, dead[2:]) {
		t.Errorf("what stays is %v, want %v", got, dead[2:])
	}
}
