package rabbitmq

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/job"
	"github.com/bodega-commerce/bodega/ports"
)

// Options are what a client can be told. The zero value is that of a shop.
type Options struct {
	// Tasks have a queue each. Default: job.Tasks.
	Tasks []string
	// Delays are how long the broker can make a job wait. Programs on one vhost
	// should agree on them; each delay is a queue that stays. Default: the waits
	// of job.Patience.
	Delays []time.Duration
	// Lease is how long a handler may hold what it was handed. Default: a minute.
	Lease time.Duration
	// Bury takes what a source gives up on, and what the broker has given up on.
	// Default: both stay in the queues of dead letters.
	Bury ports.Graveyard
	// Log is told of connections lost and made. Default: slog.Default.
	Log *slog.Logger
}

// Client is a program's way to its broker. It is safe for concurrent use.
type Client struct {
	address  address
	topology topology
	lease    time.Duration
	bury     ports.Graveyard
	log      *slog.Logger

	publishing, consuming *link
	source                *Source
	receiving             atomic.Bool // the source was asked for jobs

	ctx    context.Context // ends with Close
	cancel context.CancelFunc

	mu      sync.Mutex
	closed  bool
	running sync.WaitGroup
}

// Open returns a client of the broker at amqp://user:password@host:port/vhost;
// several hosts of one cluster are separated by commas. A broker that cannot be
// reached is no error: the client goes on trying. What a person has to mend is,
// as Invalid: a URL that is none, refused credentials, a missing vhost, queues
// of our name that are not ours.
func Open(ctx context.Context, url string, o Options) (*Client, error) {
	a, err := parse(url)
	if err != nil {
		return nil, err
	}
	steps := defaultDelays()
	if len(o.Delays) > 0 {
		steps = slices.Sorted(slices.Values(o.Delays))
	}
	if steps[0] < time.Millisecond {
		return nil, fault.New(fault.Invalid, "", "a delay of the queue is shorter than a millisecond")
	}
	if len(o.Tasks) == 0 {
		o.Tasks = job.Tasks()
	}
	c := &Client{
		address: a, topology: topology{tasks: slices.Clone(o.Tasks), delays: slices.Compact(steps)},
		lease: cmp.Or(o.Lease, time.Minute), bury: o.Bury, log: cmp.Or(o.Log, slog.Default()),
	}
	c.ctx, c.cancel = context.WithCancel(context.WithoutCancel(ctx))
	c.publishing, c.consuming = newLink("publishing", c), newLink("consuming", c)
	c.source = newSource(c)

	first, err := c.publishing.connect(ctx)
	if err != nil {
		if refused := refusal(a, err); refused != nil {
			c.cancel()
			return nil, refused
		}
		if ctx.Err() != nil {
			c.cancel()
			return nil, canceled(ctx, "Open")
		}
		c.log.WarnContext(ctx, "RabbitMQ cannot be reached; jobs wait in the store", "nodes", a.nodes, "error", err)
	}
	if first != nil {
		c.publishing.set(first) // so that what follows at once finds it
	}
	c.begin(func() { c.publishing.keep(c.ctx, first) })
	return c, nil
}

// Publisher returns the broker as what takes jobs.
func (c *Client) Publisher() ports.Publisher { return Publisher{c} }

// Source returns the broker as what hands out jobs; there is one. With the first
// Receive it begins to consume, dead letters too if Options.Bury takes them.
func (c *Client) Source() ports.JobSource { return c.source }

// Ping answers Unavailable while the broker does not take jobs, or hand them out
// to a client that has asked for some.
func (c *Client) Ping(context.Context) error {
	if _, err := c.publisher(); err != nil {
		return err
	}
	if s, _ := c.consuming.current(); s == nil && c.receiving.Load() {
		return unavailable("Ping", "there is no connection to RabbitMQ to receive by", nil)
	}
	return nil
}

// Close ends the connections, in a few seconds even if the broker does not
// answer. What was handed out and has no verdict is handed out again, by another
// client. It can be called again.
func (c *Client) Close() error {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.cancel()
	c.running.Wait()
	return nil
}

// begin runs what Close waits for; false: it is too late for that.
func (c *Client) begin(work func()) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closed {
		c.running.Go(work)
	}
	return !c.closed
}
