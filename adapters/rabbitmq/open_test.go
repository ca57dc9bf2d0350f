package rabbitmq

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/job"
	"github.com/bodega-commerce/bodega/testsuite/containers"
)

func TestOpen_RefusesWhatAPersonHasToMend(t *testing.T) {
	t.Parallel()
	url := containers.RabbitMQ(t)
	taken := containers.RabbitMQ(t)
	ch := dial(t, taken)
	if _, err := ch.QueueDeclare(job.IndexProduct, true, false, false, false, nil); err != nil {
		t.Fatal(err)
	}
	scheme, rest, _ := strings.Cut(url, "://")
	_, where, _ := strings.Cut(rest, "@")
	_, vhost, _ := strings.Cut(where, "/")
	for name, c := range map[string]struct{ url, want string }{
		"Nothing":             {"", "must begin with amqp://"},
		"AnotherScheme":       {"http://bodega:s3cret@" + where, "must begin with amqp://"},
		"NoScheme":            {"bodega:s3cret@" + where, "must begin with amqp://"},
		"NoHost":              {"amqp://bodega:s3cret@/x", "names no host"},
		"OneHostOfTwo":        {"amqp://bodega:s3cret@a:5672,/x", "names no host"},
		"APortThatIsNone":     {"amqp://bodega:s3cret@a:port/x", "cannot be read"},
		"AnUnescapedPassword": {"amqp://bodega:s3%cret@a/x", "cannot be read"},
		"AWrongPassword":      {scheme + "://bodega:s3cret@" + where, `refuses the user "bodega"`},
		"AVhostThatIsMissing": {strings.TrimSuffix(url, vhost) + "nowhere", "refuses the vhost"},
		"QueuesOfAnother":     {taken, "other arguments"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			opened, err := Open(t.Context(), c.url, Options{Log: slog.New(slog.DiscardHandler)})
			if err == nil {
				opened.Close()
				t.Fatal("it opened")
			}
			if text := err.Error(); !fault.Is(err, fault.Invalid) || !strings.Contains(text, c.want) || strings.Contains(text, "\n") || strings.Contains(text, "s3cret") {
				t.Errorf("got %v %q", fault.KindOf(err), text)
			}
		})
	}
}

func TestOpen_IsNotFatalWithoutABroker(t *testing.T) {
	t.Parallel()
	url := containers.RabbitMQ(t)
	p := containers.Proxy(t, url)
	p.Down(t)
	c := open(t, p.URL, nil)
	if _, err := c.Publisher().Publish(t.Context(), []job.Envelope{made(job.IndexProduct)}); !fault.Is(err, fault.Unavailable) {
		t.Errorf("published: %v, want Unavailable", err)
	}
	if err := c.Ping(t.Context()); !fault.Is(err, fault.Unavailable) {
		t.Errorf("ping: %v, want Unavailable", err)
	}
	p.Heal(t)
	eventually(t, "the broker is found", func() bool { return c.Ping(t.Context()) == nil })
	e := made(job.AdjustInventory)
	publish(t, c, e)
	if got := receive(t, c.Source(), e.Task, 1, job.Ack()); got[0].ID != e.ID {
		t.Errorf("got %+v", got)
	}
}

func TestOpen_TakesAnotherHostOfTheCluster(t *testing.T) {
	t.Parallel()
	url := containers.RabbitMQ(t)
	credentials, where, _ := strings.Cut(url, "@")
	c := open(t, credentials+"@127.0.0.1:1,"+where, nil)
	if err := c.Ping(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestClose_IsBoundedWhenTheBrokerIsSilent(t *testing.T) {
	t.Parallel()
	p := containers.Proxy(t, containers.RabbitMQ(t))
	c := open(t, p.URL, nil)
	receive(t, c.Source(), job.IndexProduct, 0, job.Ack())
	p.Hang(t)
	began := time.Now()
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > 15*time.Second {
		t.Errorf("closed after %v", took)
	}
}

func TestTopology_HasTheArgumentsItPromises(t *testing.T) {
	t.Parallel()
	url := containers.RabbitMQ(t)
	open(t, url, nil)
	ch := dial(t, url)
	// Declaring again with other arguments is refused, with the same it is not.
	for name, args := range map[string]amqp.Table{
		"inventory.adjust": {
			"x-queue-type": "quorum", "x-delivery-limit": 10, "x-dead-letter-exchange": "dlx",
			"x-dead-letter-strategy": "at-least-once", "x-overflow": "reject-publish", "x-max-length": 1_000_000,
		},
		"inventory.adjust.dlq": {"x-queue-type": "quorum", "x-delivery-limit": 1_000_000, "x-overflow": "reject-publish", "x-max-length": 100_000},
		"retry.400ms": {
			"x-queue-type": "quorum", "x-message-ttl": 400, "x-dead-letter-exchange": "",
			"x-dead-letter-strategy": "at-least-once", "x-overflow": "reject-publish", "x-max-length": 1_000_000,
		},
		"unroutable": {"x-queue-type": "quorum", "x-overflow": "reject-publish", "x-max-length": 100_000},
	} {
		if _, err := ch.QueueDeclare(name, true, false, false, false, args); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
}

func TestDelays(t *testing.T) {
	t.Parallel()
	l := defaultDelays()
	for wait, want := range map[time.Duration]time.Duration{
		0: 0, 9 * time.Second: 0, 10 * time.Second: 10 * time.Second, 11 * time.Second: 10 * time.Second,
		time.Minute: time.Minute, 299 * time.Second: time.Minute, 36 * time.Minute: 30 * time.Minute, time.Hour: 30 * time.Minute,
	} {
		if got := l.step(wait); got != want {
			t.Errorf("of %v: %v, want %v", wait, got, want)
		}
	}
	for d, want := range map[time.Duration]string{
		10 * time.Second: "retry.10s", time.Minute: "retry.1m", 30 * time.Minute: "retry.30m",
		time.Hour: "retry.1h", 90 * time.Second: "retry.1m30s", 100 * time.Millisecond: "retry.100ms", 10 * time.Minute: "retry.10m",
	} {
		if got := delayed(d); got != want {
			t.Errorf("%v: %s, want %s", d, got, want)
		}
	}
}
