package boot

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/bodega-commerce/bodega/adapters/httpapi"
	"github.com/bodega-commerce/bodega/core/fault"
)

const (
	probeTime = 3 * time.Second // for all dependencies together
	probeHold = time.Second     // so that whoever asks for readiness does not ask them all
)

// probe asks something that the shop depends on how it is.
type probe func(ctx context.Context) []httpapi.Check

// one is the probe of a single dependency; without it the shop is in the state
// given.
func one(name, without string, ask func(context.Context) error) probe {
	return func(ctx context.Context) []httpapi.Check {
		began := time.Now()
		check := httpapi.Check{Name: name, Status: httpapi.Healthy}
		if err := ask(ctx); err != nil {
			check.Status, check.Detail = without, err.Error()
		}
		check.LatencyMS = float64(time.Since(began).Microseconds()) / 1000
		return []httpapi.Check{check}
	}
}

// depends notes a dependency, while the shop is assembled.
func (a *App) depends(p probe) { a.probes = append(a.probes, p) }

// vitals is how the dependencies were a moment ago.
type vitals struct {
	mu     sync.Mutex
	until  time.Time
	checks []httpapi.Check
}

// checks asks all dependencies at once.
func (a *App) checks(ctx context.Context) []httpapi.Check {
	a.vitals.mu.Lock()
	defer a.vitals.mu.Unlock()
	if time.Now().Before(a.vitals.until) {
		return a.vitals.checks
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), probeTime)
	defer cancel()
	found := make([][]httpapi.Check, len(a.probes))
	var all sync.WaitGroup
	for i, p := range a.probes {
		all.Go(func() { found[i] = p(ctx) })
	}
	all.Wait()
	a.vitals.checks = nil
	for _, checks := range found {
		a.vitals.checks = append(a.vitals.checks, checks...)
	}
	a.vitals.until = time.Now().Add(probeHold)
	return a.vitals.checks
}

// health tells how the shop is: unavailable while it starts or stops and
// without what it cannot do without, degraded when anything else is amiss.
func (a *App) health(ctx context.Context) httpapi.Health {
	h := httpapi.Health{Status: httpapi.Healthy, Checks: a.checks(ctx)}
	for _, c := range h.Checks {
		if c.Status == httpapi.Unavailable || h.Status == httpapi.Healthy {
			h.Status = c.Status
		}
	}
	if !a.inService.Load() {
		h.Status = httpapi.Unavailable
	}
	return h
}

// about says which setting an adapter's refusal is about. What the setting
// itself is wrong in is one of Errors; what may pass is a plain error.
func about(name string, err error) error {
	text := err.Error()
	if failed, ok := errors.AsType[*fault.Error](err); ok && failed.Detail != "" {
		text = failed.Detail
	}
	if fault.Is(err, fault.Invalid) {
		return Errors{prefix + name + ": " + text}
	}
	return errors.New(prefix + name + ": " + text)
}
