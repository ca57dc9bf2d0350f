package rabbitmq

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/adapters/files"
	"github.com/bodega-commerce/bodega/adapters/jobs"
	"github.com/bodega-commerce/bodega/adapters/memsearch"
	"github.com/bodega-commerce/bodega/adapters/sandbox"
	"github.com/bodega-commerce/bodega/adapters/sqlite"
	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/job"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/ports"
	"github.com/bodega-commerce/bodega/testsuite/containers"
)

// TestClient_SurvivesItsBroker takes one broker of its own through what happens
// to brokers.
func TestClient_SurvivesItsBroker(t *testing.T) {
	t.Parallel()
	broker := containers.RabbitMQServer(t)
	c := open(t, broker.URL, nil)
	mustWork := func(after string) {
		t.Helper()
		e := made(job.AdjustInventory)
		eventually(t, "a job arrives after "+after, func() bool {
			arrived, err := c.Publisher().Publish(t.Context(), []job.Envelope{e})
			return err == nil && arrived[0]
		})
		// What was not confirmed may have arrived too: others of its kind come along.
		eventually(t, "it is handed out after "+after, func() bool {
			found := false
			_, _ = c.Source().Receive(t.Context(), e.Task, ports.Batch{Max: 100, Wait: time.Second}, func(_ context.Context, ds []job.Delivery) []job.Verdict {
				for _, d := range ds {
					found = found || d.ID == e.ID
				}
				return make([]job.Verdict, len(ds))
			})
			return found
		})
	}
	// The broker's home holds the secret that its programs know each other by.
	watermark := func(share string) {
		t.Helper()
		broker.Exec(t, "env", "HOME=/var/lib/rabbitmq", "rabbitmqctl", "set_vm_memory_high_watermark", share)
	}
	mustWork("the start")

	t.Run("UnderAlarm", func(t *testing.T) {
		held := made(job.SendOrderLink)
		publish(t, c, held)
		watermark("0.0001")
		eventually(t, "publishing pauses", func() bool {
			began := time.Now()
			_, err := c.Publisher().Publish(t.Context(), []job.Envelope{made(job.AdjustInventory)})
			return fault.Is(err, fault.Unavailable) && time.Since(began) < time.Second && c.Ping(t.Context()) != nil
		})
		// Verdicts get through all the same.
		if got := receive(t, c.Source(), held.Task, 1, job.Ack()); got[0].ID != held.ID {
			t.Errorf("got %+v", got)
		}
		watermark("0.4")
		eventually(t, "publishing goes on", func() bool { return c.Ping(t.Context()) == nil })
		mustWork("the alarm")
	})

	t.Run("Restarted", func(t *testing.T) {
		kept := made(job.SendOrderLink)
		publish(t, c, kept)
		broker.Stop(t)
		if _, err := c.Publisher().Publish(t.Context(), []job.Envelope{made(job.AdjustInventory)}); !fault.Is(err, fault.Unavailable) {
			t.Errorf("without a broker: %v, want Unavailable", err)
		}
		broker.Start(t)
		if got := receive(t, c.Source(), kept.Task, 1, job.Ack()); got[0].ID != kept.ID {
			t.Errorf("got %+v", got)
		}
		mustWork("a restart")
	})

	t.Run("Frozen", func(t *testing.T) {
		broker.Pause(t)
		eventually(t, "publishing fails", func() bool {
			began := time.Now()
			_, err := c.Publisher().Publish(t.Context(), []job.Envelope{made(job.AdjustInventory)})
			if took := time.Since(began); took > confirmTime+writeTime+5*time.Second {
				t.Errorf("publishing took %v", took)
			}
			return fault.Is(err, fault.Unavailable)
		})
		broker.Resume(t)
		mustWork("a freeze")
	})
}

// TestRunner_AdjustsOnce has a shop do the jobs of others, most of them sent
// twice, over a network that is cut between effect and answer.
func TestRunner_AdjustsOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db, err := sqlite.Open(t.Context(), filepath.Join(dir, "shop.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	shop, err := core.New(core.Deps{
		Catalog: db.Catalog(), Orders: db.Orders(), Identity: db.Identity(), Search: memsearch.New(),
		Files: files.Dir(filepath.Join(dir, "media")), Mail: files.Mail(filepath.Join(dir, "mail")),
		Payments: core.Providers{"sandbox": sandbox.New(filepath.Join(dir, "sandbox.log"))},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	by := account.System("test")
	if _, err := shop.Catalog.Create(t.Context(), core.CreateProduct{
		By: by, Name: "Tray", Variants: []core.NewVariant{{SKU: "TRAY", Price: money.New(900, "EUR")}},
	}); err != nil {
		t.Fatal(err)
	}

	url := containers.RabbitMQ(t)
	link, g := containers.Proxy(t, url), &grave{}
	outsider, consumer := open(t, url, nil), open(t, link.URL, func(o *Options) { o.Bury = g })
	runner := jobs.New(shop, consumer.Source())
	runner.Log, runner.Loops, runner.BuildIndex = slog.New(slog.DiscardHandler), nil, nil
	var handled atomic.Int32
	runner.Observe = func(string, string, time.Duration) {
		if handled.Add(1)%100 == 0 {
			link.Cut(t) // what is done and not answered is handed out again
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- runner.Run(ctx) }()
	defer func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()

	const n = 300
	for range n / 10 {
		var batch []job.Envelope
		for range 10 {
			e := made(job.AdjustInventory)
			e.Payload = []byte(`{"sku":"TRAY","delta":1,"reason":"received"}`)
			batch = append(batch, e, e)
		}
		publish(t, outsider, batch...)
	}
	onHand := func() int {
		levels, err := shop.Inventory.Levels(t.Context(), core.ShowLevels{By: by, SKUs: []id.SKU{"TRAY"}})
		if err != nil {
			t.Fatal(err)
		}
		sum := 0
		for _, l := range levels {
			sum += l.OnHand
		}
		return sum
	}
	defer func() { t.Logf("%d on hand after %d attempts", onHand(), handled.Load()) }()
	eventually(t, "all is adjusted, and more often than once", func() bool { return onHand() >= n && int(handled.Load()) >= 2*n })
	if got := onHand(); got != n {
		t.Errorf("%d on hand after %d attempts, want %d", got, handled.Load(), n)
	}
	if dead := g.all(); len(dead) > 0 {
		t.Errorf("dead are %+v", dead)
	}
}

// TestRelay_LosesNothing carries a thousand jobs over a network that fails, to
// a consumer that loses its connection between effect and answer.
func TestRelay_LosesNothing(t *testing.T) {
	t.Parallel()
	const n = 1000
	db := store(t)
	url := containers.RabbitMQ(t)
	out, in := containers.Proxy(t, url), containers.Proxy(t, url)
	g := &grave{}
	server, consumer := open(t, out.URL, nil), open(t, in.URL, func(o *Options) { o.Bury = g })

	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	defer running.Wait()
	defer stop()

	relay := jobs.NewRelay(db.Jobs(), server.Publisher())
	relay.Log = slog.New(slog.DiscardHandler)
	running.Go(func() { relay.Run(ctx) })

	var mu sync.Mutex
	seen := map[id.Job]int{} // how often each was handed out
	for range 2 {
		running.Go(func() {
			for ctx.Err() == nil {
				_, err := consumer.Source().Receive(ctx, job.AdjustInventory, ports.Batch{Max: 20, Wait: time.Second}, func(_ context.Context, ds []job.Delivery) []job.Verdict {
					mu.Lock()
					defer mu.Unlock()
					verdicts := make([]job.Verdict, len(ds))
					for i, d := range ds {
						if seen[d.ID]++; rand.N(20) == 0 {
							verdicts[i] = job.Retry(time.Duration(rand.N(300))*time.Millisecond, "not now")
						}
					}
					return verdicts
				})
				if err != nil {
					pause(ctx, 50*time.Millisecond)
				}
			}
		})
	}
	running.Go(func() {
		for ctx.Err() == nil {
			link := []*containers.Link{out, in}[rand.N(2)]
			switch rand.N(3) {
			case 0:
				link.Cut(t) //nolint:contextcheck // it lasts as long as the test
			case 1:
				link.LoseAnswers(t)
			case 2:
				link.Down(t)
			}
			pause(ctx, rand.N(500*time.Millisecond))
			if ctx.Err() == nil {
				link.Heal(t) //nolint:contextcheck // likewise
			}
			pause(ctx, rand.N(3*time.Second))
		}
	})

	all := map[id.Job]bool{}
	for range n / 10 {
		batch := make([]job.Envelope, 10)
		for i := range batch {
			batch[i] = made(job.AdjustInventory)
			all[batch[i].ID] = true
		}
		if _, err := db.Orders().Tx.InTx(t.Context(), func(ctx context.Context, tx ports.OrderTx) error { return tx.Jobs.Add(ctx, batch...) }); err != nil {
			t.Fatal(err)
		}
		pause(ctx, rand.N(100*time.Millisecond))
	}
	eventually(t, "every job has been handed out, or is dead", func() bool {
		mu.Lock()
		defer mu.Unlock()
		have := len(seen)
		for _, d := range g.all() {
			if seen[d.ID] == 0 {
				have++
			}
		}
		return have >= n
	})
	eventually(t, "the outbox is empty", func() bool {
		backlogs, err := db.Jobs().Backlogs(t.Context())
		left := 0
		for _, b := range backlogs {
			left += b.Ready + b.Held
		}
		return err == nil && left == 0
	})
	mu.Lock()
	defer mu.Unlock()
	again, most := 0, 0
	for j, times := range seen {
		if !all[j] {
			t.Errorf("%v came from nowhere", j)
		}
		again += times - 1
		most = max(most, times)
	}
	t.Logf("%d of %d were handed out again, one %d times; %d are dead", again, n, most, len(g.all()))
	if most > 100 {
		t.Errorf("a job was handed out %d times", most)
	}
}
