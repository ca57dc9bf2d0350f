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

// Queue is a job source together with the realms that feed it.
type Queue struct {
	Source   ports.JobSource
	Dead     ports.DeadJobs
	Backlogs ports.Backlogs
	Orders   ports.OrderStore
	// Realms run one transaction of each realm and give its outbox to fn.
	Realms map[ports.Realm]func(ctx context.Context, fn func(context.Context, ports.Outbox) error) error
	// Elapse moves the queue's clock forward. Nil when it keeps real time, for
	// the reason NoElapse: then what takes a minute is not tested.
	Elapse   func(time.Duration)
	NoElapse string
	// Forward brings what is committed to the source, as a relay does. Nil when
	// the source reads the outboxes itself.
	Forward func(context.Context) error
	// Soon is how long a source that is told of its jobs by another machine may
	// take to hand out what it has, and a test waits to believe that it has
	// nothing. Zero when it looks for itself, at once.
	Soon time.Duration
	// Uncounted is why Backlogs do not count the jobs of the source. Empty when
	// they do.
	Uncounted string
}

// JobHarness makes queues to test.
type JobHarness struct {
	// New returns an empty queue of its own, gone after the test.
	New func(t *testing.T) Queue
}

// TestInbox is the contract of Inbox.
func TestInbox(t *testing.T, h OrderHarness) {
	t.Parallel()
	first := func(w *orderWorld, consumer string, j id.Job) (bool, error) {
		var is bool
		err := w.try(func(tx ports.OrderTx) (err error) {
			is, err = tx.Inbox.First(w.t.Context(), consumer, j)
			return err
		})
		return is, err
	}

	t.Run("FirstOnceForEachConsumer", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		j := id.Job{UUID: w.ids.New()}
		for i, step := range []struct {
			consumer string
			job      id.Job
			want     bool
		}{{"a", j, true}, {"a", j, false}, {"b", j, true}, {"a", id.Job{UUID: w.ids.New()}, true}, {"a", j, false}} {
			got, err := first(w, step.consumer, step.job)
			mustSame(t, "step "+string(rune('0'+i)), got, err, step.want)
		}
	})

	t.Run("ForgetsWithItsTransaction", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		j, stop := id.Job{UUID: w.ids.New()}, errors.New("stop")
		if err := w.try(func(tx ports.OrderTx) error {
			if _, err := tx.Inbox.First(t.Context(), "a", j); err != nil {
				return err
			}
			return stop
		}); !errors.Is(err, stop) {
			t.Fatal(err)
		}
		got, err := first(w, "a", j)
		mustSame(t, "after the rollback", got, err, true)
	})

	t.Run("OneOfTenIsFirst", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		j := id.Job{UUID: w.ids.New()}
		firsts := make([]bool, 10)
		if err := errors.Join(together(10, func(i int) (err error) {
			firsts[i], err = first(w, "a", j)
			return err
		})...); err != nil {
			t.Fatal(err)
		}
		if n := len(slices.DeleteFunc(firsts, func(first bool) bool { return !first })); n != 1 {
			t.Errorf("%d of ten are first", n)
		}
	})
}

// TestJobs is the contract of JobSource, DeadJobs, Backlogs and Outbox.
func TestJobs(t *testing.T, h JobHarness) {
	t.Run("Add", func(t *testing.T) { testAddJobs(t, h) })
	t.Run("Receive", func(t *testing.T) { testReceive(t, h) })
	t.Run("Fail", func(t *testing.T) { testFailingJobs(t, h) })
	t.Run("Dead", func(t *testing.T) { testDeadJobs(t, h) })
}

// jobWorld is an empty queue with a task to work on.
type jobWorld struct {
	Queue
	*orderWorld
	task string
}

func newJobWorld(t *testing.T, h JobHarness) *jobWorld {
	t.Helper()
	q := h.New(t)
	return &jobWorld{q, newOrderWorld(t, OrderHarness{func(*testing.T) ports.OrderStore { return q.Orders }}), job.SendOrderLink}
}

// add commits new jobs of the task.
func (w *jobWorld) add(n int) []job.Envelope {
	w.t.Helper()
	jobs := make([]job.Envelope, n)
	for i := range jobs {
		jobs[i] = w.job(w.task)
	}
	w.publish(jobs...)
	return jobs
}

func (w *jobWorld) publish(jobs ...job.Envelope) {
	w.t.Helper()
	w.inTx(func(tx ports.OrderTx) error { return tx.Jobs.Add(w.t.Context(), jobs...) })
}

// dead lists dead jobs of a task.
func (w *jobWorld) dead(task string, limit int) ([]job.DeadJob, error) {
	w.t.Helper()
	list, _, err := w.Dead.ListDead(w.t.Context(), job.DeadFilter{Task: task, Limit: limit})
	return list, err
}

// enough is what a job has to come that there is.
const enough = 30 * time.Second

// take receives n jobs, fewer if no more come, and answers each with verdict.
func (w *jobWorld) take(n int, verdict job.Verdict) []job.Delivery {
	w.t.Helper()
	all := []job.Delivery{}
	for len(all) < n {
		got, err := w.receive(n-len(all), enough, func(ds []job.Delivery) []job.Verdict { return slices.Repeat([]job.Verdict{verdict}, len(ds)) })
		if err != nil {
			w.t.Fatal(err)
		}
		if all = append(all, got...); len(got) == 0 {
			break
		}
	}
	return all
}

// mustBeEmpty fails if there is a job now.
func (w *jobWorld) mustBeEmpty(when string) {
	w.t.Helper()
	got, err := w.receive(10, 0, func(ds []job.Delivery) []job.Verdict { return slices.Repeat([]job.Verdict{job.Ack()}, len(ds)) })
	mustSame(w.t, when, got, err, []job.Delivery{})
}

// receive receives once, a little longer than asked if the source needs that.
func (w *jobWorld) receive(limit int, wait time.Duration, handle func([]job.Delivery) []job.Verdict) ([]job.Delivery, error) {
	w.t.Helper()
	w.forward()
	wait = max(wait, w.Soon)
	got := []job.Delivery{}
	calls := 0
	n, err := w.Source.Receive(w.t.Context(), w.task, ports.Batch{Max: limit, Wait: wait}, func(_ context.Context, ds []job.Delivery) []job.Verdict {
		calls++
		got = append(got, ds...)
		if len(ds) > limit {
			w.t.Errorf("a batch of %d, want at most %d", len(ds), limit)
		}
		return handle(ds)
	})
	if n != len(got) || calls > 1 || calls == 1 && n == 0 {
		w.t.Errorf("received %d in %d calls, said %d", len(got), calls, n)
	}
	return got, err
}

func (w *jobWorld) forward() {
	w.t.Helper()
	if w.Forward == nil {
		return
	}
	if err := w.Forward(w.t.Context()); err != nil {
		w.t.Error(err)
	}
}

func (w *jobWorld) elapse(d time.Duration) {
	w.t.Helper()
	if w.Elapse == nil {
		w.t.Skip(w.NoElapse)
	}
	w.Elapse(d)
}

func idsOf(ds []job.Delivery) []id.Job {
	ids := []id.Job{}
	for _, d := range ds {
		ids = append(ids, d.ID)
	}
	return ids
}

func testAddJobs(t *testing.T, h JobHarness) {
	t.Parallel()

	t.Run("ExistsIfAndOnlyIfCommitted", func(t *testing.T) {
		t.Parallel()
		w := newJobWorld(t, h)
		if len(w.Realms) == 0 {
			t.Fatal("the harness names no realm")
		}
		for _, realm := range slices.Sorted(maps.Keys(w.Realms)) {
			inTx, stop, j := w.Realms[realm], errors.New("stop"), w.job(w.task)
			if err := inTx(t.Context(), func(ctx context.Context, out ports.Outbox) error {
				if err := out.Add(ctx, j); err != nil {
					return err
				}
				return stop
			}); !errors.Is(err, stop) {
				t.Fatal(err)
			}
			w.mustBeEmpty(string(realm) + " after a rollback")
			if err := inTx(t.Context(), func(ctx context.Context, out ports.Outbox) error { return out.Add(ctx, j) }); err != nil {
				t.Fatal(err)
			}
			mustSame(t, string(realm)+" after a commit", w.take(1, job.Ack()), nil, []job.Delivery{{Envelope: j, Attempt: 1}})
			w.mustBeEmpty(string(realm) + " after its verdict")
		}
	})

	t.Run("TasksAreApart", func(t *testing.T) {
		t.Parallel()
		w := newJobWorld(t, h)
		other := w.job(job.IndexProduct)
		w.publish(other)
		w.mustBeEmpty("another task's")
		w.task = job.IndexProduct
		mustSame(t, "its own", idsOf(w.take(1, job.Ack())), nil, []id.Job{other.ID})
	})

	t.Run("TwiceIsHandledOnceWithAnInbox", func(t *testing.T) {
		t.Parallel()
		w := newJobWorld(t, h)
		w.orderWorld.receive("A", 1)
		j := w.job(w.task)
		handle := func(ds []job.Delivery) []job.Verdict {
			for _, d := range ds {
				w.inTx(func(tx ports.OrderTx) error {
					first, err := tx.Inbox.First(t.Context(), w.task, d.ID)
					if err != nil || !first {
						return err
					}
					_, err = tx.Stock.Adjust(t.Context(), w.adjustment("A", 1))
					return err
				})
			}
			return slices.Repeat([]job.Verdict{job.Ack()}, len(ds))
		}
		w.publish(j)
		w.publish(j) // while it waits
		if _, err := w.receive(10, enough, handle); err != nil {
			t.Fatal(err)
		}
		w.publish(j) // after it was done
		if _, err := w.receive(10, 0, handle); err != nil {
			t.Fatal(err)
		}
		w.mustLevel("A", 2, 0)
	})

	t.Run("BacklogsCountWhatWaits", func(t *testing.T) {
		t.Parallel()
		w := newJobWorld(t, h)
		if w.Uncounted != "" {
			t.Skip(w.Uncounted)
		}
		none, err := w.Backlogs.Backlogs(t.Context())
		for _, b := range none {
			if b.Ready != 0 || b.Held != 0 || b.Dead != 0 {
				t.Errorf("an empty queue has %+v", b)
			}
		}
		if err != nil || none == nil {
			t.Errorf("backlogs %v, %v", none, err)
		}
		oldest := w.job(w.task)
		oldest.CreatedAt = w.now.Add(-time.Hour)
		w.publish(oldest)
		w.take(1, job.Dead("no"))
		w.add(1)
		w.take(1, job.Retry(time.Hour, "later"))
		jobs := w.add(2)
		backlogs, err := w.Backlogs.Backlogs(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(backlogs, func(b ports.Backlog) bool { return b.Task == w.task })
		if i < 0 {
			t.Fatalf("%s is not among %+v", w.task, backlogs)
		}
		mustSame(t, "backlog", backlogs[i], nil, ports.Backlog{Task: w.task, Ready: 2, Held: 1, Oldest: jobs[0].CreatedAt, Dead: 1})
	})
}

func testReceive(t *testing.T, h JobHarness) {
	t.Parallel()

	t.Run("TwoReceiversNeverHoldOneJob", func(t *testing.T) {
		t.Parallel()
		w := newJobWorld(t, h)
		const n = 120
		w.add(n)
		w.forward()
		var mu sync.Mutex
		delivered := map[id.Job]int{}
		left := func() bool {
			mu.Lock()
			defer mu.Unlock()
			return len(delivered) < n
		}
		if err := errors.Join(together(8, func(int) error {
			for began := time.Now(); ; {
				got, err := w.Source.Receive(t.Context(), w.task, ports.Batch{Max: 7, Wait: w.Soon}, func(_ context.Context, ds []job.Delivery) []job.Verdict {
					mu.Lock()
					defer mu.Unlock()
					for _, d := range ds {
						delivered[d.ID]++
					}
					return slices.Repeat([]job.Verdict{job.Ack()}, len(ds))
				})
				if err != nil || got == 0 && (!left() || time.Since(began) > enough) {
					return err
				}
			}
		})...); err != nil {
			t.Fatal(err)
		}
		if len(delivered) != n {
			t.Errorf("delivered %d of %d", len(delivered), n)
		}
		for j, times := range delivered {
			if times != 1 {
				t.Errorf("%v was delivered %d times", j, times)
			}
		}
	})

	t.Run("NobodyIsHandedWhatIsHeld", func(t *testing.T) {
		t.Parallel()
		w := newJobWorld(t, h)
		w.add(1)
		got, err := w.receive(1, enough, func([]job.Delivery) []job.Verdict {
			w.mustBeEmpty("meanwhile")
			return []job.Verdict{job.Ack()}
		})
		if err != nil || len(got) != 1 {
			t.Fatalf("received %+v, %v", got, err)
		}
	})

	t.Run("ABatchIsNotAboveMax", func(t *testing.T) {
		t.Parallel()
		w := newJobWorld(t, h)
		w.add(5)
		mustSame(t, "received", len(w.take(2, job.Ack())), nil, 2)
		mustSame(t, "the rest", len(w.take(3, job.Ack())), nil, 3)
		w.mustBeEmpty("afterwards")
	})

	t.Run("EachDeliveryHasItsVerdict", func(t *testing.T) {
		t.Parallel()
		w := newJobWorld(t, h)
		verdicts := []job.Verdict{job.Ack(), job.Retry(0, "again"), job.Dead("never")}
		given := map[id.Job]job.Verdict{}
		for i, j := range w.add(6) {
			given[j.ID] = verdicts[i%3]
		}
		tried := map[id.Job]int{}
		for received := 0; received < 8; { // the six, and two again
			got, err := w.receive(6, enough, func(ds []job.Delivery) []job.Verdict {
				out := make([]job.Verdict, len(ds))
				for i, d := range ds {
					if tried[d.ID]++; d.Attempt == 1 {
						out[i] = given[d.ID]
					}
				}
				return out
			})
			if err != nil || len(got) == 0 {
				t.Fatalf("received %+v, %v", got, err)
			}
			received += len(got)
		}
		for j, v := range given {
			want := 1
			if v.IsRetry() {
				want = 2
			}
			if tried[j] != want {
				t.Errorf("%v was delivered %d times after %+v", j, tried[j], v)
			}
		}
		dead, err := w.dead(w.task, 10)
		if err != nil || len(dead) != 2 {
			t.Errorf("dead %+v, %v, want two", dead, err)
		}
		for _, d := range dead {
			if !given[d.ID].IsDead() {
				t.Errorf("%v is dead", d.ID)
			}
		}
		w.mustBeEmpty("once more")
	})

	t.Run("AnEmptyQueueWaitsNoLongerThanTold", func(t *testing.T) {
		t.Parallel()
		w := newJobWorld(t, h)
		const wait = 100 * time.Millisecond
		began := time.Now()
		got, err := w.receive(1, wait, nil)
		mustSame(t, "received", got, err, []job.Delivery{})
		if took := time.Since(began); took < wait || took > wait+10*time.Second {
			t.Errorf("waited %v, want %v", took, wait)
		}
	})

	t.Run("ACommitEndsTheWait", func(t *testing.T) {
		t.Parallel()
		w := newJobWorld(t, h)
		began := time.Now()
		received := make(chan []job.Delivery, 1)
		go func() {
			got, err := w.receive(1, time.Minute, func([]job.Delivery) []job.Verdict { return []job.Verdict{job.Ack()} })
			if err != nil {
				t.Error(err)
			}
			received <- got
		}()
		jobs := w.add(1)
		w.forward()
		mustSame(t, "received", idsOf(<-received), nil, []id.Job{jobs[0].ID})
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("waited %v", took)
		}
	})

	t.Run("CancellingEndsTheWait", func(t *testing.T) {
		t.Parallel()
		w := newJobWorld(t, h)
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		_, err := w.Source.Receive(ctx, w.task, ports.Batch{Max: 1, Wait: time.Minute}, func(context.Context, []job.Delivery) []job.Verdict {
			t.Error("handed out nothing")
			return nil
		})
		if !fault.Is(err, fault.Canceled) {
			t.Errorf("got %v, want Canceled", err)
		}
	})

	t.Run("CancellingWhileItRunsLosesNoVerdict", func(t *testing.T) {
		t.Parallel()
		w := newJobWorld(t, h)
		w.add(2)
		w.forward()
		ctx, cancel := context.WithCancel(t.Context())
		n, err := w.Source.Receive(ctx, w.task, ports.Batch{Max: 1, Wait: enough}, func(context.Context, []job.Delivery) []job.Verdict {
			cancel()
			return []job.Verdict{job.Dead("no")}
		})
		if n != 1 || err != nil {
			t.Fatalf("received %d, %v", n, err)
		}
		if dead, err := w.dead(w.task, 10); err != nil || len(dead) != 1 {
			t.Errorf("dead %+v, %v, want one", dead, err)
		}
	})
}

func testFailingJobs(t *testing.T, h JobHarness) {
	t.Parallel()

	t.Run("RetryIsNotBeforeAfter", func(t *testing.T) {
		t.Parallel()
		w := newJobWorld(t, h)
		j := w.add(1)[0]
		after := 300*time.Millisecond + 2*w.Soon
		retried := time.Now()
		w.take(1, job.Retry(after, "not now"))
		got, err := w.receive(1, enough, func([]job.Delivery) []job.Verdict { return []job.Verdict{job.Ack()} })
		mustSame(t, "again", got, err, []job.Delivery{{Envelope: j, Attempt: 2}})
		if took := time.Since(retried); took < after || took > after+enough {
			t.Errorf("came again after %v, want %v", took, after)
		}
	})

	t.Run("AttemptsAreCounted", func(t *testing.T) {
		t.Parallel()
		w := newJobWorld(t, h)
		j := w.add(1)[0]
		for attempt := 1; attempt <= 4; attempt++ {
			mustSame(t, "attempt", w.take(1, job.Retry(time.Minute, "not now")), nil, []job.Delivery{{Envelope: j, Attempt: attempt}})
			w.elapse(50 * time.Second) // and as long as the test takes
			w.mustBeEmpty("too early")
			w.elapse(11 * time.Second)
		}
		w.take(1, job.Dead("enough"))
		dead, err := w.dead(w.task, 1)
		if err != nil || len(dead) != 1 || dead[0].Attempts != 5 || dead[0].Reason != "enough" {
			t.Errorf("dead %+v, %v", dead, err)
		}
	})

	t.Run("APanicIsARetryOfAll", func(t *testing.T) {
		t.Parallel()
		w := newJobWorld(t, h)
		w.add(2)
		for panicked := 0; panicked < 2; {
			got, err := w.receive(2, enough, func([]job.Delivery) []job.Verdict { panic("a bug") })
			if !fault.Is(err, fault.Internal) || len(got) == 0 {
				t.Fatalf("received %+v, %v, want Internal", got, err)
			}
			panicked += len(got)
		}
		w.mustBeEmpty("at once")
		w.elapse(time.Hour)
		again := w.take(2, job.Ack())
		if len(again) != 2 {
			t.Errorf("%d of 2 came again", len(again))
		}
		for _, d := range again {
			if d.Attempt != 2 {
				t.Errorf("came again as attempt %d", d.Attempt)
			}
		}
	})

	t.Run("WhoPanicsAlwaysEndsDead", func(t *testing.T) {
		t.Parallel()
		w := newJobWorld(t, h)
		j := w.add(1)[0]
		for range len(job.Patience) + 1 {
			got, err := w.receive(1, enough, func([]job.Delivery) []job.Verdict { panic("a bug") })
			if len(got) != 1 || err == nil {
				t.Fatalf("received %+v, %v", got, err)
			}
			w.elapse(time.Hour)
		}
		dead, err := w.dead(w.task, 1)
		if err != nil || len(dead) != 1 || dead[0].ID != j.ID {
			t.Errorf("dead %+v, %v", dead, err)
		}
	})

	t.Run("AVerdictTooFewIsARetry", func(t *testing.T) {
		t.Parallel()
		w := newJobWorld(t, h)
		w.add(1)
		if _, err := w.receive(1, enough, func([]job.Delivery) []job.Verdict { return nil }); !fault.Is(err, fault.Internal) {
			t.Errorf("got %v, want Internal", err)
		}
		w.elapse(time.Hour)
		if again := w.take(1, job.Ack()); len(again) != 1 || again[0].Attempt != 2 {
			t.Errorf("came again: %+v", again)
		}
	})

	t.Run("AHolderThatDiesLosesItsJobs", func(t *testing.T) {
		t.Parallel()
		w := newJobWorld(t, h)
		j := w.add(1)[0]
		_, err := w.receive(1, enough, func([]job.Delivery) []job.Verdict {
			w.elapse(61 * time.Second) // it hangs
			mustSame(t, "another takes it", w.take(1, job.Dead("taken over")), nil, []job.Delivery{{Envelope: j, Attempt: 2}})
			return []job.Verdict{job.Retry(0, "it wakes up again")}
		})
		if err != nil {
			t.Fatal(err)
		}
		w.elapse(time.Hour)
		w.mustBeEmpty("its verdict comes too late")
		if dead, err := w.dead(w.task, 10); err != nil || len(dead) != 1 {
			t.Errorf("dead %+v, %v, want one", dead, err)
		}
	})
}

func testDeadJobs(t *testing.T, h JobHarness) {
	t.Parallel()

	// kill commits n jobs and lets them die.
	kill := func(w *jobWorld, n int) []job.Envelope {
		w.t.Helper()
		jobs := w.add(n)
		for killed := 0; killed < n; {
			got := w.take(n, job.Dead("beyond help"))
			if len(got) == 0 {
				w.t.Fatalf("%d of %d died", killed, n)
			}
			killed += len(got)
		}
		return jobs
	}

	t.Run("AreListedById", func(t *testing.T) {
		t.Parallel()
		w := newJobWorld(t, h)
		none, err := w.dead("", 10)
		mustSame(t, "none", none, err, []job.DeadJob{})
		jobs := kill(w, 3)
		w.mustBeEmpty("delivered again")
		all, err := w.dead("", 10)
		if err != nil || len(all) != 3 {
			t.Fatalf("dead %+v, %v", all, err)
		}
		for i, d := range all {
			mustSame(t, "envelope", d.Envelope, nil, jobs[i])
			if d.Attempts != 1 || d.Reason != "beyond help" || d.DiedAt.IsZero() {
				t.Errorf("dead job %+v", d)
			}
		}
		backwards := slices.Clone(all)
		slices.Reverse(backwards)
		for name, c := range map[string]struct {
			ask   job.DeadFilter
			want  []job.DeadJob
			total int
		}{
			"after the first":  {job.DeadFilter{Task: w.task, After: jobs[0].ID, Limit: 1}, all[1:2], 3},
			"before the last":  {job.DeadFilter{NewestFirst: true, After: jobs[2].ID, Limit: 9}, backwards[1:], 3},
			"backwards":        {job.DeadFilter{NewestFirst: true, Limit: 2}, backwards[:2], 3},
			"by reason":        {job.DeadFilter{Query: "BEYOND", Limit: 9}, all, 3},
			"by other reasons": {job.DeadFilter{Query: "%", Limit: 9}, []job.DeadJob{}, 0},
		} {
			c.ask.Count = true
			got, total, err := w.Dead.ListDead(t.Context(), c.ask)
			mustSame(t, name, got, err, c.want)
			if total != c.total {
				t.Errorf("%s: total %d, want %d", name, total, c.total)
			}
		}
		other, err := w.dead(job.IndexProduct, 10)
		mustSame(t, "another task's", other, err, []job.DeadJob{})
	})

	t.Run("AreReplayedAsNew", func(t *testing.T) {
		t.Parallel()
		w := newJobWorld(t, h)
		jobs := kill(w, 4)
		replay := func(task string, ids []id.Job, limit, wantN, wantRest int) {
			t.Helper()
			n, rest, err := w.Dead.ReplayDead(t.Context(), task, ids, limit)
			if n != wantN || rest != wantRest || err != nil {
				t.Errorf("replayed %d, %d remain, %v, want %d and %d", n, rest, err, wantN, wantRest)
			}
		}
		replay(job.IndexProduct, nil, 10, 0, 0)
		replay("", []id.Job{jobs[3].ID, {UUID: w.ids.New()}}, 10, 1, 0)
		got, err := w.receive(10, enough, func(ds []job.Delivery) []job.Verdict { return []job.Verdict{job.Ack()} })
		mustSame(t, "by id", got, err, []job.Delivery{{Envelope: jobs[3], Attempt: 1}})
		replay(w.task, nil, 2, 2, 1)
		replay("", nil, 2, 1, 0)
		replay("", nil, 2, 0, 0)
		back := map[id.Job]int{}
		for len(back) < 3 {
			got, err := w.receive(10, enough, func(ds []job.Delivery) []job.Verdict { return slices.Repeat([]job.Verdict{job.Ack()}, len(ds)) })
			if err != nil || len(got) == 0 {
				t.Fatalf("received %+v, %v", got, err)
			}
			for _, d := range got {
				back[d.ID] = d.Attempt
			}
		}
		mustSame(t, "attempts", back, nil, map[id.Job]int{jobs[0].ID: 1, jobs[1].ID: 1, jobs[2].ID: 1})
	})

	t.Run("AReplayEndsAWait", func(t *testing.T) {
		t.Parallel()
		w := newJobWorld(t, h)
		jobs := kill(w, 1)
		received := make(chan []job.Delivery, 1)
		go func() {
			got, err := w.receive(1, time.Minute, func([]job.Delivery) []job.Verdict { return []job.Verdict{job.Ack()} })
			if err != nil {
				t.Error(err)
			}
			received <- got
		}()
		if _, _, err := w.Dead.ReplayDead(t.Context(), w.task, nil, 1); err != nil {
			t.Fatal(err)
		}
		w.forward()
		mustSame(t, "received", idsOf(<-received), nil, []id.Job{jobs[0].ID})
	})

	t.Run("AreDropped", func(t *testing.T) {
		t.Parallel()
		w := newJobWorld(t, h)
		jobs := kill(w, 4)
		for _, step := range []struct {
			task    string
			ids     []id.Job
			limit   int
			n, rest int
		}{
			{job.IndexProduct, nil, 10, 0, 0},
			{w.task, []id.Job{jobs[1].ID}, 10, 1, 0},
			{w.task, nil, 2, 2, 1},
			{"", nil, 2, 1, 0},
		} {
			n, rest, err := w.Dead.DropDead(t.Context(), step.task, step.ids, step.limit)
			if n != step.n || rest != step.rest || err != nil {
				t.Errorf("%+v: dropped %d, %d remain, %v", step, n, rest, err)
			}
		}
		w.mustBeEmpty("delivered")
		none, err := w.dead("", 10)
		mustSame(t, "none", none, err, []job.DeadJob{})
	})
}
