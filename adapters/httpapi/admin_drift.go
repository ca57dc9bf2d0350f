package httpapi

import (
	"context"
	"net/http"

	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/job"
)

// DriftCheck is what came of comparing the whole index with the store.
type DriftCheck struct {
	StartedAt  Time       `json:"started_at"`
	FinishedAt Null[Time] `json:"finished_at"`
	Checked    int        `json:"checked" doc:"SKUs of the store"`
	Missing    int        `json:"missing" doc:"on sale, and not in the index"`
	Stale      int        `json:"stale" doc:"otherwise in the index than in the store"`
	Orphaned   int        `json:"orphaned" doc:"in the index, and not on sale"`
	Repaired   int        `json:"repaired"`
	Examples   []Drift    `json:"examples" doc:"the first twenty"`
}

// Drift is a SKU of which index and store said different things.
type Drift struct {
	SKU     string  `json:"sku"`
	Product *string `json:"product_id" doc:"null if the store does not know it"`
	Kind    string  `json:"kind" enum:"missing,stale,orphaned"`
}

// DriftReport is how far the index is from the store.
type DriftReport struct {
	Running  bool             `json:"running"`
	Last     Null[DriftCheck] `json:"last" doc:"the last complete comparison"`
	Current  Null[DriftCheck] `json:"current" doc:"the one under way, so far"`
	DeadJobs DeadIndexing     `json:"dead_jobs"`
}

// DeadIndexing is the indexing that was given up. What it was about shows as
// drift until the next comparison has repaired it.
type DeadIndexing struct {
	Total int       `json:"total"`
	Items []DeadJob `json:"items" doc:"the newest, of each queue at most a hundred"`
}

func (a *api) registerDrift() {
	register(a.edge, operation{
		ID: "readDrift", Method: http.MethodGet, Path: "/v1/admin/search/drift", Tag: "search", Permission: account.SearchManage,
		Summary: "Show how far the index is from the store",
		Description: "The whole index is compared with the store about every ten minutes. What differs is looked at again a minute later; " +
			"if it still differs in just that way, no job was about to mend it, and it is counted and repaired.",
	}, func(ctx context.Context, _ *struct{}) (*reply[DriftReport], error) {
		found, err := a.shop.Search.Drift(ctx, core.ReadDrift{By: caller(ctx, "")})
		if err != nil {
			return nil, err
		}
		out := DriftReport{Running: found.Now != nil, Last: driftCheck(found.Last), Current: driftCheck(found.Now), DeadJobs: DeadIndexing{Items: []DeadJob{}}}
		if a.opts.DeadJobs == nil {
			return &reply[DriftReport]{Body: out}, nil
		}
		for _, task := range []string{job.IndexProduct, job.IndexProducts} {
			dead, total, err := a.opts.DeadJobs.ListDead(ctx, job.DeadFilter{Task: task, NewestFirst: true, Limit: 100, Count: true})
			if err != nil {
				return nil, err
			}
			out.DeadJobs.Total += total
			for _, d := range dead {
				out.DeadJobs.Items = append(out.DeadJobs.Items, deadJob(d))
			}
		}
		return &reply[DriftReport]{Body: out}, nil
	})
}

func driftCheck(c *core.DriftCheck) Null[DriftCheck] {
	if c == nil {
		return Null[DriftCheck]{}
	}
	out := DriftCheck{
		StartedAt: Time{c.StartedAt}, FinishedAt: optionalTime(c.FinishedAt), Checked: c.Checked, Missing: c.Missing, Stale: c.Stale,
		Orphaned: c.Orphaned, Repaired: c.Repaired, Examples: make([]Drift, len(c.Examples)),
	}
	for i, d := range c.Examples {
		out.Examples[i] = Drift{SKU: string(d.SKU), Kind: string(d.Kind)}
		if !d.Product.IsZero() {
			out.Examples[i].Product = text(d.Product.String())
		}
	}
	return Some(out)
}
