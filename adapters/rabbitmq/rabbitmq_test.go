package rabbitmq

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"go.uber.org/goleak"

	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/job"
	"github.com/bodega-commerce/bodega/ports"
	"github.com/bodega-commerce/bodega/testsuite/containers"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, containers.Torn()) }

// quick are delays that a test can wait for.
var quick = []time.Duration{100 * time.Millisecond, 400 * time.Millisecond}

// open returns a client with short delays on a vhost.
func open(t *testing.T, url string, set func(*Options)) *Client {
	t.Helper()
	o := Options{Delays: quick, Log: slog.New(slog.DiscardHandler)}
	if set != nil {
		set(&o)
	}
	c, err := Open(t.Context(), url, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// dial returns a channel of a program that is not ours.
func dial(t *testing.T, url string) *amqp.Channel {
	t.Helper()
	conn, err := amqp.Dial(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	ch, err := conn.Channel()
	if err != nil {
		t.Fatal(err)
	}
	return ch
}

var ids = id.NewSource(time.Now, rand.Reader)

func made(task string) job.Envelope {
	return job.Envelope{
		Task: task, ID: id.Job{UUID: ids.New()}, Payload: json.RawMessage(`{"sku":"A<B","delta":1}`),
		CreatedAt: time.Now().UTC().Truncate(time.Microsecond), TraceID: "4bf92f3577b34da6a3ce929d0e0e4736",
	}
}

func publish(t *testing.T, c *Client, jobs ...job.Envelope) {
	t.Helper()
	arrived, err := c.Publisher().Publish(t.Context(), jobs)
	if err != nil || slices.Contains(arrived, false) {
		t.Fatalf("arrived %v, %v", arrived, err)
	}
}

// receive takes n jobs and answers each with verdict.
func receive(t *testing.T, s ports.JobSource, task string, n int, verdict job.Verdict) []job.Delivery {
	t.Helper()
	var all []job.Delivery
	deadline := time.Now().Add(30 * time.Second)
	for len(all) < n {
		_, err := s.Receive(t.Context(), task, ports.Batch{Max: n - len(all), Wait: time.Second}, func(_ context.Context, ds []job.Delivery) []job.Verdict {
			all = append(all, ds...)
			return slices.Repeat([]job.Verdict{verdict}, len(ds))
		})
		if time.Now().After(deadline) {
			t.Fatalf("received %d of %d: %+v, %v", len(all), n, all, err)
		}
	}
	return all
}

// eventually polls until a thing holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !holds(); {
		if time.Now().After(deadline) {
			t.Fatalf("not within 30 s: %s", what)
		}
		pause(t.Context(), 20*time.Millisecond)
	}
}

// grave remembers what was buried.
type grave struct {
	mu   sync.Mutex
	dead map[id.Job]job.DeadJob
	shut error // instead
}

func (g *grave) Bury(_ context.Context, dead ...job.DeadJob) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.shut != nil {
		return g.shut
	}
	if g.dead == nil {
		g.dead = map[id.Job]job.DeadJob{}
	}
	for _, d := range dead {
		g.dead[d.ID] = d
	}
	return nil
}

func (g *grave) shutWith(err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut = err
}

func (g *grave) all() []job.DeadJob {
	g.mu.Lock()
	defer g.mu.Unlock()
	var all []job.DeadJob
	for _, d := range g.dead {
		all = append(all, d)
	}
	return all
}

// wait returns the n dead jobs once there are.
func (g *grave) wait(t *testing.T, n int) []job.DeadJob {
	t.Helper()
	eventually(t, fmt.Sprintf("%d are dead", n), func() bool { return len(g.all()) >= n })
	all := g.all()
	if len(all) != n {
		t.Fatalf("dead are %+v, want %d", all, n)
	}
	return all
}

// limit lets an operator set how many messages a queue takes.
func limit(t *testing.T, broker, queue string, most int) {
	t.Helper()
	u, err := url.Parse(broker)
	if err != nil {
		t.Fatal(err)
	}
	body := fmt.Sprintf(`{"pattern": "^%s$", "apply-to": "queues", "definition": {"max-length": %d}}`, regexp.QuoteMeta(queue), most)
	body = strings.ReplaceAll(body, `\`, `\\`)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, containers.RabbitMQManagement(t)+"/api/operator-policies"+u.Path+"/limit", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode >= 300 {
		t.Fatalf("policy: %s", res.Status)
	}
}
