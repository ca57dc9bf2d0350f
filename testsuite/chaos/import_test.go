package chaos

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// feed writes a catalogue of variants, three to a product, with brands,
// categories, attributes and stock. The last one's title says so.
func feed(w io.Writer, variants int) error {
	lines := json.NewEncoder(w)
	for i := range variants {
		family := i / 3
		word := "Thing"
		if i == variants-1 {
			word = "Ultimate"
		}
		if err := lines.Encode(map[string]any{
			"sku": fmt.Sprintf("V-%06d", i), "title": fmt.Sprintf("%s %d %s", word, family, strings.Repeat("x", family%5)),
			"price": map[string]any{"amount": 100 + family, "currency": "EUR"}, "brand": fmt.Sprintf("Brand %d", family%97),
			"category": []string{fmt.Sprintf("Branch %d", family%7), fmt.Sprintf("Leaf %d", family%91)},
			"family":   fmt.Sprintf("F-%d", family), "options": map[string]string{"size": strconv.Itoa(i % 3)}, "stock": 5,
			"attributes": map[string]any{"weight": family % 400, "material": fmt.Sprintf("Stuff %d", family%31), "round": family%2 == 0},
		}); err != nil {
			return err
		}
	}
	return nil
}

// imported is an import's report.
type imported struct {
	Status                                       string
	Lines, Created, Updated, Unchanged, Rejected int
	Failure                                      *string
	FinishedAt                                   *time.Time `json:"finished_at"`
}

// upload starts an import and returns where its report is.
func (s *server) upload(content []byte) string {
	s.t.Helper()
	a, err := s.admin().with("Content-Type", "application/x-ndjson").send(s.t.Context(), http.MethodPost, "/v1/admin/import", content)
	if err != nil || a.status != http.StatusAccepted {
		s.t.Fatalf("import: %s, %v", a, err)
	}
	return a.header.Get("Location")
}

func (s *server) report(at string) imported {
	s.t.Helper()
	var r imported
	s.admin().must(s.t, http.MethodGet, at, nil, &r)
	return r
}

// finished waits for the end of an import.
func (s *server) finished(at string) imported {
	s.t.Helper()
	for deadline := time.Now().Add(5 * time.Minute); ; time.Sleep(20 * time.Millisecond) {
		if r := s.report(at); r.Status != "queued" && r.Status != "running" || time.Now().After(deadline) {
			return r
		}
	}
}

// importing waits until an import has gone through so many lines, or is over.
func (s *server) importing(at string, lines int) imported {
	s.t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		if r := s.report(at); r.Lines >= lines && r.Status == "running" || r.FinishedAt != nil || time.Now().After(deadline) {
			return r
		}
	}
}

// The server is killed in the middle of an import: its report says so, and the
// same feed again completes it.
func TestKillImport(t *testing.T) {
	t.Parallel()
	const variants = 6000
	var content bytes.Buffer
	if err := feed(&content, variants); err != nil {
		t.Fatal(err)
	}
	s := serve(t, t.TempDir())
	for range rounds(t, 2) {
		at := s.upload(content.Bytes())
		reached := s.importing(at, rand.N(variants/2))
		s.kill()
		s = s.again()
		if r := s.report(at); r.Status != "succeeded" && (r.Status != "failed" || r.Failure == nil || r.FinishedAt == nil) || r.Lines < reached.Lines {
			t.Errorf("after the kill the import of %+v is %+v", reached, r)
		}
		s.mustBeSound()
	}
	if r := s.finished(s.upload(content.Bytes())); r.Status != "succeeded" || r.Created+r.Updated+r.Unchanged != variants || r.Rejected != 0 {
		t.Errorf("the import again: %+v", r)
	}
	if r := s.finished(s.upload(content.Bytes())); r.Unchanged != variants {
		t.Errorf("once more: %+v", r)
	}
	s.settle(time.Minute)
	s.mustHaveAll(variants)
	if onHand, reserved := s.stock("V-000000"); onHand != 5 || reserved != 0 {
		t.Errorf("%d on hand, %d held", onHand, reserved)
	}
	s.mustBeSound()
}

// mustHaveAll checks that all products are found, and the last one by its name.
func (s *server) mustHaveAll(variants int) {
	s.t.Helper()
	var list, found struct{ Total int }
	s.anyone().must(s.t, http.MethodGet, "/v1/products", nil, &list)
	s.anyone().must(s.t, http.MethodGet, "/v1/search?q=ultimate", nil, &found)
	if list.Total != variants/3 || found.Total != 1 {
		s.t.Errorf("%d products in the list, want %d; %d found by the last one's name", list.Total, variants/3, found.Total)
	}
}

// A hundred thousand variants: brought in by the operator's tool, then the
// server is started on them.
func TestScale(t *testing.T) {
	t.Parallel()
	const variants = 99_999
	if rounds(t, 0) == 0 {
		t.Skip("the long form only: set CHAOS_ROUNDS")
	}
	name := filepath.Join(t.TempDir(), "feed.jsonl")
	file, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := feed(file, variants); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	began := time.Now()
	code, said := run(t, program(t, "bodega", []string{"BODEGA_DATA_DIR=" + dir}, "import", name))
	if code != 0 || !strings.Contains(said, fmt.Sprintf("%d created", variants)) {
		t.Fatalf("import: exit code %d\n%s", code, said)
	}
	took := time.Since(began)
	s := serve(t, dir)
	s.mustHaveAll(variants)
	t.Logf("%d variants: imported in %.1f s, ready %.1f s after the start, %d MB resident", variants, took.Seconds(), s.ready.Seconds(), s.resident()>>20)
	if s.ready > 10*time.Second {
		t.Errorf("the server took %s to be ready", s.ready)
	}
	s.mustBeSound()
}

// resident returns how many bytes of memory the server takes.
func (s *server) resident() int64 {
	s.t.Helper()
	a, err := (&client{http: http.DefaultClient, url: s.ops}).send(s.t.Context(), http.MethodGet, "/metrics", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	for text := range strings.Lines(string(a.body)) {
		if value, ok := strings.CutPrefix(text, "process_resident_memory_bytes "); ok {
			n, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			if err != nil {
				s.t.Fatal(err)
			}
			return int64(n)
		}
	}
	return 0 // not known on this system
}
