package chaos

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/bodega-commerce/bodega/testsuite/containers"
)

// TestVersions runs the program before the newest migration of the orders and
// the one after it side by side, as an update and its rollback do.
func TestVersions(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	old, newer := previous(t), currentPrograms(t)
	first := f.serve(old, containers.Address(t))
	first.sell("V", 100)
	buy(t, first, "V", "before@example.com")

	second := f.serve(newer, containers.Address(t)) // and brings the schema up to date
	for _, s := range []*server{first, second, first, second} {
		buy(t, s, "V", "both@example.com")
	}
	if code := first.interrupt(); code != 0 {
		t.Errorf("the old server ended with %d:\n%s", code, first.said.tail())
	}
	back := f.serve(old, containers.Address(t)) // rolled back, on the newer schema
	buy(t, back, "V", "after@example.com")

	if onHand, _ := second.stock("V"); onHand > 94 {
		t.Errorf("%d are left of a hundred", onHand)
	}
	if n := len(second.orders()); n != 6 {
		t.Errorf("there are %d orders", n)
	}
	second.mustBeSound()
	back.mustBeSound()
}

// buy orders one of a SKU, which has to be confirmed.
func buy(t *testing.T, s *server, sku, email string) {
	t.Helper()
	shopper, a, err := s.anyone().enter(t.Context())
	if err != nil || shopper == nil {
		t.Fatalf("a cart: %v, %v", a, err)
	}
	if a, err := shopper.put(t.Context(), line{sku, 1}); err != nil || a.status != 200 {
		t.Fatalf("a line: %v, %v", a, err)
	}
	order, a, err := shopper.checkout(t.Context(), "tok_ok", email)
	if err != nil || order.key == "" {
		t.Fatalf("a quote: %v, %v", a, err)
	}
	placed, err := shopper.place(t.Context(), order)
	if err != nil || placed.status != 201 || orderOf(placed).Status != "confirmed" {
		t.Fatalf("an order: %v, %v", placed, err)
	}
}

func currentPrograms(t *testing.T) string {
	t.Helper()
	dir, err := programs()
	if err != nil {
		t.Fatalf("build: %v", err)
	}
	return dir
}

// previous builds the server without the newest migration of the orders realm.
func previous(t *testing.T) string {
	t.Helper()
	steps, err := filepath.Glob(filepath.Join("..", "..", "adapters", "postgres", "migrations", "orders", "*.sql"))
	if err != nil || len(steps) < 2 {
		t.Fatalf("migrations %v, %v", steps, err)
	}
	newest, err := filepath.Abs(slices.Max(steps))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{newest: ""}})
	if err != nil {
		t.Fatal(err)
	}
	without := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(without, overlay, 0o600); err != nil {
		t.Fatal(err)
	}
	build := exec.Command("go", "build", "-buildvcs=false", "-overlay", without, "-o", filepath.Join(dir, "server"), "./apps/server")
	build.Dir = filepath.Join("..", "..")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return dir
}
