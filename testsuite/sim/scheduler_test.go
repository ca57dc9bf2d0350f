package sim

import (
	"cmp"
	"context"
	"runtime"
	"slices"
	"sync"
	"testing/synctest"
	"time"

	"github.com/bodega-commerce/bodega/core/fault"
)

// party is somebody who does something: one line of the timeline's cast. Its
// calls find it in their context.
type party struct {
	name    string
	process *process // nil: outside the shop, and never killed
}

type partyKey struct{}

func as(ctx context.Context, p *party) context.Context { return context.WithValue(ctx, partyKey{}, p) }

func partyOf(ctx context.Context) *party {
	p, ok := ctx.Value(partyKey{}).(*party)
	if !ok {
		return &party{name: "somebody"}
	}
	return p
}

// call is somebody who waits for leave to go on.
type call struct {
	party *party
	what  string
	kinds []fate
	ready func() bool // nil: at any time
	leave chan fate
}

// scheduler lets one party at a time go on. Its world is a synctest bubble:
// whoever is not waiting for its leave, or for time to pass, is running, and
// Wait returns when nobody is.
type scheduler struct {
	mu      sync.Mutex
	arrived []*call
	bell    chan struct{} // somebody arrived

	waiting []*call // in the order of their arrival, and by name within a moment
	over    chan struct{}
}

func newScheduler() *scheduler {
	return &scheduler{bell: make(chan struct{}, 1), over: make(chan struct{})}
}

// pass waits for leave to do something. A party whose process has died meanwhile
// waits until the history is over and is gone then: what dies does not unwind.
func (w *world) pass(ctx context.Context, what string, ready func() bool, kinds ...fate) fate {
	p := partyOf(ctx)
	c := &call{party: p, what: what, kinds: kinds, ready: ready, leave: make(chan fate, 1)}
	if p.dead() {
		w.vanish()
	}
	w.mu.Lock()
	w.arrived = append(w.arrived, c)
	w.mu.Unlock()
	select {
	case w.bell <- struct{}{}:
	default:
	}
	select {
	case f := <-c.leave:
		if f == diesBefore {
			w.kill(p.process)
			w.vanish()
		}
		return f
	case <-w.over:
		runtime.Goexit()
		panic("unreachable")
	}
}

// vanish ends a party without a trace, once nobody looks any more.
func (w *world) vanish() {
	<-w.over
	runtime.Goexit()
}

// sleep lets time pass for somebody, who has to pass before doing anything else.
func (w *world) sleep(d time.Duration) {
	wake := time.NewTimer(d)
	defer wake.Stop()
	select {
	case <-wake.C:
	case <-w.over:
		runtime.Goexit()
	}
}

// gather waits until everybody waits, and takes in who came.
func (w *world) gather() {
	synctest.Wait()
	select {
	case <-w.bell: // heard
	default:
	}
	w.mu.Lock()
	came := w.arrived
	w.arrived = nil
	w.mu.Unlock()
	slices.SortStableFunc(came, func(a, b *call) int {
		return cmp.Or(cmp.Compare(a.party.name, b.party.name), cmp.Compare(a.what, b.what))
	})
	w.waiting = append(w.waiting, came...)
	w.waiting = slices.DeleteFunc(w.waiting, func(c *call) bool { return c.party.dead() })
}

// ready returns those who could go on now.
func (w *world) ready() []*call {
	could := w.could[:0]
	for _, c := range w.waiting {
		if c.ready == nil || c.ready() {
			could = append(could, c)
		}
	}
	w.could = could
	return could
}

// release lets one go on.
func (w *world) release(c *call) {
	w.waiting = slices.DeleteFunc(w.waiting, func(o *call) bool { return o == c })
	f := w.fate(c)
	if c.what != "begin" {
		w.tell(c.party, c.what, f.String())
	}
	w.steps++
	c.leave <- f
}

// elapse lets time pass, until somebody comes or a while is over.
func (w *world) elapse(d time.Duration) {
	limit := time.NewTimer(d)
	defer limit.Stop()
	select {
	case <-w.bell:
	case <-limit.C:
	}
}

// reach makes a call of a port under the scheduler.
func reach[T any](ctx context.Context, w *world, what string, kinds []fate, do func() (T, error)) (T, error) {
	var none T
	f := w.pass(ctx, what, nil, kinds...)
	switch f {
	case failsBefore:
		return none, fault.New(fault.Unavailable, "unavailable", "the simulation refuses")
	case vanishes:
		return none, fault.New(fault.Unknown, "", "the simulation lost the request")
	case late:
		w.postpone(what, func() { _, _ = do() })
		w.wait(ctx, 10*time.Second)
		w.pass(ctx, what+": no answer in time", nil)
		return none, fault.New(fault.Unknown, "", "the simulation gave no answer in time")
	case twice:
		if _, err := do(); err == nil {
			w.tell(partyOf(ctx), what, "for the second time")
		}
	}
	v, err := do()
	p := partyOf(ctx)
	switch {
	case p.dead():
		w.vanish()
	case f == diesAfter:
		w.kill(p.process)
		w.vanish()
	case f == answerLost && err == nil:
		return none, fault.New(fault.Unknown, "", "the simulation lost the answer")
	}
	if err != nil {
		w.tell(p, what, "got "+cmp.Or(fault.CodeOf(err), fault.KindOf(err).String()))
	}
	return v, err
}

// postpone lets a call arrive when nobody waits for it any more.
func (w *world) postpone(what string, do func()) {
	delay := time.Duration(w.rng.IntN(60_000)) * time.Millisecond
	w.start(&party{name: "the network"}, func(ctx context.Context) {
		w.sleep(delay)
		w.pass(ctx, what+", late", nil)
		do()
	})
}

// wait lets time pass, at most until a caller has no more of it.
func (w *world) wait(ctx context.Context, d time.Duration) {
	limited, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	select {
	case <-limited.Done():
	case <-w.over:
		runtime.Goexit()
	}
}
