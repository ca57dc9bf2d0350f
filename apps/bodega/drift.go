package main

import (
	"context"
	"fmt"
	"time"
)

type drift struct{}

type driftCheck struct {
	StartedAt  time.Time `json:"started_at"`
	FinishedAt time.Time `json:"finished_at"`
	Checked    int       `json:"checked"`
	Missing    int       `json:"missing"`
	Stale      int       `json:"stale"`
	Orphaned   int       `json:"orphaned"`
	Repaired   int       `json:"repaired"`
	Examples   []struct {
		SKU  string `json:"sku"`
		Kind string `json:"kind"`
	} `json:"examples"`
}

// Run prints what came of the last comparison of the index with the store. That
// something differed and could not be repaired is a failure.
func (c *drift) Run(ctx context.Context, t *terminal) error {
	return t.with(ctx, func(api *client) error {
		var r struct {
			Last, Current *driftCheck
			DeadJobs      struct {
				Total int `json:"total"`
			} `json:"dead_jobs"`
		}
		if err := api.get(ctx, "/v1/admin/search/drift", &r); err != nil {
			return err
		}
		if r.Current != nil {
			say(t.notes, "comparing since %s: %d SKUs so far\n", r.Current.StartedAt.Format(time.RFC3339), r.Current.Checked)
		}
		if r.DeadJobs.Total > 0 {
			say(t.notes, "%d dead jobs of the index: bodega jobs dead\n", r.DeadJobs.Total)
		}
		if r.Last == nil {
			say(t.out, "index and store were not compared yet\n")
			return nil
		}
		for _, d := range r.Last.Examples {
			say(t.out, "%s: %s\n", d.SKU, d.Kind)
		}
		found := r.Last.Missing + r.Last.Stale + r.Last.Orphaned
		say(t.out, "%s: %d SKUs compared, %d missing, %d stale, %d orphaned, %d repaired\n",
			r.Last.FinishedAt.Format(time.RFC3339), r.Last.Checked, r.Last.Missing, r.Last.Stale, r.Last.Orphaned, r.Last.Repaired)
		if left := found - r.Last.Repaired; left > 0 {
			return fmt.Errorf("%d could not be repaired", left)
		}
		return nil
	})
}
