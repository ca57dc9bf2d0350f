package chaos

import (
	"crypto/rand"
	mathrand "math/rand/v2"
	"net/http"
	"os"
	"testing"
	"time"
)

// siege is how long programs are killed on end.
func siege(t *testing.T) time.Duration {
	t.Helper()
	text, long := os.LookupEnv("CHAOS_SIEGE")
	if !long {
		t.Skip("programs are killed for minutes on end: make chaos")
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		t.Fatalf("CHAOS_SIEGE must be a duration like 10m, not %q", text)
	}
	return d
}

// Under load the server is killed at random moments, again and again, and now
// and then while it starts. Each minute another shop opens, and what became of
// the last one is looked at.
func TestSiege_Embedded(t *testing.T) {
	t.Parallel()
	long := siege(t)
	for began := time.Now(); time.Since(began) < long && !t.Failed(); {
		x := &storm{t: t, server: serve(t, t.TempDir(), "BODEGA_RESERVATION_TTL=8s")}
		x.besiege(min(long, time.Minute), 1, func() { x.server.kill() })
		x.server.settle(2 * time.Minute)
		x.verify()
		x.server.kill()
	}
}

// The same to a server and a consumer on PostgreSQL and RabbitMQ.
func TestSiege_Production(t *testing.T) {
	t.Parallel()
	long := siege(t)
	m := newProductionMatrix(t, "BODEGA_RESERVATION_TTL=150s")
	x := &storm{t: t, server: m.programs[shop], patience: 100 * time.Second} // the key of a dead server is held for a minute
	x.reopen = func() *server {
		if mathrand.N(3) == 0 {
			s := m.launch(shop)
			time.Sleep(mathrand.N(time.Second)) // anywhere in its start
			s.kill()
		}
		m.start(shop)
		return m.programs[shop]
	}
	x.besiege(long, 8, func() {
		if mathrand.N(2) == 0 {
			m.programs[worker].kill()
			m.start(worker)
			time.Sleep(mathrand.N(500 * time.Millisecond))
		}
		m.programs[shop].kill()
	})
	x.server.settle(5 * time.Minute)
	x.untilServed()
	x.verify()
}

// besiege kills for a while. After so many kills those shoppers come back who
// came since the last time; in the end all do.
func (x *storm) besiege(long time.Duration, between int, kill func()) {
	x.t.Helper()
	x.stock = map[string]int{"PLENTY": 100_000, "SCARCE": 10, "RARE": 1}
	for sku, units := range x.stock {
		x.server.sell(sku, units)
	}
	kills, known := 0, 0
	for began := time.Now(); time.Since(began) < long && !x.t.Failed(); {
		x.supply("SCARCE", 10)
		x.supply("RARE", 1)
		x.rage(kill)
		x.restart()
		if kills++; kills%between == 0 {
			x.comeBack(x.tries[known:])
			known = len(x.tries)
		}
	}
	x.comeBack(x.tries)
	x.act()
	x.t.Logf("%d kills", kills)
}

// supply puts more units on the shelf.
func (x *storm) supply(sku string, units int) {
	x.t.Helper()
	x.server.admin().with("Idempotency-Key", rand.Text()).must(x.t, http.MethodPost, "/v1/admin/variants/"+sku+"/stock-adjustments",
		map[string]any{"delta": units, "reason": "received"}, nil)
	x.stock[sku] += units
}

// untilServed waits until what a broker still had is done: money is taken and
// mails are written. Whether that is right, verify says.
func (x *storm) untilServed() {
	x.t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); time.Sleep(time.Second) {
		mails, missing := x.server.confirmations(), 0
		for _, o := range x.server.orders() {
			if o.Status == "confirmed" && (o.Payment.Status != "captured" || len(mails[o.Number]) == 0) {
				missing++
			}
		}
		if missing == 0 {
			return
		}
	}
}
