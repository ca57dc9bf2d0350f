package porttest

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/job"
	"github.com/bodega-commerce/bodega/ports"
)

// OutboxHarness makes outboxes to test.
type OutboxHarness struct {
	// New returns empty outboxes of the test's own, gone after it.
	New func(t *testing.T) Outlet
}

// Outlet is the outboxes of a store, what feeds them and where the dead lie.
type Outlet struct {
	Outboxes  ports.Outboxes
	Graveyard ports.Graveyard
	Dead      ports.DeadJobs
	// Realms run one transaction of each realm and give its outbox to fn.
	Realms map[ports.Realm]func(ctx context.Context, fn func(context.Context, ports.Outbox) error) error
	// Elapse moves the clock of the outboxes forward.
	Elapse func(time.Duration)
}

// TestOutboxes is the contract of Outboxes.
func TestOutboxes(t *testing.T, h OutboxHarness) {
	t.Run("HandOut", func(t *testing.T) { testHandOut(t, h) })
	t.Run("KeepBooks", func(t *testing.T) { testKeepBooks(t, h) })
	t.Run("Wait", func(t *testing.T) { testOutboxWait(t, h) })
}

// outboxWorld is empty outboxes with makers of jobs.
type outboxWorld struct {
	Outlet
	*orderWorld
}

func newOutboxWorld(t *testing.T, h OutboxHarness) *outboxWorld {
	t.Helper()
	return &outboxWorld{h.New(t), newOrderWorld(t, OrderHarness{func(*testing.T) ports.OrderStore { return ports.OrderStore{} }})}
}

// publish commits n new jobs of the realm.
func (w *outboxWorld) publish(realm ports.Realm, n int) []job.Envelope {
	w.t.Helper()
	jobs := make([]job.Envelope, n)
	for i := range jobs {
		jobs[i] = w.job(job.Tasks()[i%len(job.Tasks())])
	}
	if err := w.Realms[realm](w.t.Context(), func(ctx context.Context, out ports.Outbox) error { return out.Add(ctx, jobs...) }); err != nil {
		w.t.Fatal(err)
	}
	return jobs
}

// all reports every job as arrived.
func all(jobs []job.Envelope) []bool { return slices.Repeat([]bool{true}, len(jobs)) }

// drain drains once without waiting.
func (w *outboxWorld) drain(limit int, publish func([]job.Envelope) []bool) []job.Envelope {
	w.t.Helper()
	got := []job.Envelope{}
	arrived := 0
	n, err := w.Outboxes.Drain(w.t.Context(), ports.Batch{Max: limit}, func(_ context.Context, jobs []job.Envelope) []bool {
		got = append(got, jobs...)
		there := publish(jobs)
		for _, is := range there {
			if is {
				arrived++
			}
		}
		return there
	})
	if err != nil || n != arrived {
		w.t.Errorf("drained %d, %v, want %d", n, err, arrived)
	}
	return got
}

// rest drains until nothing comes.
func (w *outboxWorld) rest() []job.Envelope {
	w.t.Helper()
	rest := []job.Envelope{}
	for {
		got := w.drain(100, all)
		if len(got) == 0 {
			return inOrder(rest)
		}
		rest = append(rest, got...)
	}
}

func inOrder(jobs []job.Envelope) []job.Envelope {
	slices.SortFunc(jobs, func(a, b job.Envelope) int { return slices.Compare(a.ID.UUID[:], b.ID.UUID[:]) })
	return jobs
}

func testHandOut(t *testing.T, h OutboxHarness) {
	t.Parallel()

	t.Run("TheJobsOfEveryRealm", func(t *testing.T) {
		t.Parallel()
		w := newOutboxWorld(t, h)
		var jobs []job.Envelope
		for _, realm := range slices.Sorted(maps.Keys(w.Realms)) {
			jobs = append(jobs, w.publish(realm, 3)...)
		}
		mustSame(t, "drained", w.rest(), nil, inOrder(jobs))
		mustSame(t, "afterwards", w.rest(), nil, []job.Envelope{})
	})

	t.Run("OnlyWhatIsCommitted", func(t *testing.T) {
		t.Parallel()
		w := newOutboxWorld(t, h)
		stop := errors.New("stop")
		for _, inTx := range w.Realms {
			if err := inTx(t.Context(), func(ctx context.Context, out ports.Outbox) error {
				if err := out.Add(ctx, w.job(job.IndexProduct)); err != nil {
					return err
				}
				return stop
			}); !errors.Is(err, stop) {
				t.Fatal(err)
			}
		}
		mustSame(t, "drained", w.rest(), nil, []job.Envelope{})
	})

	t.Run("NotMoreThanMax", func(t *testing.T) {
		t.Parallel()
		w := newOutboxWorld(t, h)
		w.publish(ports.Orders, 7)
		for total := 0; total < 7; {
			got := len(w.drain(2, all))
			if got < 1 || got > 2 {
				t.Fatalf("a batch of %d after %d, want 1 or 2", got, total)
			}
			total += got
		}
	})

	t.Run("NobodyElseTheSame", func(t *testing.T) {
		t.Parallel()
		w := newOutboxWorld(t, h)
		w.publish(ports.Orders, 1)
		w.drain(1, func(jobs []job.Envelope) []bool {
			mustSame(t, "meanwhile", w.drain(1, all), nil, []job.Envelope{})
			return all(jobs)
		})
	})

	t.Run("EachOnceToManyAtOnce", func(t *testing.T) {
		t.Parallel()
		w := newOutboxWorld(t, h)
		const n = 120
		w.publish(ports.Orders, n)
		var mu sync.Mutex
		left := map[id.Job]int{}
		if err := errors.Join(together(6, func(int) error {
			for {
				held := 0
				if _, err := w.Outboxes.Drain(t.Context(), ports.Batch{Max: 7}, func(_ context.Context, jobs []job.Envelope) []bool {
					mu.Lock()
					defer mu.Unlock()
					held = len(jobs)
					for _, j := range jobs {
						left[j.ID]++
					}
					return all(jobs)
				}); err != nil || held == 0 {
					return err
				}
			}
		})...); err != nil {
			t.Fatal(err)
		}
		for j, times := range left {
			if times != 1 {
				t.Errorf("%v left %d times", j, times)
			}
		}
		if len(left) != n {
			t.Errorf("%d of %d left", len(left), n)
		}
	})
}

func testKeepBooks(t *testing.T, h OutboxHarness) {
	t.Parallel()

	t.Run("WhatDidNotArriveComesAgain", func(t *testing.T) {
		t.Parallel()
		w := newOutboxWorld(t, h)
		w.publish(ports.Orders, 4)
		var stayed []job.Envelope
		for handed := 0; handed < 4; {
			handed += len(w.drain(4, func(jobs []job.Envelope) []bool {
				there := all(jobs)
				there[0] = false
				stayed = append(stayed, jobs[0])
				return there
			}))
		}
		w.Elapse(10 * time.Second)
		mustSame(t, "again", w.rest(), nil, inOrder(stayed))
	})

	t.Run("SilenceIsNoArrival", func(t *testing.T) {
		t.Parallel()
		w := newOutboxWorld(t, h)
		jobs := w.publish(ports.Orders, 1)
		w.drain(1, func([]job.Envelope) []bool { return nil })
		w.Elapse(10 * time.Second)
		mustSame(t, "again", w.rest(), nil, jobs)
	})

	t.Run("AHolderThatDiesLosesThem", func(t *testing.T) {
		t.Parallel()
		w := newOutboxWorld(t, h)
		jobs := w.publish(ports.Orders, 1)
		if _, err := w.Outboxes.Drain(t.Context(), ports.Batch{Max: 1}, func(context.Context, []job.Envelope) []bool {
			w.Elapse(31 * time.Second)                                                                                     // it hangs
			mustSame(t, "another takes them", w.drain(1, func([]job.Envelope) []bool { return []bool{false} }), nil, jobs) //nolint:contextcheck // as somebody else would
			return []bool{true}                                                                                            // and arrives after all, but the job is another's
		}); err != nil {
			t.Fatal(err)
		}
		w.Elapse(time.Minute)
		mustSame(t, "it may leave twice", w.rest(), nil, jobs)
	})

	t.Run("CancellingWhileItPublishesForgetsNothing", func(t *testing.T) {
		t.Parallel()
		w := newOutboxWorld(t, h)
		w.publish(ports.Orders, 1)
		ctx, cancel := context.WithCancel(t.Context())
		n, err := w.Outboxes.Drain(ctx, ports.Batch{Max: 1}, func(_ context.Context, jobs []job.Envelope) []bool {
			cancel()
			return all(jobs)
		})
		if n != 1 || err != nil {
			t.Errorf("drained %d, %v", n, err)
		}
		w.Elapse(time.Hour)
		mustSame(t, "again", w.rest(), nil, []job.Envelope{})
	})
}

func testOutboxWait(t *testing.T, h OutboxHarness) {
	t.Parallel()

	t.Run("NoLongerThanTold", func(t *testing.T) {
		t.Parallel()
		w := newOutboxWorld(t, h)
		const wait = 100 * time.Millisecond
		began := time.Now()
		n, err := w.Outboxes.Drain(t.Context(), ports.Batch{Max: 1, Wait: wait}, nil)
		mustSame(t, "drained", n, err, 0)
		if took := time.Since(began); took < wait || took > wait+10*time.Second {
			t.Errorf("waited %v, want %v", took, wait)
		}
	})

	t.Run("ACommitEndsIt", func(t *testing.T) {
		t.Parallel()
		w := newOutboxWorld(t, h)
		began, drained := time.Now(), make(chan []job.Envelope, 1)
		go func() {
			var got []job.Envelope
			if _, err := w.Outboxes.Drain(t.Context(), ports.Batch{Max: 1, Wait: time.Minute}, func(_ context.Context, jobs []job.Envelope) []bool {
				got = jobs
				return all(jobs)
			}); err != nil {
				t.Error(err)
			}
			drained <- got
		}()
		jobs := w.publish(ports.Catalog, 1)
		mustSame(t, "drained", <-drained, nil, jobs)
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("waited %v", took)
		}
	})

	t.Run("CancellingEndsIt", func(t *testing.T) {
		t.Parallel()
		w := newOutboxWorld(t, h)
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if _, err := w.Outboxes.Drain(ctx, ports.Batch{Max: 1, Wait: time.Minute}, nil); !fault.Is(err, fault.Canceled) {
			t.Errorf("got %v, want Canceled", err)
		}
	})
}

// TestGraveyard is the contract of Graveyard.
func TestGraveyard(t *testing.T, h OutboxHarness) {
	t.Parallel()
	died := func(w *outboxWorld, reason string) job.DeadJob {
		return job.DeadJob{Envelope: w.job(job.SendOrderLink), Attempts: 5, Reason: reason, DiedAt: w.now}
	}
	list := func(w *outboxWorld) []job.DeadJob {
		w.t.Helper()
		list, _, err := w.Dead.ListDead(w.t.Context(), job.DeadFilter{Limit: 10})
		if err != nil {
			w.t.Fatal(err)
		}
		return list
	}

	t.Run("WhatIsBuriedIsListed", func(t *testing.T) {
		t.Parallel()
		w := newOutboxWorld(t, h)
		if err := w.Graveyard.Bury(t.Context()); err != nil {
			t.Fatal(err)
		}
		a, b := died(w, "one"), died(w, "two")
		if err := w.Graveyard.Bury(t.Context(), b, a); err != nil {
			t.Fatal(err)
		}
		mustSame(t, "dead", list(w), nil, []job.DeadJob{a, b})
	})

	t.Run("AgainReplaces", func(t *testing.T) {
		t.Parallel()
		w := newOutboxWorld(t, h)
		a := died(w, "one")
		again := a
		again.Reason, again.Attempts, again.DiedAt = "two", 6, a.DiedAt.Add(time.Minute)
		for _, d := range []job.DeadJob{a, again} {
			if err := w.Graveyard.Bury(t.Context(), d); err != nil {
				t.Fatal(err)
			}
		}
		mustSame(t, "dead", list(w), nil, []job.DeadJob{again})
	})

	t.Run("ReplayedItLeavesAgain", func(t *testing.T) {
		t.Parallel()
		w := newOutboxWorld(t, h)
		a := died(w, "one")
		if err := w.Graveyard.Bury(t.Context(), a); err != nil {
			t.Fatal(err)
		}
		n, remaining, err := w.Dead.ReplayDead(t.Context(), "", nil, 10)
		if n != 1 || remaining != 0 || err != nil {
			t.Errorf("replayed %d, %d remain, %v", n, remaining, err)
		}
		mustSame(t, "drained", w.rest(), nil, []job.Envelope{a.Envelope})
	})
}
