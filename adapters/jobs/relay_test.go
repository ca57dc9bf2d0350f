package jobs

import (
	"context"
	"crypto/rand"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/adapters/postgres"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/job"
	"github.com/bodega-commerce/bodega/ports"
	"github.com/bodega-commerce/bodega/testsuite/containers"
)

// counter is a publisher whose broker answers as a test wants.
type counter struct {
	mu     sync.Mutex
	answer func(jobs []job.Envelope) ([]bool, error)
	calls  int
	taken  []id.Job
}

func (c *counter) Publish(_ context.Context, jobs []job.Envelope) ([]bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls++
	arrived, err := c.answer(jobs)
	for i, there := range arrived {
		if there {
			c.taken = append(c.taken, jobs[i].ID)
		}
	}
	return arrived, err
}

func (c *counter) has() (taken []id.Job, calls int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.taken), c.calls
}

func (c *counter) answers(answer func([]job.Envelope) ([]bool, error)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answer = answer
}

func all(jobs []job.Envelope) ([]bool, error) { return slices.Repeat([]bool{true}, len(jobs)), nil }

func none(jobs []job.Envelope) ([]bool, error) {
	return make([]bool, len(jobs)), fault.New(fault.Unavailable, "", "the broker is away")
}

func TestRelay_Run(t *testing.T) {
	t.Parallel()
	db, err := postgres.Open(t.Context(), postgres.Config{URL: containers.Postgres(t), Migrate: true, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	ids := id.NewSource(time.Now, rand.Reader)
	add := func(n int) []id.Job {
		t.Helper()
		jobs := make([]job.Envelope, n)
		added := make([]id.Job, n)
		for i := range jobs {
			added[i] = id.Job{UUID: ids.New()}
			jobs[i] = job.Envelope{Task: job.SendOrderLink, ID: added[i], Payload: []byte(`{}`), CreatedAt: time.Now().UTC().Add(-time.Hour)}
		}
		if _, err := db.Orders().Tx.InTx(t.Context(), func(ctx context.Context, tx ports.OrderTx) error { return tx.Jobs.Add(ctx, jobs...) }); err != nil {
			t.Fatal(err)
		}
		return added
	}
	broker := &counter{answer: all}
	var mu sync.Mutex
	published, failed, oldest := 0, 0, time.Duration(0)
	r := NewRelay(db.Jobs(), broker)
	r.Log = slog.New(slog.DiscardHandler)
	r.Observe = func(p, f int, age time.Duration) {
		mu.Lock()
		defer mu.Unlock()
		published, failed, oldest = published+p, failed+f, max(oldest, age)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); r.Run(ctx) }()
	defer func() { stop(); <-ended }()

	waiting := add(250) // more than a batch
	eventually(t, "all are published", func() bool { taken, _ := broker.has(); return len(taken) >= len(waiting) })

	broker.answers(none)
	waiting = append(waiting, add(3)...)
	_, before := broker.has()
	eventually(t, "the broker is asked", func() bool { _, calls := broker.has(); return calls >= before+2 })
	if _, calls := broker.has(); calls > before+10 {
		t.Errorf("a broker that is away was asked %d times at once", calls-before)
	}

	broker.answers(func(jobs []job.Envelope) ([]bool, error) { // it takes one of each batch
		arrived := make([]bool, len(jobs))
		arrived[0] = true
		return arrived, nil
	})
	eventually(t, "all are published in the end", func() bool { taken, _ := broker.has(); return len(taken) >= len(waiting) })
	taken, _ := broker.has()
	order := func(a, b id.Job) int { return slices.Compare(a.UUID[:], b.UUID[:]) }
	slices.SortFunc(taken, order)
	slices.SortFunc(waiting, order)
	if !slices.Equal(taken, waiting) {
		t.Errorf("published %d, want each of %d once", len(taken), len(waiting))
	}
	stop()
	<-ended
	mu.Lock()
	defer mu.Unlock()
	if published != len(waiting) || failed < 3 || oldest < time.Hour {
		t.Errorf("observed %d published, %d failed, %v old", published, failed, oldest)
	}
}
