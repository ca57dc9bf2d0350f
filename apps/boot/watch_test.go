package boot

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/ports"
)

// auditor finds what a test wants it to.
type auditor struct {
	check func(ctx context.Context, invariant string, since time.Time) ([]ports.Violation, error)
}

func (a auditor) Invariants() []ports.Invariant {
	return []ports.Invariant{{Name: "cheap"}, {Name: "costly"}, {Name: "failing"}}
}

func (a auditor) Check(ctx context.Context, invariant string, since time.Time) ([]ports.Violation, error) {
	return a.check(ctx, invariant, since)
}
func (auditor) Violations(context.Context) ([]ports.Violation, error) { return nil, nil }
func (auditor) Currency(context.Context) (money.Currency, error)      { return "", nil }

func TestWatch_Run(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMetrics()
		turns := map[string]int{}
		broken := make([]ports.Violation, 3)
		w := newWatch(auditor{func(ctx context.Context, invariant string, since time.Time) ([]ports.Violation, error) {
			turns[invariant]++
			if _, bounded := ctx.Deadline(); !bounded || time.Since(since) != watchWindow {
				t.Errorf("%s is checked since %v, within a time: %v", invariant, since, bounded)
			}
			switch invariant {
			case "cheap":
				return broken, nil
			case "costly":
				time.Sleep(6 * time.Second) // of a clock that is not real
				return nil, nil
			default:
				return nil, errors.New("the store is away")
			}
		}}, nil, m, silent(), nil)
		for _, name := range []string{"cheap", "costly", "failing"} {
			if got := value(t, m, "invariant_violations_total", "name", name); got != 0 {
				t.Errorf("before the first turn: %v of %s", got, name)
			}
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); w.run(ctx) }()
		time.Sleep(21 * time.Minute)
		synctest.Wait()
		stop()
		<-ended
		// Costly: 6 s, then 300 s of rest, then the next turn.
		if turns["cheap"] < 19 || turns["cheap"] > 21 || turns["costly"] != 4 || turns["failing"] != turns["cheap"] {
			t.Errorf("turns: %v", turns)
		}
		if got := value(t, m, "invariant_violations_total", "name", "cheap"); got != float64(len(broken)*turns["cheap"]) {
			t.Errorf("%v violations counted in %d turns", got, turns["cheap"])
		}
		if got := value(t, m, "invariant_violations_total", "name", "costly"); got != 0 {
			t.Errorf("%v violations counted of what holds", got)
		}
		if age := float64(time.Now().Unix()) - value(t, m, "invariant_checked_timestamp_seconds", "name", "cheap"); age > 120 {
			t.Errorf("last checked %v s ago", age)
		}
	})
}
