package core

import (
	"context"
	"time"

	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/search"
)

// DriftKind says how the index differs from the store.
type DriftKind string

// The kinds.
const (
	DriftMissing  DriftKind = "missing"  // on sale, and not in the index
	DriftStale    DriftKind = "stale"    // otherwise in the index than in the store
	DriftOrphaned DriftKind = "orphaned" // in the index, and not on sale
)

// Drift is one difference that no job was about to mend.
type Drift struct {
	SKU     id.SKU     `json:"sku"`
	Product id.Product `json:"product"` // zero of what the store does not know
	Kind    DriftKind  `json:"kind"`
}

// DriftCheck is what came of comparing the whole index with the store.
type DriftCheck struct {
	StartedAt  time.Time `json:"started_at"`
	FinishedAt time.Time `json:"finished_at"` // zero: it is under way
	Checked    int       `json:"checked"`     // SKUs of the store
	Missing    int       `json:"missing"`
	Stale      int       `json:"stale"`
	Orphaned   int       `json:"orphaned"`
	Repaired   int       `json:"repaired"`
	Examples   []Drift   `json:"examples"` // the first maxExamples
}

// Found is how many SKUs differed.
func (c *DriftCheck) Found() int { return c.Missing + c.Stale + c.Orphaned }

const maxExamples = 20

func (c *DriftCheck) count(d Drift) {
	switch d.Kind {
	case DriftMissing:
		c.Missing++
	case DriftStale:
		c.Stale++
	case DriftOrphaned:
		c.Orphaned++
	}
	if len(c.Examples) < maxExamples {
		c.Examples = append(c.Examples, d)
	}
}

// DriftReport is how far the index is from the store.
type DriftReport struct {
	Last *DriftCheck `json:"last"` // nil: there was none yet
	Now  *DriftCheck `json:"now"`  // nil: none is under way
}

// ReadDrift asks how far the index is from the store.
type ReadDrift struct {
	By account.Actor
}

// Drift returns the newest reports. Needs search.manage.
func (se *Search) Drift(ctx context.Context, q ReadDrift) (DriftReport, error) {
	if err := allow(q.By, account.SearchManage); err != nil {
		return DriftReport{}, err
	}
	w, r, err := se.reports(ctx)
	if err == nil && w.Free(se.s.Now()) {
		r.Now = nil // whoever was at it is gone
	}
	return r, err
}

func (se *Search) reports(ctx context.Context) (w search.Work, r DriftReport, err error) {
	w, err = work(ctx, se, search.WorkCompare, &r)
	return w, r, err
}
