package chaos

import (
	"errors"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/testsuite/expect"
)

// The disk fills up under a running shop: shoppers are told to come back, and
// when there is room again those who do get what they asked for, once.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	dir := smallDisk(t)
	s := serve(t, dir, "BODEGA_RESERVATION_TTL=5s")
	s.sell("TEE", 10_000)
	x := &storm{t: t, server: s, stock: map[string]int{"TEE": 10_000}}
	for range 40 {
		x.arrive()
	}

	filler := fill(t, dir)
	x.mustAnswerReads()
	x.mustBeDegraded()
	x.mustRefuseNews()
	refused := x.squeeze(filler)
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}

	held := 0 // by a key that could not be given back: there was no room to write that down
	for _, y := range refused {
		if final, err := x.send(t.Context(), y); err != nil {
			t.Fatal(err)
		} else if !final {
			held++
		}
	}
	if !x.asks(x.arrive()) {
		t.Error("refused although there is room again")
	}
	if code := s.interrupt(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	x.restart() // gives keys back
	x.comeBack(x.tries)
	x.server.settle(time.Minute)
	x.verify()
	t.Logf("%d of %d were refused at first, of %d the key was held", len(refused), len(x.tries), held)
}

// smallDisk mounts a disk of its own. Only root can.
func smallDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", dir).CombinedOutput(); err != nil {
		t.Skipf("a small disk cannot be mounted: %s", out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", "-l", dir).CombinedOutput(); err != nil {
			t.Errorf("umount: %s", out)
		}
	})
	return filepath.Join(dir, "data")
}

// fill writes a file until the disk is full.
func fill(t *testing.T, dir string) string {
	t.Helper()
	file, err := os.Create(filepath.Join(dir, "filler"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for size := 1 << 20; size > 0; {
		switch _, err := file.Write(make([]byte, size)); {
		case errors.Is(err, syscall.ENOSPC):
			size /= 2
		case err != nil:
			t.Fatal(err)
		}
	}
	return file.Name()
}

// arrive prepares a checkout of one TEE.
func (x *storm) arrive() *try {
	x.t.Helper()
	ctx := x.t.Context()
	s, a, err := x.server.anyone().enter(ctx)
	if err == nil && s != nil {
		a, err = s.put(ctx, line{"TEE", 1})
	}
	y := &try{shopper: s, token: "tok_ok", email: buyer(len(x.tries))}
	if err == nil && a.status == http.StatusOK {
		y.checkout, a, err = s.checkout(ctx, y.token, y.email)
	}
	if err != nil || a.status != http.StatusOK {
		x.t.Fatalf("%s, %v", a, err)
	}
	x.tries = append(x.tries, y)
	return y
}

// asks sends a checkout and reports whether it was answered with an order.
func (x *storm) asks(y *try) bool {
	x.t.Helper()
	a, err := y.shopper.place(x.t.Context(), y.checkout)
	if err == nil && a.status == http.StatusCreated {
		y.told = append(y.told, a)
		return true
	}
	x.mustBeOutOfService(a, err)
	return false
}

// squeeze sends the checkouts while there is a little more room for each than
// for the one before, often less than it takes, so that they fail at every step.
// It returns those that were refused.
func (x *storm) squeeze(filler string) (refused []*try) {
	x.t.Helper()
	info, err := os.Stat(filler)
	if err != nil {
		x.t.Fatal(err)
	}
	size := info.Size()
	for _, y := range x.tries {
		size -= rand.N[int64](200 << 10)
		if err := os.Truncate(filler, size); err != nil {
			x.t.Fatal(err)
		}
		if !x.asks(y) {
			refused = append(refused, y)
		}
	}
	if len(refused) == 0 {
		x.t.Error("the full disk did not show")
	}
	return refused
}

// mustRefuseNews checks that what is new is refused.
func (x *storm) mustRefuseNews() {
	x.t.Helper()
	_, a, err := x.server.anyone().enter(x.t.Context())
	x.mustBeOutOfService(a, err)
	a, err = x.server.admin().send(x.t.Context(), http.MethodPost, "/v1/admin/products", encode(map[string]any{
		"name": "Too much", "base_price": map[string]any{"amount": 1, "currency": "EUR"}, "variants": []any{map[string]any{"sku": "TOO-MUCH"}},
	}))
	x.mustBeOutOfService(a, err)
}

// mustAnswerReads checks that shoppers can still look around.
func (x *storm) mustAnswerReads() {
	x.t.Helper()
	for _, path := range []string{"/v1/products", "/v1/search?q=tee", "/livez"} {
		if a, err := x.server.anyone().send(x.t.Context(), http.MethodGet, path, nil); err != nil || a.status != http.StatusOK {
			x.t.Errorf("%s: %s, %v", path, a, err)
		}
	}
}

// mustBeDegraded waits until the shop says itself that something is amiss.
func (x *storm) mustBeDegraded() {
	x.t.Helper()
	expect.Soon(x.t, "the shop is degraded", func() bool {
		a, err := x.server.anyone().send(x.t.Context(), http.MethodGet, "/readyz", nil)
		return err == nil && a.status == http.StatusOK && strings.Contains(string(a.body), `"degraded"`)
	})
}

// mustBeOutOfService checks that an answer tells a client to come back.
func (x *storm) mustBeOutOfService(a answer, err error) {
	x.t.Helper()
	if err != nil || a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") == "" || a.code() != "unavailable" && a.code() != "payment_unavailable" {
		x.t.Errorf("want 503 and when to come back, got %s, %v", a, err)
	}
}
