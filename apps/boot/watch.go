package boot

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/bodega-commerce/bodega/ports"
)

const (
	watchEvery  = time.Minute
	watchWindow = 48 * time.Hour  // orders older than that are left to bodega check
	watchTime   = 2 * time.Minute // for one invariant
	// watchRest is how many times longer than it took an invariant is left
	// alone: what is costly to check takes a fiftieth of a connection's time at
	// most, and is checked less often than every minute.
	watchRest  = 50
	watchLines = 10 // in the log, of one invariant and turn
)

// watch checks every minute what must always be true, and tells of what is not.
// Of several servers one does.
type watch struct {
	auditor ports.Auditor
	leases  ports.Leases // nil: there is one server
	log     *slog.Logger
	now     func() time.Time // of the shop
	every   time.Duration
	broken  *prometheus.CounterVec
	checked *prometheus.GaugeVec

	due map[string]time.Time // when an invariant's rest is over, by the wall clock
}

func newWatch(auditor ports.Auditor, leases ports.Leases, m *metrics, log *slog.Logger, now func() time.Time) *watch {
	w := &watch{
		auditor: auditor, leases: leases, log: log, now: now, every: watchEvery, due: map[string]time.Time{},
		broken:  m.counter("invariant_violations_total", "Violations found, by invariant: each is counted each time it is seen.", "name"),
		checked: m.gauge("invariant_checked_timestamp_seconds", "When an invariant was last checked to the end.", "name"),
	}
	if w.now == nil {
		w.now = time.Now
	}
	for _, known := range auditor.Invariants() {
		w.broken.WithLabelValues(known.Name) // so that the first violation is an increase
	}
	return w
}

// run checks until ctx ends. It leaves a shop that starts alone for a while.
func (w *watch) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(w.every):
		}
		if !w.mine(ctx) {
			continue
		}
		for _, known := range w.auditor.Invariants() {
			if ctx.Err() == nil && !time.Now().Before(w.due[known.Name]) {
				w.check(ctx, known.Name)
			}
		}
	}
}

// mine reports whether it is for this server to check.
func (w *watch) mine(ctx context.Context) bool {
	if w.leases == nil {
		return true
	}
	mine, err := w.leases.Hold(ctx, "check invariants")
	if err != nil && ctx.Err() == nil {
		w.log.WarnContext(ctx, "the invariants could not be checked", "error", err)
	}
	return mine
}

func (w *watch) check(ctx context.Context, invariant string) {
	limited, cancel := context.WithTimeout(ctx, watchTime)
	defer cancel()
	began := time.Now()
	found, err := w.auditor.Check(limited, invariant, w.now().Add(-watchWindow))
	w.due[invariant] = time.Now().Add(watchRest * time.Since(began))
	switch {
	case ctx.Err() != nil:
		return
	case err != nil:
		w.log.WarnContext(ctx, "an invariant could not be checked", "invariant", invariant, "error", err)
		return
	}
	w.checked.WithLabelValues(invariant).SetToCurrentTime()
	w.broken.WithLabelValues(invariant).Add(float64(len(found)))
	for i, v := range found {
		if i == watchLines {
			w.log.ErrorContext(ctx, "an invariant is broken", "invariant", invariant, "more", len(found)-i)
			return
		}
		w.log.ErrorContext(ctx, "an invariant is broken", "invariant", invariant, "subject", v.Subject, "detail", v.Detail)
	}
}
