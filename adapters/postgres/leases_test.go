package postgres

import (
	"context"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/ports"
	"github.com/bodega-commerce/bodega/testsuite/containers"
	"github.com/bodega-commerce/bodega/testsuite/porttest"
)

// beside opens another process's view of a shop, by a way of its own if one is
// given.
func beside(t *testing.T, db *DB, url string) *DB {
	t.Helper()
	if url == "" {
		url = db.orders.primary.address.cfg.ConnString()
	}
	other, err := Open(t.Context(), Config{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { other.Close() })
	return other
}

func TestLeases_Conformance(t *testing.T) {
	porttest.TestLeases(t, porttest.LeaseHarness{New: func(t *testing.T) (a, b ports.Leases) {
		db := open(t)
		return db.Leases(), beside(t, db, "").Leases()
	}})
}

// Whoever holds a work and is gone, however that came, is followed by the other;
// and knows that it has lost it when it is back.
func TestLeases_TheOtherTakesOver(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		gone func(t *testing.T, a *DB, link *containers.Link)
		back bool
	}{
		{"Closed", func(t *testing.T, a *DB, _ *containers.Link) {
			if err := a.Close(); err != nil {
				t.Error(err)
			}
		}, false},
		{"ItsSessionIsKilled", func(t *testing.T, a *DB, _ *containers.Link) {
			a.leases.mu.Lock()
			pid := a.leases.session.PgConn().PID()
			a.leases.mu.Unlock()
			if _, err := a.orders.primary.pool.Exec(t.Context(), "SELECT pg_terminate_backend($1)", pid); err != nil {
				t.Error(err)
			}
		}, true},
		{"ItsConnectionsAreCut", func(t *testing.T, _ *DB, link *containers.Link) { link.Cut(t) }, true},
		{"ItsMachineIsOffTheNet", func(t *testing.T, _ *DB, link *containers.Link) { link.Hang(t) }, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := open(t)
			link := containers.Proxy(t, b.orders.primary.address.cfg.ConnString())
			a := beside(t, b, link.URL)
			if mine, err := a.Leases().Hold(t.Context(), "sweep"); err != nil || !mine {
				t.Fatal(mine, err)
			}
			if mine, err := b.Leases().Hold(t.Context(), "sweep"); err != nil || mine {
				t.Fatal(mine, err)
			}
			c.gone(t, a, link)
			becomes(t, b, true)
			link.Heal(t)
			if c.back {
				becomes(t, a, false)
				becomes(t, b, true)
			}
		})
	}
}

// becomes waits until a process says so of what it holds.
func becomes(t *testing.T, db *DB, want bool) {
	t.Helper()
	mine, err := db.Leases().Hold(t.Context(), "sweep")
	for began := time.Now(); err != nil || mine != want; mine, err = db.Leases().Hold(t.Context(), "sweep") {
		if time.Since(began) > time.Minute {
			t.Fatalf("it is held: %v, %v, want %v", mine, err, want)
		}
		pause(t.Context(), 50*time.Millisecond)
	}
}

// While the database cannot be asked nobody is told that a work is theirs.
func TestLeases_WithoutTheDatabase(t *testing.T) {
	t.Parallel()
	db := open(t)
	link := containers.Proxy(t, db.orders.primary.address.cfg.ConnString())
	a := beside(t, db, link.URL)
	for name, gone := range map[string]func(testing.TB){"down": link.Down, "silent": link.Hang} {
		gone(t)
		if mine, err := a.Leases().Hold(t.Context(), "sweep "+name); mine || !fault.Is(err, fault.Unavailable) {
			t.Errorf("%s: got %v, %v", name, mine, err)
		}
		link.Heal(t)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if mine, err := a.Leases().Hold(ended, "sweep"); mine || !fault.Is(err, fault.Canceled) {
		t.Errorf("canceled: got %v, %v", mine, err)
	}
	becomes(t, a, true)
}
