package core_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/search"
)

// TestImports_RealCatalogue imports a real catalogue, if one is at hand.
func TestImports_RealCatalogue(t *testing.T) {
	dir := os.Getenv("BODEGA_TEST_DATA")
	if dir == "" {
		t.Skip("BODEGA_TEST_DATA names no folder with products.jsonl.gz")
	}
	data, err := os.ReadFile(filepath.Join(dir, "products.jsonl.gz"))
	if err != nil {
		t.Fatal(err)
	}
	w := openStall(t, &core.Options{Currency: "USD"}, once)
	five := 5
	start := time.Now()
	first := w.importing(string(data), func(c *core.RunImport) { c.Stock = &five })
	t.Logf("import: %v", time.Since(start))
	start = time.Now()
	jobs := w.work()
	t.Logf("index: %v, %d products", time.Since(start), jobs)
	if first.Created != 19_406 || first.Rejected != 0 || first.Total != 19_406 || first.Lines != 19_406 || first.UnknownMembers == 0 {
		t.Errorf("the first time: %+v", first)
	}
	own := 0
	for _, n := range first.Notes {
		if strings.Contains(n, "a product of its own") {
			own++
		}
	}
	t.Logf("%d notes, %d of lines that became products of their own", len(first.Notes), own)
	found, err := w.shop.Search.Find(t.Context(), core.FindProducts{Query: search.Query{Text: "notebook"}})
	if err != nil || found.Total == 0 || len(found.Items) == 0 || len(found.Facets) == 0 {
		t.Errorf("found %d, %v", found.Total, err)
	}
	all, err := w.shop.Catalog.List(t.Context(), core.ListProducts{})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d products", all.Total)

	start = time.Now()
	again := w.importing(string(data), func(c *core.RunImport) { c.Stock = &five })
	t.Logf("again: %v", time.Since(start))
	if again.Unchanged != 19_406 || again.Created+again.Updated+again.Rejected != 0 {
		t.Errorf("the second time: created %d, updated %d, rejected %d, unchanged %d", again.Created, again.Updated, again.Rejected, again.Unchanged)
	}
	if n := w.work(); n != 0 {
		t.Errorf("the second import concerned %d products", n)
	}

	start = time.Now()
	out := w.export()
	t.Logf("export: %v, %d bytes", time.Since(start), len(out))
	other := openStall(t, &core.Options{Currency: "USD"}, once)
	copied := other.importing(out)
	if copied.Created != 19_406 || copied.Rejected != 0 {
		t.Errorf("the copy: %+v", copied)
	}
	if back := other.export(); back != out {
		t.Errorf("the copy's export differs: %d bytes, not %d", len(back), len(out))
	}
}

// BenchmarkImports measures a real catalogue from the first line read to the
// last document found.
func BenchmarkImports(b *testing.B) {
	dir := os.Getenv("BODEGA_TEST_DATA")
	if dir == "" {
		b.Skip("BODEGA_TEST_DATA names no folder with products.jsonl.gz")
	}
	data, err := os.ReadFile(filepath.Join(dir, "products.jsonl.gz"))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		w := openStall(b, &core.Options{Currency: "USD"}, once)
		start := time.Now()
		w.importing(string(data))
		imported := time.Since(start)
		w.work()
		b.ReportMetric(imported.Seconds(), "s/import")
		b.ReportMetric((time.Since(start) - imported).Seconds(), "s/index")
	}
}
