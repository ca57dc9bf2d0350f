package jobs

import (
	"context"
	"io"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/adapters/postgres"
	"github.com/bodega-commerce/bodega/ports"
	"github.com/bodega-commerce/bodega/testsuite/containers"
)

// process is one of several that turn the same loops.
type process struct {
	shared, own atomic.Int32 // turns
	fails       atomic.Bool
	stop        func()
}

func newProcess(t *testing.T, leases ports.Leases) *process {
	t.Helper()
	p := &process{}
	p.stop = newDesk(t).start(t, func(r *Runner) {
		r.BuildIndex, r.Leases = nil, leases
		r.Loops = []Loop{
			{Name: "shared", Every: 20 * time.Millisecond, Do: func(context.Context) (int, error) {
				p.shared.Add(1)
				if p.fails.Load() {
					return 0, io.EOF
				}
				return 0, nil
			}},
			{Name: "own", Every: 20 * time.Millisecond, Everywhere: true, Do: func(context.Context) (int, error) {
				p.own.Add(1)
				return 0, nil
			}},
		}
	})
	return p
}

// Of several processes on a database one turns a loop; another does when the first
// fails at it, or stops.
func TestRunner_LoopsAreDivided(t *testing.T) {
	t.Parallel()
	url := containers.Postgres(t)
	open := func(migrate bool) *postgres.DB {
		db, err := postgres.Open(t.Context(), postgres.Config{URL: url, Migrate: migrate, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() })
		return db
	}
	dbs := []*postgres.DB{open(true), open(false)}
	first, second := newProcess(t, dbs[0].Leases()), newProcess(t, dbs[1].Leases())
	turning := func(p *process) func() bool {
		before := p.shared.Load()
		return func() bool { return p.shared.Load() > before+5 }
	}
	eventually(t, "both turn their own loops", func() bool { return first.own.Load() > 5 && second.own.Load() > 5 })
	busy, idle, at := first, second, 0
	if second.shared.Load() > 0 {
		busy, idle, at = second, first, 1
	}
	eventually(t, "one turns the shared one", turning(busy))
	if idle.shared.Load() > 0 {
		t.Error("so does the other")
	}

	busy.fails.Store(true)
	eventually(t, "the other turns it after a failure", turning(idle))
	busy.fails.Store(false)
	busy, idle, at = idle, busy, 1-at
	before := idle.shared.Load()
	eventually(t, "it stays with it", turning(busy))
	if idle.shared.Load() > before+1 { // one it had begun
		t.Error("whoever failed turns it, too")
	}

	busy.stop()
	if err := dbs[at].Close(); err != nil {
		t.Error(err)
	}
	eventually(t, "the other turns it when the one is gone", turning(idle))
}
