package rabbitmq

import (
	"context"
	"encoding/json"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/job"
	"github.com/bodega-commerce/bodega/ports"
	"github.com/bodega-commerce/bodega/testsuite/containers"
)

func TestSource_PutsOff(t *testing.T) {
	t.Parallel()
	c := open(t, containers.RabbitMQ(t), nil)
	e := made(job.VoidPayment)
	publish(t, c, e)
	attempt := 1
	// Below the first delay, at one, and of several.
	for _, after := range []time.Duration{0, 50 * time.Millisecond, 100 * time.Millisecond, 950 * time.Millisecond} {
		began := time.Now()
		if got := receive(t, c.Source(), e.Task, 1, job.Retry(after, "not <now>"))[0]; got.Attempt != attempt {
			t.Errorf("attempt %d, want %d", got.Attempt, attempt)
		}
		attempt++
		got := receive(t, c.Source(), e.Task, 1, job.Retry(0, "again"))[0]
		if took := time.Since(began); took < after {
			t.Errorf("came after %v, want %v", took, after)
		}
		if got.Attempt != attempt || got.ID != e.ID || string(got.Payload) != string(e.Payload) || !got.CreatedAt.Equal(e.CreatedAt) {
			t.Errorf("attempt %d, %+v, want %d of %+v", got.Attempt, got, attempt, e)
		}
		attempt++
	}
	if got := receive(t, c.Source(), e.Task, 1, job.Ack()); got[0].Attempt != attempt {
		t.Errorf("attempt %d, want %d", got[0].Attempt, attempt)
	}
}

func TestSource_TakesWhatOutsidersPublish(t *testing.T) {
	t.Parallel()
	url := containers.RabbitMQ(t)
	g := &grave{}
	c := open(t, url, func(o *Options) { o.Bury = g })
	ch := dial(t, url)
	e := made(job.AdjustInventory)
	whole, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	const least = `{"task_name":"inventory.adjust","job_id":"6f1c29de-2bd8-4c54-9d2c-6f1d1f6cf0d1","payload":{"sku":"A","delta":-1},"more":1}`
	for _, p := range []amqp.Publishing{
		{Body: whole},
		{Body: []byte(least)},
		{Body: []byte(strings.Replace(least, "6f1c29de", "6f1c29df", 1)), ContentType: "text/plain", Type: "something", MessageId: "42", Headers: amqp.Table{
			"x-attempt": "many", "x-wait": -5, "x-last-error": int32(1), "traceparent": true,
		}},
	} {
		if err := ch.PublishWithContext(t.Context(), "jobs", "inventory.adjust", true, false, p); err != nil {
			t.Fatal(err)
		}
	}
	for _, got := range receive(t, c.Source(), job.AdjustInventory, 3, job.Ack()) {
		if got.Task != job.AdjustInventory || got.ID.IsZero() || len(got.Payload) == 0 || got.CreatedAt.IsZero() || got.Attempt != 1 {
			t.Errorf("got %+v", got)
		}
	}
	if dead := g.all(); len(dead) > 0 {
		t.Errorf("dead are %+v", dead)
	}
}

func TestSource_BuriesWhatIsNoJob(t *testing.T) {
	t.Parallel()
	url := containers.RabbitMQ(t)
	g := &grave{}
	c := open(t, url, func(o *Options) { o.Bury = g })
	ch := dial(t, url)
	mail := made(job.SendOrderLink)
	other, err := json.Marshal(mail)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range []struct {
		key, id string
		body    string
	}{
		{"inventory.adjust", "", "not \x00 even \xff text"},
		{"inventory.adjust", "", `{"task_name":"inventory.adjust"}`},
		{"inventory.adjust", "6f1c29de-2bd8-4c54-9d2c-6f1d1f6cf0d1", `{"task_name":"inventory.adjust","job_id":"42","payload":{}}`},
		{"inventory.adjust", "", string(other)},
		{"inventory.ajust", "", `{"task_name":"inventory.ajust","job_id":"6f1c29de-2bd8-4c54-9d2c-6f1d1f6cf0d2","payload":{}}`},
		{"nothing at all", "", ""},
	} {
		if err := ch.PublishWithContext(t.Context(), "jobs", m.key, false, false, amqp.Publishing{Body: []byte(m.body), MessageId: m.id}); err != nil {
			t.Fatal(err)
		}
	}
	good := made(job.AdjustInventory)
	publish(t, c, good)
	if got := receive(t, c.Source(), job.AdjustInventory, 1, job.Ack()); got[0].ID != good.ID {
		t.Errorf("received %+v", got)
	}
	reasons := map[string]int{}
	for _, d := range g.wait(t, 6) {
		if d.ID.IsZero() || d.Task == "" || !json.Valid(d.Payload) || d.CreatedAt.IsZero() || d.DiedAt.IsZero() || d.Attempts < 1 {
			t.Errorf("dead is %+v", d)
		}
		for _, part := range []string{"not UTF-8", "job_id is not a UUID", "it came to the queue of inventory.adjust", "no queue for the routing key"} {
			if strings.Contains(d.Reason, part) {
				reasons[part]++
			}
		}
		if strings.Contains(d.Reason, "it came to") && (d.ID != mail.ID || d.Task != mail.Task) {
			t.Errorf("a job of another task became %+v", d)
		}
	}
	if reasons["not UTF-8"] != 1 || reasons["job_id is not a UUID"] != 2 || reasons["it came to the queue of inventory.adjust"] != 1 || reasons["no queue for the routing key"] != 2 {
		t.Errorf("reasons are %v", reasons)
	}
}

func TestSource_KnowsItsTasks(t *testing.T) {
	t.Parallel()
	c := open(t, containers.RabbitMQ(t), nil)
	_, err := c.Source().Receive(t.Context(), "no.task", ports.Batch{Max: 1}, nil)
	if !fault.Is(err, fault.Invalid) {
		t.Errorf("got %v, want Invalid", err)
	}
}

func TestSource_HandsOutAgain(t *testing.T) {
	t.Parallel()

	// lose calls handle with one job, and what happens in it decides.
	lose := func(t *testing.T, c *Client, task string, in func()) {
		t.Helper()
		var handled atomic.Bool
		eventually(t, "the job is handed out", func() bool {
			_, _ = c.Source().Receive(t.Context(), task, ports.Batch{Max: 1, Wait: time.Second}, func(_ context.Context, ds []job.Delivery) []job.Verdict {
				handled.Store(true)
				in()
				return []job.Verdict{job.Ack()}
			})
			return handled.Load()
		})
	}
	// cut ends a consumer as a crash does: nothing is answered.
	cut := func(c *Client, task string) func() {
		return func() {
			s := c.source
			s.mu.Lock()
			l := s.lanes[task]
			s.mu.Unlock()
			_ = l.ch.Close()
			<-l.ended
		}
	}

	t.Run("WhatAConsumerThatDiedHeld", func(t *testing.T) {
		t.Parallel()
		c := open(t, containers.RabbitMQ(t), nil)
		e := made(job.AdjustInventory)
		publish(t, c, e)
		lose(t, c, e.Task, cut(c, e.Task))
		if got := receive(t, c.Source(), e.Task, 1, job.Ack())[0]; got.ID != e.ID || got.Attempt != 2 {
			t.Errorf("got %+v", got)
		}
	})

	t.Run("WhatIsHeldTooLong", func(t *testing.T) {
		t.Parallel()
		c := open(t, containers.RabbitMQ(t), func(o *Options) { o.Lease = 200 * time.Millisecond })
		e := made(job.AdjustInventory)
		publish(t, c, e)
		lose(t, c, e.Task, func() {
			// This handler hangs; its verdict comes too late to count.
			if got := receive(t, c.Source(), e.Task, 1, job.Retry(0, "later"))[0]; got.ID != e.ID || got.Attempt != 2 {
				t.Errorf("another got %+v", got)
			}
		})
		if got := receive(t, c.Source(), e.Task, 1, job.Ack())[0]; got.ID != e.ID || got.Attempt != 3 {
			t.Errorf("got %+v", got)
		}
	})

	t.Run("ButNotForEver", func(t *testing.T) {
		t.Parallel()
		g := &grave{}
		c := open(t, containers.RabbitMQ(t), func(o *Options) { o.Bury = g })
		e, next := made(job.AdjustInventory), made(job.AdjustInventory)
		publish(t, c, e)
		handed := 0
		for len(g.all()) == 0 {
			var got []job.Delivery
			consumer := make(chan struct{})
			go func() {
				defer close(consumer)
				_, _ = c.Source().Receive(t.Context(), e.Task, ports.Batch{Max: 1, Wait: time.Second}, func(_ context.Context, ds []job.Delivery) []job.Verdict {
					got = ds
					cut(c, e.Task)()
					runtime.Goexit()
					return nil
				})
			}()
			<-consumer
			if handed += len(got); handed > deliveryLimit+1 {
				t.Fatalf("handed out %d times", handed)
			}
			if t.Context().Err() != nil {
				t.Fatal("it never died")
			}
		}
		dead := g.wait(t, 1)[0]
		if dead.ID != e.ID || !strings.Contains(dead.Reason, "never answered") || dead.Attempts < deliveryLimit {
			t.Errorf("after %d times dead is %+v", handed, dead)
		}
		publish(t, c, next)
		if got := receive(t, c.Source(), e.Task, 1, job.Ack())[0]; got.ID != next.ID {
			t.Errorf("got %+v", got)
		}
	})
}

func TestSource_KeepsDeadLettersUntilTheStoreTakesThem(t *testing.T) {
	t.Parallel()
	g := &grave{}
	g.shutWith(fault.New(fault.Unavailable, "", "the store is away"))
	c := open(t, containers.RabbitMQ(t), func(o *Options) { o.Bury = g })
	e := made(job.SendOrderLink)
	publish(t, c, e)
	receive(t, c.Source(), e.Task, 1, job.Dead("no such order"))
	g.shutWith(nil)
	if dead := g.wait(t, 1)[0]; dead.ID != e.ID || dead.Reason != "no such order" || dead.Attempts != 1 || string(dead.Payload) != string(e.Payload) {
		t.Errorf("dead is %+v", dead)
	}
}

func TestSource_LeavesDeadLettersOnTheBrokerWithoutAGraveyard(t *testing.T) {
	t.Parallel()
	url := containers.RabbitMQ(t)
	c := open(t, url, nil)
	e := made(job.SendOrderLink)
	publish(t, c, e)
	receive(t, c.Source(), e.Task, 1, job.Dead("no such order"))
	ch := dial(t, url)
	eventually(t, "the dead letter is there", func() bool {
		d, ok, err := ch.Get("email.send_order_link.dlq", true)
		return err == nil && ok && d.MessageId == e.ID.String() && d.Headers["x-last-error"] == "no such order"
	})
}

func TestSource_OutlivesHandlersThatPanic(t *testing.T) {
	t.Parallel()
	c := open(t, containers.RabbitMQ(t), func(o *Options) { o.Delays = []time.Duration{2 * time.Second, 5 * time.Second} })
	e := made(job.SendOrderLink)
	publish(t, c, e)
	began := time.Now()
	eventually(t, "it panics", func() bool {
		_, err := c.Source().Receive(t.Context(), e.Task, ports.Batch{Max: 1, Wait: time.Second}, func(context.Context, []job.Delivery) []job.Verdict { panic("a bug") })
		return fault.Is(err, fault.Internal)
	})
	if got := receive(t, c.Source(), e.Task, 1, job.Ack())[0]; got.ID != e.ID || got.Attempt != 2 || time.Since(began) < job.Patience[0] {
		t.Errorf("after %v: %+v", time.Since(began), got)
	}
}

func TestSource_MendsItsTopology(t *testing.T) {
	t.Parallel()
	url := containers.RabbitMQ(t)
	c := open(t, url, nil)
	first, second := made(job.SendOrderLink), made(job.SendOrderLink)
	publish(t, c, first)
	receive(t, c.Source(), first.Task, 1, job.Ack())
	ch := dial(t, url)
	if _, err := ch.QueueDelete(first.Task, false, false, false); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the queue is made again", func() bool {
		_, _ = c.Source().Receive(t.Context(), first.Task, ports.Batch{Max: 1, Wait: 10 * time.Millisecond}, nil)
		again, err := ch.QueueDeclarePassive(first.Task, true, false, false, false, nil)
		if err != nil {
			ch = dial(t, url)
		}
		return err == nil && again.Consumers > 0
	})
	publish(t, c, second)
	if got := receive(t, c.Source(), first.Task, 1, job.Ack()); got[0].ID != second.ID {
		t.Errorf("got %+v", got)
	}
}
