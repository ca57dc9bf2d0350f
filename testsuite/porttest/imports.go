package porttest

import (
	"fmt"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/feed"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/ports"
)

// TestImages is the contract of Images.
func TestImages(t *testing.T, h CatalogHarness) {
	t.Parallel()
	w := newCatalogWorld(t, h)
	images := make([]catalog.Image, 3)
	for i := range images {
		images[i] = catalog.Image{ID: id.Image{UUID: w.ids.New()}, Key: fmt.Sprint("k", i), Alt: `"é" & <b>`, Width: 100, Height: i}
	}
	images[1].Sizes = []catalog.ImageSize{{Width: 50, Key: "k1-50"}, {Width: 20, Key: "k1-20"}}
	for i := range images {
		mark, err := w.store.Images.AddImage(t.Context(), images[i], w.now)
		if err != nil || mark.Realm != ports.Catalog {
			t.Fatalf("mark %+v, %v", mark, err)
		}
	}
	got, err := w.store.Images.ImagesByID(t.Context(), []id.Image{images[2].ID, {UUID: w.ids.New()}, images[0].ID, images[1].ID})
	mustSame(t, "in the order of ids", got, err, []catalog.Image{images[2], images[0], images[1]})
	got, err = w.store.Images.ImagesByID(t.Context(), nil)
	mustSame(t, "none", got, err, []catalog.Image{})
	_, err = w.store.Images.AddImage(t.Context(), images[0], w.now)
	mustFail(t, err, fault.Exists, "already_exists")
}

// TestImports is the contract of Imports.
func TestImports(t *testing.T, h CatalogHarness) {
	t.Parallel()

	t.Run("ReportsRoundTripExactly", func(t *testing.T) {
		t.Parallel()
		w := newCatalogWorld(t, h)
		queued := feed.Report{ID: id.Import{UUID: w.ids.New()}, Status: feed.Queued, Notes: []string{}, Errors: []feed.Reject{}, StartedAt: w.now}
		done := feed.Report{
			ID: id.Import{UUID: w.ids.New()}, Status: feed.Failed, DryRun: true, Lines: 9, Created: 1, Updated: 2, Unchanged: 3, Rejected: 4, UnknownMembers: 5,
			Notes: []string{"widened é"}, Failure: "no store", Errors: []feed.Reject{}, StartedAt: w.now, FinishedAt: w.now.Add(time.Microsecond),
		}
		for _, want := range []feed.Report{queued, done} {
			if err := w.store.Imports.SaveImport(t.Context(), want); err != nil {
				t.Fatal(err)
			}
			got, err := w.store.Imports.Import(t.Context(), want.ID)
			mustSame(t, string(want.Status), got, err, want)
		}
		queued.Status, queued.Lines = feed.Running, 7
		if err := w.store.Imports.SaveImport(t.Context(), queued); err != nil {
			t.Fatal(err)
		}
		got, err := w.store.Imports.Import(t.Context(), queued.ID)
		mustSame(t, "replaced", got, err, queued)
	})

	t.Run("UnknownIsNotFound", func(t *testing.T) {
		t.Parallel()
		w := newCatalogWorld(t, h)
		unknown := id.Import{UUID: w.ids.New()}
		_, err := w.store.Imports.Import(t.Context(), unknown)
		mustFail(t, err, fault.NotFound, "not_found")
		err = w.store.Imports.AddRejects(t.Context(), unknown, []feed.Reject{{Line: 1}})
		mustFail(t, err, fault.NotFound, "not_found")
		got, err := w.store.Imports.Rejects(t.Context(), unknown, 0, 10)
		mustSame(t, "rejects", got, err, []feed.Reject{})
	})

	t.Run("RejectsComeByLine", func(t *testing.T) {
		t.Parallel()
		w := newCatalogWorld(t, h)
		report := feed.Report{ID: id.Import{UUID: w.ids.New()}, Status: feed.Succeeded, Notes: []string{}, StartedAt: w.now}
		other := report
		other.ID = id.Import{UUID: w.ids.New()}
		var rejects []feed.Reject
		for line := range feed.ReportedRejects + 1 {
			rejects = append(rejects, feed.Reject{Line: line + 1, SKU: fmt.Sprint("S", line), Code: "pattern", Message: `"é"`})
		}
		for _, r := range []feed.Report{report, other} {
			if err := w.store.Imports.SaveImport(t.Context(), r); err != nil {
				t.Fatal(err)
			}
		}
		add := func(im id.Import, rs []feed.Reject) {
			t.Helper()
			if err := w.store.Imports.AddRejects(t.Context(), im, rs); err != nil {
				t.Fatal(err)
			}
		}
		add(report.ID, rejects[50:100]) // lines may be judged in any order
		add(report.ID, rejects[:50])
		add(other.ID, rejects[:1])
		got, err := w.store.Imports.Import(t.Context(), report.ID)
		report.Errors = rejects[:100]
		mustSame(t, "all that a report shows", got, err, report)
		add(report.ID, rejects[100:])
		report.Rejected, report.Errors = 101, nil // saving the report leaves its lines alone
		if err := w.store.Imports.SaveImport(t.Context(), report); err != nil {
			t.Fatal(err)
		}
		got, err = w.store.Imports.Import(t.Context(), report.ID)
		report.Errors, report.ErrorsTruncated = rejects[:100], true
		mustSame(t, "one more", got, err, report)
		lines, err := w.store.Imports.Rejects(t.Context(), report.ID, 60, 3)
		mustSame(t, "after a line", lines, err, rejects[60:63])
		lines, err = w.store.Imports.Rejects(t.Context(), report.ID, 101, 3)
		mustSame(t, "after the last", lines, err, []feed.Reject{})
	})
}
